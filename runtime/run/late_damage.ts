/**
 * Goes back over damage that a task is the first to read.
 *
 * @module
 */
import { damageText } from "../checkpoint/damage_text.ts";
import { LateDamageError } from "../checkpoint/late.ts";
import { StoppedError } from "../errors.ts";
import type { RunRequest } from "./run_request.ts";
import { endedBy } from "./stops.ts";

/**
 * The request with which a run starts again that has read late what is damaged: all is read at its start,
 * so that it goes back over the damage, or is refused, as if it had been read so at first. What has been
 * saved meanwhile names what is damaged too.
 *
 * @throws What the run has failed with, where it has failed with something else.
 */
export function requestPastDamage(request: RunRequest, thrown: unknown): RunRequest {
  const { session: { events }, signal } = request;
  const damage = lateDamageIn(thrown);
  const isToStop = endedBy(thrown, signal) instanceof StoppedError ||
    request.stopReason() !== undefined;
  if (damage === undefined || request.isEager || isToStop) throw thrown;
  const what = damageText(damage);
  const message =
    `a task is the first to read what is damaged: ${what}. The run starts again, and ` +
    `reads all that is saved at once`;
  events.emit({ type: "notice", level: "warning", message });
  // Whoever has taken the job over since keeps it.
  return { ...request, isEager: true, takeOver: false };
}

/** The damage that has led to an error, where it was read late. */
function lateDamageIn(thrown: unknown): LateDamageError | undefined {
  if (thrown instanceof LateDamageError) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const causes: readonly unknown[] = thrown instanceof AggregateError
    ? [...thrown.errors, thrown.cause]
    : [thrown.cause];
  for (const cause of causes) {
    const found = cause === undefined ? undefined : lateDamageIn(cause);
    if (found !== undefined) return found;
  }
  return undefined;
}
