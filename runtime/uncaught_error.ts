/**
 * The error that says that another one was thrown where nobody awaits it.
 *
 * @module
 */
import type { TaskPlace } from "./events.ts";
import { thrownText } from "./thrown_text.ts";

/** An error that a task, or something that it has started, threw where nobody awaits it. */
export class UncaughtError extends Error {
  /** The class's name. */
  override readonly name: string = "UncaughtError";

  /** Says what ran then; `cause` is what was thrown. */
  constructor(running: readonly TaskPlace[], cause: unknown) {
    const when = running.length === 0 ? "no task ran" : `task ${namesOf(running)} ran`;
    super(
      `An error that nobody awaits was thrown while ${when}, so that the job ends as by a task that ` +
        `failed: ${thrownText(cause)}. Await what may fail, or catch its error`,
      { cause },
    );
  }
}

function namesOf(running: readonly TaskPlace[]): string {
  return [...new Set(running.map(({ task, epoch }) => `"${task}" in epoch ${epoch}`))].join(", ");
}
