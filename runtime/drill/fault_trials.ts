/**
 * Lets the disk of a job fail, spoils what it has saved, and starts it twice: the end is the same, or
 * the refusal is clear.
 *
 * @module
 */
import { join } from "@std/path";
import { formatRef, isSameRef } from "../../storage/mod.ts";
import type { DrillPlan } from "./drill.ts";
import { NotResumableError } from "./errors.ts";
import { type FaultKind, FAULTS } from "./faulty_file_system.ts";
import { checkSame, type Reference } from "./judge.ts";
import type { ProcessGround, ProcessLife } from "./process_ground.ts";

/** What came of one fault. */
export interface FaultOutcome {
  /** The fault, in words. */
  readonly fault: string;
  /** What the job did about it, in words. */
  readonly outcome: string;
}

/** The operations that fail, counted from 1: each in a trial of its own, as far as the job gets. */
const FAILING = [1, 4, 16, 64] as const;
/** The reads of a resume that fail once: of lists, records, manifests and packs, as far as there are so many. */
const FAILING_READS = [1, 4, 8, 12, 16, 24, 32, 48] as const;
const READ_FAULTS = ["failed read", "too many open files"] as const;
/** How often a disk is full that is so for a while: each time, a save is tried again after a wait, or left out. */
const PASSING_TIMES = 2;
/** How newest checkpoints are spoilt. */
const SPOILS = ["truncated", "with one bit flipped"] as const;
/** Errors of the language, which say nothing of what to do. */
const UNCLEAR = new Set([
  ...["Error", "TypeError", "RangeError", "ReferenceError", "DrillError", "HungProcessError"],
]);

/**
 * Tries all faults, each on a place of its own.
 *
 * @throws {NotResumableError} Where a run ends otherwise than the first, or with an error that does not
 * say what went wrong.
 */
export async function tryFaults(
  plan: DrillPlan,
  reference: Reference,
  make: () => ProcessGround,
  onOutcome: (outcome: FaultOutcome) => void,
): Promise<number> {
  const trials = new FaultTrials(plan, reference, make);
  let count = 0;
  const tell = (fault: string, outcome: string): void => {
    count++;
    onOutcome({ fault, outcome });
  };
  for (const kind of Object.keys(FAULTS) as FaultKind[]) {
    for (const nth of FAILING) {
      const outcome = await trials.failing(kind, nth);
      if (outcome === undefined) break;
      tell(`${kind}, from operation ${nth} on`, outcome);
    }
  }
  const { onSaveError = "fail" } = plan.program.plan;
  if (onSaveError !== "fail") {
    for (const nth of FAILING) {
      const outcome = await trials.passing(nth);
      if (outcome === undefined) break;
      const what = `full disk, from operation ${nth} on, which is so ${PASSING_TIMES} times`;
      tell(`${what}, under onSaveError: "${onSaveError}"`, outcome);
    }
  }
  for (const kind of READ_FAULTS) {
    for (const nth of FAILING_READS) {
      const outcome = await trials.resumed(kind, nth);
      if (outcome === undefined) break;
      tell(`${kind} once, at operation ${nth} of a resume`, outcome);
    }
  }
  for (const spoil of SPOILS) {
    for (const what of ["manifest", "pack"] as const) {
      const outcome = await trials.spoilt(spoil, what);
      if (outcome !== undefined) tell(`newest ${what} ${spoil}`, outcome);
    }
  }
  tell("a second runner", await trials.twice(false));
  tell("a second runner that takes over", await trials.twice(true));
  return count;
}

class FaultTrials {
  constructor(
    readonly plan: DrillPlan,
    readonly reference: Reference,
    readonly make: () => ProcessGround,
  ) {}

  /** Runs the job on a failing disk, then on a good one; nothing where the fault never came. */
  async failing(kind: FaultKind, nth: number): Promise<string | undefined> {
    await using ground = this.make();
    const life = await ground.live({ isFirst: true, fault: { kind, nth } });
    if (!life.hasFault) return undefined;
    return await this.#goOn(ground, life, `on a ${kind}`);
  }

  /** Runs the job on a disk that is full for a while, under its own plan; nothing where it never was. */
  async passing(nth: number): Promise<string | undefined> {
    await using ground = this.make();
    const fault = { kind: "full disk", nth, times: PASSING_TIMES } as const;
    const life = await ground.live({ isFirst: true, fault, ownSaveError: true });
    if (!life.hasFault) return undefined;
    return await this.#goOn(ground, life, "on a disk that is full for a while");
  }

  /**
   * Kills the job late, and resumes it on a disk that fails once, then on a good one: what cannot be read now
   * is no damage, and nothing to go back behind. Nothing where the fault never came.
   */
  async resumed(kind: (typeof READ_FAULTS)[number], nth: number): Promise<string | undefined> {
    await using ground = this.make();
    await ground.live({ isFirst: true, dieAt: this.#late });
    const newest = (await (await ground.open()).history()).line.at(-1);
    if (newest === undefined) return undefined;
    const life = await ground.live({ isFirst: false, fault: { kind, nth, times: 1 } });
    if (!life.hasFault) return undefined;
    const how = `resumed on a disk with a ${kind}`;
    const { sides } = await (await ground.open()).history();
    if (sides.some(({ refs }) => refs.some((ref) => isSameRef(ref, newest)))) {
      throw new NotResumableError(
        `The job, ${how}, has gone back behind ${
          formatRef(newest)
        }, which is good: a read that fails is no damage`,
      );
    }
    return await this.#goOn(ground, life, how);
  }

  get #late(): number {
    return Math.max(1, Math.floor(this.reference.life.steps * 0.8));
  }

  /** Kills the job late, spoils the newest file of a kind, and goes on; nothing where there is none. */
  async spoilt(
    how: (typeof SPOILS)[number],
    what: "manifest" | "pack",
  ): Promise<string | undefined> {
    await using ground = this.make();
    await ground.live({ isFirst: true, dieAt: this.#late });
    const path = newestFile(join(ground.root, what === "manifest" ? "epochs" : "packs"));
    if (path === undefined) return undefined;
    spoilFile(path, how);
    const life = await ground.live({ isFirst: false });
    if (life.failure === undefined) {
      return await this.#same(ground, life, `its newest ${what} ${how}`);
    }
    return refusal(life.failure, `its newest ${what} ${how}`);
  }

  /** Starts the job a second time while it runs; it may take the job over. */
  async twice(takeOver: boolean): Promise<string> {
    await using ground = this.make();
    const waitAt = Math.max(1, Math.floor(this.reference.life.steps / 2));
    const first = ground.start({ isFirst: true, waitAt });
    await first.waits;
    let second: ProcessLife;
    try {
      second = await ground.live({ isFirst: false, takeOver });
    } finally {
      first.go();
      await first.ended.catch(() => {}); // it must not go on in a folder that is removed
    }
    const life = await first.ended;
    const how = takeOver ? "taken over by a second runner" : "started twice";
    if (second.failure !== undefined) {
      const said = refusal(second.failure, how);
      if (life.failure !== undefined) throw unclear(life.failure, how);
      return `the second: ${said}; the first: ${await this.#same(ground, life, how)}`;
    }
    const end = await this.#same(ground, second, how);
    const said = life.failure === undefined ? "nothing" : refusal(life.failure, how);
    return `the second: ${end}; the first: ${said}`;
  }

  /** Goes on after a failure, on a good disk. */
  async #goOn(ground: ProcessGround, life: ProcessLife, how: string): Promise<string> {
    if (life.failure === undefined) return await this.#same(ground, life, how);
    const said = refusal(life.failure, how);
    const hasSaved = (await (await ground.open()).history()).line.length > 0;
    const next = await ground.live({ isFirst: !hasSaved });
    if (next.failure !== undefined) throw unclear(next.failure, `${how}, and then on a good one`);
    return `${said}; then ${await this.#same(ground, next, how)}`;
  }

  async #same(ground: ProcessGround, life: ProcessLife, how: string): Promise<string> {
    const { job, program } = this.plan;
    await checkSame(this.reference, {
      ...{ job, program, ground, lives: [life], kind: "one killed", how },
      otherwise: `Job "${job.name}", ${how}, does not end as one that nothing happened to.`,
    });
    return "the same end";
  }
}

function refusal(error: unknown, how: string): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (UNCLEAR.has(name)) throw unclear(error, how);
  return `refused (${name}: ${message.split("\n")[0]})`;
}

function unclear(error: unknown, how: string): NotResumableError {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new NotResumableError(
    `The job, ${how}, ends with an error that it should not end with: ${message}`,
    { cause: error },
  );
}

/** The file with the highest name, the newest, in a folder and those in it. */
function newestFile(folder: string): string | undefined {
  const paths: string[] = [];
  const walk = (path: string): void => {
    for (const { name, isDirectory, isFile } of entriesOf(path)) {
      if (isDirectory) walk(join(path, name));
      else if (isFile && !name.startsWith(".")) paths.push(join(path, name));
    }
  };
  walk(folder);
  return paths.sort((a, b) => nameOf(a) < nameOf(b) ? -1 : 1).at(-1);
}

function nameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? "";
}

function entriesOf(path: string): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function spoilFile(path: string, how: (typeof SPOILS)[number]): void {
  const bytes = Deno.readFileSync(path);
  const middle = bytes.byteLength >>> 1;
  if (how === "truncated") return Deno.truncateSync(path, middle);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  Deno.writeFileSync(path, bytes);
}
