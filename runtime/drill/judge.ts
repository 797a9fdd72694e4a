/**
 * Judges whether a run ended as the first one did.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";
import type { Program } from "../program.ts";
import { type Comparison, explainDifference } from "./cause.ts";
import { compareSaved, endsByTheClock, type RunDifference } from "./compare.ts";
import { NotResumableError } from "./errors.ts";
import type { Ground, Life } from "./ground.ts";

/** The run that all others are compared with. */
export interface Reference {
  /** What it has saved. */
  readonly base: Ground;
  /** What it did. */
  readonly life: Life;
}

/** A run that is compared with it. */
export interface Judged {
  /** The job. */
  readonly job: Job;
  /** What was run. */
  readonly program: Program;
  /** What it has saved. */
  readonly ground: Ground;
  /** Its starts, the last one to its end. */
  readonly lives: readonly Life[];
  /** Whether it was left alone, as the first run was. */
  readonly kind: Comparison["kind"];
  /** What happened to it, in words. */
  readonly how: string;
  /** The message that begins where it saved other values. */
  readonly otherwise: string;
  /** Looks for an earlier difference than the one that was found. */
  readonly findEarlier?: () => Promise<RunDifference | undefined>;
}

/**
 * Compares what a run saved and holds with the first run.
 *
 * @throws {NotResumableError} Where it is not the same.
 */
export async function checkSame(reference: Reference, judged: Judged): Promise<void> {
  const { program, ground, lives, kind } = judged;
  const found = await differenceFrom(reference, judged);
  if (found === undefined) return checkLive(reference, judged);
  const earlier = await judged.findEarlier?.() ?? found;
  const comparison = {
    ...{ kind, program, isOneProcess: ground.isOneProcess },
    lives: [reference.life, ...lives],
  };
  throw new NotResumableError(`${judged.otherwise}\n${explainDifference(earlier, comparison)}`);
}

/** The first difference between what the first run and another one saved. */
export async function differenceFrom(
  { base }: Reference,
  { ground, program }: Pick<Judged, "ground" | "program">,
): Promise<RunDifference | undefined> {
  return await compareSaved(await base.open(), await ground.open(), program);
}

/**
 * Compares what two runs that ended at one place hold in memory, by digests made without Tidemark's
 * codec. What is not saved may be held by one of them alone: nothing behind a resume can read it.
 */
function checkLive({ life }: Reference, { job, program, lives, how }: Judged): void {
  const last = lives.at(-1);
  if (last === undefined || endsByTheClock(program)) return;
  for (const { node, blob } of [...program.saved, ...program.derived]) {
    const key = `${node}/${blob.name}`;
    if (life.digests.get(key) === last.digests.get(key)) continue;
    // With `load: "lazy"` a resume makes only those again that are still read.
    if (blob.derived && !last.digests.has(key)) continue;
    throw new NotResumableError(
      `Job "${job.name}", ${how}, saves the same values, but holds another one of blob ${key}: ` +
        (blob.derived
          ? `it is derived, and never changed, but a task that reads it may have changed it in place`
          : blob.codec === undefined
          ? `this is a flaw in Tidemark, which we would like to hear of`
          : `what its codec decodes is not encoded to the same again`),
    );
  }
}
