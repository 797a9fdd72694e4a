/**
 * What is wrong with a job, for the tests of the rules.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type AnyBlob,
  type AnyReadable,
  type AnyTask,
  epochs,
  job,
  JobError,
  type JobOptions,
  task,
  type When,
} from "../../../dsl/mod.ts";

/** A task of a name that reads and writes these. */
export function step(
  name: string,
  options: {
    readonly reads?: readonly AnyReadable[];
    readonly writes?: readonly AnyBlob[];
    readonly if?: When;
    readonly after?: readonly AnyTask[];
  } = {},
): AnyTask {
  const { reads = [], writes = [], ...rest } = options;
  return task(name, { ...rest, reads: { in: reads }, writes: { out: writes } })
    .run(() => ({ out: [] as never }));
}

/** A job's shape with what every job needs. */
export function shapeOf(options: Partial<JobOptions>): JobOptions {
  return { epoch: [], until: epochs(3), checkpoint: { to: "file:checkpoints" }, ...options };
}

/** What is wrong with a job, as `code: message: mend`. */
export function problemsOf(options: Partial<JobOptions>, name: string = "job"): readonly string[] {
  try {
    job(name, shapeOf(options));
    return [];
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return error.problems.map(({ code, message, mend }) =>
      `${code}: ${message}${mend === undefined ? "" : `: ${mend}`}`
    );
  }
}

/** Asserts that a job has these problems and no others. */
export function assertProblems(options: Partial<JobOptions>, ...expected: string[]): void {
  assertEquals(problemsOf(options), expected);
}
