/**
 * Tells what follows from being told to end from what fails by itself.
 *
 * @module
 */
import { TaskTimeoutError } from "../errors.ts";

/** Causes of causes are looked at this far. */
const MOST_CAUSES = 10;

/**
 * What a try that was told to end has failed with: the reason, which says more than what follows from
 * it. A timeout also keeps an error that need not follow from it.
 */
export function endedWith(reason: unknown, thrown: unknown): unknown {
  if (!(reason instanceof TaskTimeoutError) || isConsequence(thrown, reason)) return reason;
  return new TaskTimeoutError(reason.timeoutMs, reason.what, { cause: thrown });
}

/** Whether an error says no more than that its task was told to end. */
export function isConsequence(thrown: unknown, reason: unknown): boolean {
  let error = thrown;
  for (let depth = 0; depth < MOST_CAUSES; depth++) {
    if (error === reason) return true;
    if (!(error instanceof Error)) return false;
    if (error.name === "AbortError") return true;
    error = error.cause;
  }
  return false;
}
