/**
 * Jobs: the whole of what is to run.
 *
 * @module
 */
import { checkShape } from "./check/check.ts";
import type { Condition } from "./condition.ts";
import { JobError, type Problem } from "./errors.ts";
import type { Step } from "./group.ts";
import { paramProblem, paramValue } from "./param.ts";
import type { CheckpointPlan } from "./plan.ts";
import { type Inputs, type ParamRef, type ParamValue, token } from "./token.ts";

/** What a job is made of. */
export interface JobOptions {
  /** Runs once, before the first epoch of a fresh start. */
  readonly init?: readonly Step[];
  /** Runs again and again: one run of it is an epoch. */
  readonly epoch: readonly Step[];
  /** Runs after the last epoch. */
  readonly download?: readonly Step[];
  /** Runs at the very end. */
  readonly exit?: readonly Step[];
  /** When to stop, judged after each epoch; a list means any of them. */
  readonly until: Condition | readonly [Condition, ...Condition[]];
  /** Where, when and what to save. */
  readonly checkpoint: CheckpointPlan;
}

/** Params by the names a shape has for them. */
export type ShapeParams = Readonly<Record<string, ParamRef<unknown>>>;

/** A job: its name and its shape, which may depend on params. Make one with {@linkcode job}. */
export interface Job {
  /** What it is. */
  readonly kind: "job";
  /** Its name; safe as a file name. */
  readonly name: string;
  /** The params its shape depends on. */
  readonly shape: ShapeParams;
  /** Its shape, for the values of those params. */
  readonly build: (values: Readonly<Record<string, ParamValue>>) => JobOptions;
}

/**
 * Declares a job, and checks all of it that the compiler could not.
 *
 * @throws {JobError} Where anything is wrong, with every problem, where it is, and the mend.
 *
 * @example
 * ```ts
 * import { blob, epochs, job, task } from "tidemark";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }, { epoch }) => ({ total: total + epoch }));
 * const sum = job("sum", {
 *   epoch: [add],
 *   until: epochs(10),
 *   checkpoint: { to: "file:checkpoints" },
 * });
 * ```
 */
export function job(name: string, options: JobOptions): Job;
/** Declares a job whose shape depends on params. */
export function job<P extends ShapeParams>(
  name: string,
  shape: P,
  build: (values: Inputs<P>) => JobOptions,
): Job;
export function job(
  name: string,
  shape: ShapeParams | JobOptions,
  build?: (values: never) => JobOptions,
): Job {
  const options = shape as JobOptions;
  const made = token<Job>({
    kind: "job",
    name,
    shape: Object.freeze(build === undefined ? {} : { ...shape as ShapeParams }),
    build: build ?? (() => options),
  });
  buildJob(made);
  return made;
}

/**
 * A job's shape for some values of its params (by the params' names), checked.
 *
 * @throws {JobError} Where a value is not one of its param's, or the shape is wrong.
 */
export function buildJob(
  job: Job,
  params: Readonly<Record<string, ParamValue>> = {},
): JobOptions {
  const values: Record<string, ParamValue> = {};
  const wrong: Problem[] = [];
  for (const [key, param] of Object.entries(job.shape)) {
    const value = paramValue(param, params);
    const problem = paramProblem(param, value);
    values[key] = value;
    if (problem === undefined) continue;
    wrong.push({
      code: "bad-param",
      message: `param "${param.name}" ${problem}`,
      mend: `give it another value, as in --param ${param.name}=…`,
    });
  }
  if (wrong.length > 0) throw new JobError(job.name, wrong);
  const options = job.build(values);
  const problems = checkShape(job.name, options, { shape: job.shape, params });
  if (problems.length > 0) throw new JobError(job.name, problems);
  return options;
}
