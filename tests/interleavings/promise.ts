/** How a check ends that something does not hold for. */

/** Something that must not be. */
export class BrokenPromiseError extends Error {
  /** The error's class. */
  override readonly name = "BrokenPromiseError";
}

/** Ends a check where something does not hold. */
export function check(holds: boolean, message: () => string): void {
  if (!holds) throw new BrokenPromiseError(message());
}
