/** Kills a job's process, resumes it until it ends, and checks all that it did. */

import { join } from "@std/path";
import type { ParamValue } from "tidemark";
import type { Breakage } from "./broken.ts";
import {
  blobsOf,
  checkLinked,
  checkRecorded,
  checkReuse,
  checkRun,
  CrashCheckError,
  derivedOf,
  fail,
  namesIn,
  newestLinked,
  type Reference,
  traceOf,
} from "./check.ts";
import type { ChildOptions } from "./child.ts";
import type { Grain } from "./grain.ts";
import { type JobName, jobParams } from "./jobs.ts";
import { describeLine, isBoundary, type Line, pointOf } from "./lines.ts";
import { type Kill, type Outcome, runChild } from "./process.ts";

/** One job, killed and resumed. */
export interface Trial {
  /** The job. */
  readonly job: JobName;
  /** The seed of its random numbers. */
  readonly seed: number;
  /** Where it is killed, and where each resumed run is. */
  readonly kills: readonly [Kill, ...Kill[]];
  /** How the build is broken, where it is. */
  readonly broken?: Breakage;
  /** What the job asks, where it asks something. */
  readonly outside?: Outside;
  /** What is durable by itself; what the job's plan says, where not given. */
  readonly grain?: Grain;
}

/** What is run. */
export type Subject = Omit<Trial, "kills">;

/** What is outside of a job. */
export interface Outside {
  /** The host that it may ask. */
  readonly host: string;
  /** The params that tell it where, beside its own. */
  readonly params: Readonly<Record<string, ParamValue>>;
}

/** What became of a trial. */
export interface Killed {
  /** Where each kill landed. */
  readonly landings: readonly string[];
  /** The phases that a kill cut short, or left unsaved, as `epoch 3`; once for each kill that did. */
  readonly inFlight: readonly string[];
  /** What each run printed. */
  readonly runs: readonly (readonly Line[])[];
}

/** What an uninterrupted run did, and how often it passed each named point. */
export interface MeasuredReference extends Reference {
  /** How often each named point was passed. */
  readonly points: ReadonlyMap<string, number>;
  /** How many boundaries there were. */
  readonly boundaries: number;
  /** How long it ran once its job was loaded, in milliseconds. */
  readonly durationMs: number;
}

/** A process ended before it came to the named point at which it was to be killed. */
export class NeverCameError extends Error {
  /** The error's class. */
  override readonly name = "NeverCameError";
}

/** Where a kill lands that comes too late. */
export const TOO_LATE = "after its end";

const references = new Map<string, Promise<MeasuredReference>>();

/** What an uninterrupted run of a job does; it is run once for each seed and grain, in a whole build. */
export function referenceOf({ broken: _, ...subject }: Subject): Promise<MeasuredReference> {
  const { job, seed, outside, grain } = subject;
  const key = `${job} ${seed} ${grain}`;
  const known = references.get(key);
  if (known !== undefined) return known;
  const made = withFolder(async (folder) => {
    const outcome = await runChild(
      ...[job, folder, childOptions(subject, true), undefined, outside?.host] as const,
    );
    const { lines, failure, durationMs } = outcome;
    const blobs = blobsOf(lines);
    if (blobs === undefined) throw new Error(`${job} does not run: ${failure}`);
    const points = new Map<string, number>();
    for (const point of lines.map(pointOf)) {
      if (point !== undefined) points.set(point, (points.get(point) ?? 0) + 1);
    }
    const boundaries = lines.filter(isBoundary).length;
    const derived = derivedOf(lines);
    return { trace: traceOf(lines), blobs, derived, points, boundaries, durationMs };
  });
  references.set(key, made);
  return made;
}

/**
 * Kills a job, resumes it (and kills that too, where told) until it ends, and checks it.
 *
 * @throws {CrashCheckError} Where a run did not do what it should have.
 * @throws {NeverCameError} Where the first kill is at a named point, and that never came.
 */
export async function runKilled(trial: Trial): Promise<Killed> {
  const { job, kills, outside } = trial;
  const reference = await referenceOf(trial);
  return await withFolder(async (folder) => {
    const root = join(folder, "job");
    const landings: string[] = [];
    const inFlight: string[] = [];
    const runs: (readonly Line[])[] = [];
    let acknowledged = -1;
    let linked = -1;
    for (let run = 0;; run++) {
      const kill = kills[run];
      const options = childOptions(trial, !hasBegun(root));
      const outcome = await runChild(job, folder, options, kill, outside?.host);
      checkOutcome(outcome, run);
      checkRun(outcome.lines, linked, reference);
      checkReuse(outcome.lines, runs);
      runs.push(outcome.lines);
      checkRecorded(runs);
      if (run === 0 && kill !== undefined && "point" in kill && !outcome.isKilled) {
        throw new NeverCameError(
          `${job} never came to the kill point "${kill.point}" (${kill.nth})`,
        );
      }
      // What the run before had linked and could not acknowledge any more, this one has gone on from.
      acknowledged = Math.max(acknowledged, linked, newestAcknowledged(outcome, reference));
      linked = newestLinked(root, reference);
      checkLinked(acknowledged, linked, reference);
      if (kill !== undefined) landings.push(landingOf(outcome));
      if (outcome.isKilled) inFlight.push(...unsavedPhases(outcome.lines, linked, reference));
      // A run that its kill came too late for is itself resumed, as a user might who did not look.
      if (kill === undefined) return { landings, inFlight, runs };
    }
  });
}

/**
 * Runs a job that is not killed, in a build that may be broken, and checks it.
 *
 * @throws {CrashCheckError} Where it did not do what it should have.
 */
export async function runUninterrupted(trial: Subject): Promise<void> {
  const { job } = trial;
  const reference = await referenceOf(trial);
  await withFolder(async (folder) => {
    const outcome = await runChild(job, folder, childOptions(trial, true));
    checkOutcome(outcome, 0);
    checkRun(outcome.lines, -1, reference);
    checkLinked(
      newestAcknowledged(outcome, reference),
      newestLinked(join(folder, "job"), reference),
      reference,
    );
  });
}

/** What the child of one run of a trial is told: the seed and the params, of its build only that it is broken. */
function childOptions(
  { job, seed, broken, outside, grain }: Subject,
  isTold: boolean,
): ChildOptions {
  return {
    ...isTold ? { seed, params: { ...jobParams[job], ...outside?.params } } : {},
    ...broken === undefined ? {} : { broken },
    ...grain === undefined ? {} : { grain },
  };
}

function checkOutcome({ failure }: Outcome, run: number): void {
  if (failure === undefined) return;
  fail(`${run === 0 ? "the first run" : `resume ${run}`} failed: ${failure.slice(0, 2000)}`);
}

/** Whether a run has begun there: from then on the job knows its seed and params. */
function hasBegun(root: string): boolean {
  return namesIn(join(root, "attempts")).some((name) => name.endsWith(".parent.cbor"));
}

/** The phases that a run started and that are not saved, as `epoch 3`. */
function unsavedPhases(lines: readonly Line[], linked: number, { trace }: Reference): string[] {
  const started = traceOf(lines).filter((step) => step.startsWith("run "));
  return started.filter((step) => trace.indexOf(step) > linked).map((step) => step.slice(4));
}

function newestAcknowledged({ lines }: Outcome, { trace }: Reference): number {
  const step = traceOf(lines).findLast((step) => step.startsWith("saved "));
  return step === undefined ? -1 : trace.indexOf(step);
}

function landingOf({ lines, isKilled }: Outcome): string {
  return isKilled ? describeLine(lines.at(-1)) : TOO_LATE;
}

async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-crash-" });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What became of many trials. */
export interface Tally {
  /** How often kills landed at each place. */
  readonly landings: ReadonlyMap<string, number>;
  /** What went wrong, with the trial that shows it. */
  readonly failures: readonly string[];
}

/** How often a trial is tried in which a named point does not come so often. */
const TRIES = 3;

/**
 * Runs a trial; where its point does not come so often, at its first time. How often a log is written
 * depends on the time. Not of a job that asks something: what was asked stays.
 */
async function runSurely(trial: Trial): Promise<Killed> {
  const [kill, ...more] = trial.kills;
  let current = trial;
  for (let left = TRIES - 1;; left--) {
    try {
      return await runKilled(current);
    } catch (error) {
      const mayTry = left > 0 && trial.outside === undefined && "point" in kill;
      if (!mayTry || !(error instanceof NeverCameError)) throw error;
      current = { ...trial, kills: [{ point: kill.point, nth: 1 }, ...more] };
    }
  }
}

/** Runs trials, two at a time, and tallies them; `onDone` may check more of each. */
export async function runTrials(
  trials: readonly Trial[],
  onDone: (done: number, trial: Trial, killed: Killed | undefined) => void = () => {},
): Promise<Tally> {
  const landings = new Map<string, number>();
  const failures: string[] = [];
  const rest = trials.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const trial of rest) {
      let killed: Killed | undefined;
      try {
        killed = await runSurely(trial);
        for (const landing of killed.landings) {
          landings.set(landing, (landings.get(landing) ?? 0) + 1);
        }
      } catch (error) {
        const kind = error instanceof CrashCheckError ? "" : "could not be tried: ";
        const message = error instanceof Error ? error.message : String(error);
        failures.push(`${JSON.stringify(trial)}: ${kind}${message}`);
      }
      onDone(++done, trial, killed);
    }
  };
  await Promise.all([work(), work()]);
  return { landings, failures };
}

/** How many processes were killed before their end. */
export function killsIn({ landings }: Tally): number {
  return [...landings].reduce((sum, [where, times]) => where === TOO_LATE ? sum : sum + times, 0);
}

/** Draws where the kills of a tally landed. */
export function histogram({ landings }: Tally): string {
  const most = Math.max(1, ...landings.values());
  const width = Math.max(0, ...[...landings.keys()].map((key) => key.length));
  return [...landings].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([where, count]) =>
      `${where.padEnd(width)} ${String(count).padStart(5)} ${
        "#".repeat(Math.ceil(30 * count / most))
      }`
    )
    .join("\n");
}
