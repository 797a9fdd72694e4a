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
