/**
 * Tells of tries that failed.
 *
 * @module
 */
import { errorRecord, type Events, type TaskPlace } from "../events.ts";
import { thrownText } from "../thrown_text.ts";

/** Tells that a try failed, and when the next one comes, if one does. */
export function tellFailed(
  events: Events,
  place: TaskPlace,
  number: number,
  error: unknown,
  retryInMs: number | undefined,
): void {
  const record = errorRecord(error);
  events.emit({ type: "task-failed", ...place, try: number, error: record, retryInMs });
}

/** Tells what a task failed with that had been given up, as it did not end when it was told to. */
export function tellFailedLate(events: Events, { task }: TaskPlace, error: unknown): void {
  const message = `task "${task}", which did not end when it was told to, has failed by now: ` +
    thrownText(error);
  events.emit({ type: "notice", level: "warning", message });
}
