/**
 * Hears of errors that nobody awaits, which would end the process without a word of what is saved.
 *
 * @module
 */
import { parseDuration } from "../../dsl/mod.ts";
import type { Events, Observer, TaskPlace } from "../events.ts";
import type { Program } from "../program.ts";
import { currentTry } from "../task/current_try.ts";
import type { Halt } from "../task/halt.ts";
import { thrownText } from "../thrown_text.ts";
import { UncaughtError } from "../uncaught_error.ts";
import type { JobRunOptions } from "./job_runner.ts";

/** What hears them. */
export interface UncaughtErrors extends Disposable {
  /** What is to end a run: whatever was to before, and the first of them. */
  readonly stops: Required<JobRunOptions>;
}

/**
 * Begins to hear of them; they end the process no more until this is disposed of. The first ends the run.
 * Those that come while it ends anyway are only told of, and so are rejected promises that a try made
 * which was told to end, by its timeout or as its result is not needed: what it has left behind then
 * rejects. Nobody knows that of a promise that was made outside of pieces and of tasks with a timeout, as
 * by what several tasks share: it is only told of from a task's timeout until the phase ends. (What a try
 * itself throws is awaited, and told of with the timeout.)
 *
 * @param timeouts The timeouts of tasks by name, in milliseconds.
 */
export function hearUncaught(
  events: Events,
  timeouts: ReadonlyMap<string, number>,
  { signal, stopReason = () => undefined }: JobRunOptions = {},
): UncaughtErrors {
  const controller = new AbortController();
  let failure: UncaughtError | undefined;
  const tries = new Tries(timeouts);
  const hear = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    const isRejection = "reason" in event;
    const cause = isRejection ? event.reason : event.error;
    const isEnding = tries.isEnding || signal?.aborted === true || stopReason() !== undefined;
    const own = isRejection ? currentTry() : undefined;
    const isLeft = isRejection && (own?.isGivenUp ?? tries.hasTimedOut);
    if (failure === undefined && !isEnding && !isLeft) {
      failure = new UncaughtError(tries.running, cause);
      controller.abort(failure);
      return;
    }
    const when = isEnding || failure !== undefined
      ? "while the job ends, which it does as before"
      : own === undefined
      ? "after a try had timed out, and may be of what that has left behind, so that the job goes on"
      : `by what a try has left behind that was told to end${whyOf(own)}, so that the job goes on`;
    const message =
      `an error that nobody awaits was thrown ${when}: ${thrownText(cause)}. What is ` +
      `given a context's signal rejects once the task is told to end: await it, or catch its error`;
    events.emit({ type: "notice", level: "warning", message });
  };
  const endObserving = events.observe(tries.observe);
  globalThis.addEventListener("error", hear);
  globalThis.addEventListener("unhandledrejection", hear);
  const signals = [controller.signal, ...signal === undefined ? [] : [signal]];
  return {
    stops: { signal: AbortSignal.any(signals), stopReason: () => failure ?? stopReason() },
    [Symbol.dispose]: () => {
      endObserving();
      globalThis.removeEventListener("error", hear);
      globalThis.removeEventListener("unhandledrejection", hear);
    },
  };
}

/** Why a try was told to end, in brackets. */
function whyOf({ reason }: Halt): string {
  return reason === undefined ? "" : ` (${thrownText(reason)})`;
}

/** What runs, and what of it was told to end. */
class Tries {
  /** Whether the run ends, as it was told to or as a task has failed. */
  isEnding = false;
  readonly #running = new Map<string, { readonly place: TaskPlace; readonly endMs: number }>();
  #isLeft = false;

  constructor(private readonly timeouts: ReadonlyMap<string, number>) {}

  /** The tasks that run. */
  get running(): readonly TaskPlace[] {
    return [...this.#running.values()].map(({ place }) => place);
  }

  /** Whether something of this phase was told to end by its timeout. */
  get hasTimedOut(): boolean {
    const now = performance.now();
    return this.#isLeft || [...this.#running.values()].some(({ endMs }) => now >= endMs);
  }

  /** Takes note of an event. */
  readonly observe: Observer = (event) => {
    switch (event.type) {
      case "task-started": {
        const endMs = performance.now() + (this.timeouts.get(event.task) ?? Infinity);
        this.#running.set(`${event.node}/${event.id}`, { place: event, endMs });
        return;
      }
      case "task-failed":
        if (event.error.name === "TaskTimeoutError") this.#isLeft = true;
        if (event.retryInMs === undefined) this.isEnding = true;
        this.#running.delete(`${event.node}/${event.id}`);
        return;
      case "task-finished":
        this.#running.delete(`${event.node}/${event.id}`);
        return;
      case "phase-started":
        this.#isLeft = false;
        return;
      case "run-started":
        // Also again: a run whose task was the first to read damage starts anew.
        this.isEnding = false;
        this.#running.clear();
        return;
      case "stop-requested":
        this.isEnding = true;
    }
  };
}

/** The timeouts of a job's tasks by name, in milliseconds. */
export function timeoutsOf(program: Program): ReadonlyMap<string, number> {
  const timeouts = new Map<string, number>();
  for (const { steps } of Object.values(program.groups)) {
    for (const { task } of steps) {
      const timeout = task?.declaration.timeout;
      if (task !== undefined && timeout !== undefined) {
        timeouts.set(task.name, parseDuration(timeout));
      }
    }
  }
  return timeouts;
}
