/**
 * Hears of errors that nobody awaits, which would end the process without a word of what is saved.
 *
 * @module
 */
import type { Observer, TaskPlace } from "../events.ts";

/** An error that a task, or something that it has started, threw where nobody awaits it. */
export class UncaughtError extends Error {
  /** The class's name. */
  override readonly name: string = "UncaughtError";

  /** Says what ran then; `cause` is what was thrown. */
  constructor(running: readonly TaskPlace[], cause: unknown) {
    const names = [...new Set(running.map(({ task, epoch }) => `"${task}" in epoch ${epoch}`))];
    const when = names.length === 0 ? "no task ran" : `task ${names.join(", ")} ran`;
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(
      `An error that nobody awaits was thrown while ${when}, so that the job ends as by a task that ` +
        `failed: ${what}. Await what may fail, or catch its error`,
      { cause },
    );
  }
}

/** What hears them. */
export interface UncaughtErrors extends Disposable {
  /** Rejects with the first. */
  readonly failure: Promise<never>;
  /** Takes note of the tasks that run. */
  readonly observe: Observer;
}

/** Begins to hear of them; they end the process no more until this is disposed of. */
export function hearUncaught(): UncaughtErrors {
  const running = new Map<string, TaskPlace>();
  const { promise: failure, reject } = Promise.withResolvers<never>();
  failure.catch(() => {});
  const hear = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    const cause = "reason" in event ? event.reason : event.error;
    reject(new UncaughtError([...running.values()], cause));
  };
  globalThis.addEventListener("error", hear);
  globalThis.addEventListener("unhandledrejection", hear);
  return {
    failure,
    observe: (event) => {
      if (event.type === "task-started") running.set(`${event.node}/${event.id}`, event);
      else if (event.type === "task-finished" || event.type === "task-failed") {
        running.delete(`${event.node}/${event.id}`);
      }
    },
    [Symbol.dispose]: () => {
      globalThis.removeEventListener("error", hear);
      globalThis.removeEventListener("unhandledrejection", hear);
    },
  };
}
