/**
 * What can be wrong with a declared job.
 *
 * @module
 */

/** One thing that is wrong with a job. */
export interface Problem {
  /** Which rule it breaks, as in `"duplicate-name"`. */
  readonly code: string;
  /** What is wrong and where, with the names involved. */
  readonly message: string;
  /** What to do about it, where that is known. */
  readonly mend?: string;
}

/** A job that cannot run as it is declared, with all that is wrong with it. */
export class JobError extends Error {
  /** The class's name. */
  override readonly name: string = "JobError";

  /** Reports all problems of a job at once. */
  constructor(
    /** The job's name. */
    readonly job: string,
    /** All that is wrong, in the order in which it was found. */
    readonly problems: readonly Problem[],
  ) {
    const lines = problems.map(({ message, mend }) => `  - ${message}${mend ? `: ${mend}` : ""}`);
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    super(`Cannot build job "${job}", it has ${count}:\n${lines.join("\n")}`);
  }
}
