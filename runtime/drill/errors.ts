/**
 * What a drill finds.
 *
 * @module
 */

/** A job that was killed and resumed did not end as one that was never killed. */
export class NotResumableError extends Error {
  /** The class's name. */
  override readonly name: string = "NotResumableError";
}

/** A job could not be drilled: it fails also where nobody kills it. */
export class DrillError extends Error {
  /** The class's name. */
  override readonly name: string = "DrillError";
}

/** A drill may start no processes. */
export class DrillPermissionError extends Error {
  /** The class's name. */
  override readonly name: string = "DrillPermissionError";

  /** Says what for, and which flag permits it; `cause` is what Deno said. */
  constructor(program: string, cause: unknown) {
    super(
      `Cannot drill the job: that starts it in processes of its own, to kill them, and Deno does not ` +
        `permit it: run with --allow-run, or --allow-run=${program}`,
      { cause },
    );
  }
}
