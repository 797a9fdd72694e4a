/**
 * What is wrong with a command line.
 *
 * @module
 */

/** A command line that cannot be understood. */
export class UsageError extends Error {
  /** The class's name. */
  override readonly name: string = "UsageError";
}
