/**
 * The drill, for users' tests.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";
import { compile } from "../program.ts";
import { givenParams } from "../run/settings.ts";
import { drill, type DrillReport, type DrillTrial } from "./drill.ts";
import { memoryGrounds, type RunnerOptions } from "./memory_ground.ts";

/** How {@linkcode assertResumable} drills a job. */
export interface ResumableOptions extends RunnerOptions {
  /**
   * The most steps that it is killed at; 100 where not given. Up to half of them, and one at least, are where
   * pieces of a task are recorded and the task is not; the others are spread over all there are.
   */
  readonly kills?: number;
  /** The seed by which those steps are chosen; 0 where not given. */
  readonly sampleSeed?: number;
  /** Is told of each trial. */
  readonly onTrial?: (trial: DrillTrial) => void;
}

/**
 * Asserts that a job, killed at any instant and resumed, ends with the same values as if nothing had
 * happened.
 *
 * It runs the job twice uninterrupted, and then kills it at its steps (each event, and each write before
 * and after it is made), resumes it, and compares all that is saved and held. Checkpoints are in memory, and death is
 * played in this process: what tasks do outside is done as often as they run, and a task that never
 * looks at its signal is waited for; `now` gives the same times in each run. Variables of modules outlive such a death, so that a job that keeps
 * something in one may pass: whether it is exact then, only the command `drill` of a job file shows, which
 * kills real processes. Where `elapsed` ends a job, its runs are compared as far as both came.
 *
 * @returns How many trials there were, and how many deaths.
 * @throws {NotResumableError} Where a run ends otherwise; it names the first blob and element that differ,
 * the task that wrote it, and the likely cause.
 * @throws {DrillError} Where the job fails uninterrupted, as where a task changes what it only reads.
 *
 * @example
 * ```ts
 * import { assertResumable, blob, epochs, job, task } from "tidemark";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }, { rng }) => ({ total: total + rng("step").int(6) }));
 * const walk = job("walk", { epoch: [add], until: epochs(3), checkpoint: { to: "memory:walk" } });
 *
 * await assertResumable(walk, { kills: 10 });
 * ```
 */
export async function assertResumable(
  job: Job,
  options: ResumableOptions = {},
): Promise<DrillReport> {
  const { kills = 100, sampleSeed = 0, onTrial, ...runner } = options;
  if (!Number.isInteger(kills) || kills < 1) {
    throw new RangeError(`kills is ${kills}: give a whole number from 1`);
  }
  const params = { ...runner.params, ...givenParams(runner.set ?? []) };
  const program = compile(job, { params, upload: runner.uploader !== undefined });
  return await drill(
    { job, program, kills, sampleSeed, ...onTrial === undefined ? {} : { onTrial } },
    memoryGrounds(job, runner),
  );
}
