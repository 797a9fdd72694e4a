/**
 * Hears signals also while a task keeps the main thread busy.
 *
 * @module
 */
import { type Duration, parseDuration } from "../../dsl/mod.ts";
import { StoppedError } from "../errors.ts";
import type { Observer } from "../events.ts";
import { RunningTasks, tableLayout } from "./running_tasks.ts";
import { FLAGS, type ThreadSettings, threadSource } from "./watch_thread.ts";

/** What a watch tells. */
export interface Watch extends Disposable {
  /** Aborted once a signal was heard and the main thread had a turn. */
  readonly signal: AbortSignal;
  /** Why to stop, known at once; `undefined` while there is no reason. */
  readonly stopReason: () => unknown;
  /** Takes note of the tasks that run. */
  readonly observe: Observer;
  /** How many lines the thread has written to standard error. */
  readonly foreignLines: () => number;
  /** Resolves once the thread hears signals. */
  readonly ready: Promise<void>;
}

const HEAD_BYTES = FLAGS.count * 4;
const BEAT_EVERY_MS = 200;

/** What a watch is told of a run. */
export interface WatchOptions {
  /** The timeouts of tasks by name, in milliseconds. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** How long a task that is told to stop may keep the main thread busy. */
  readonly grace: Duration;
  /** When the run is to stop, from now on. */
  readonly stopAfter?: Duration | undefined;
}

/**
 * Starts a thread that hears SIGINT and SIGTERM (on Windows, SIGINT alone).
 *
 * The first signal sets a shared flag, which `stopReason` reads, so that also a task that never gives
 * the event loop a turn learns of it from `progress`. A second one ends the process at once, as
 * SIGKILL does; half a second must lie between them, because a shell and whatever started the process
 * (`npx`, `deno task`) may both pass on one Ctrl-C. The thread also says on standard error when a task
 * keeps the main thread too busy to be told that it is to stop, or that its timeout has passed; and it
 * ends the process, by SIGALRM (on Windows, as SIGKILL does), where a task that is to stop keeps it busy for the
 * whole grace period.
 */
export function startWatch({ timeouts, grace, stopAfter }: WatchOptions): Watch {
  const table = tableLayout(HEAD_BYTES);
  const memory = new SharedArrayBuffer(HEAD_BYTES + table.slots * table.slotBytes);
  const flags = new Int32Array(memory, 0, FLAGS.count);
  const signals: ThreadSettings["signals"] = Deno.build.os === "windows"
    ? { 2: "SIGINT" }
    : { 2: "SIGINT", 15: "SIGTERM" };
  const controller = new AbortController();
  let reason: StoppedError | undefined;
  const stopReason = (): unknown => {
    if (reason !== undefined) return reason;
    const name = signals[Atomics.load(flags, FLAGS.signal)];
    return name === undefined ? undefined : reason = new StoppedError(name);
  };

  const settings: ThreadSettings = {
    pid: Deno.pid,
    signals,
    flags: FLAGS,
    table,
    sameRequestMs: 500,
    reactMs: 750,
    graceMs: parseDuration(grace),
    endBy: Deno.build.os === "windows" ? "SIGKILL" : "SIGALRM",
    grace: String(grace),
    stopAfterMs: stopAfter === undefined ? null : parseDuration(stopAfter),
  };
  const source = encodeURIComponent(threadSource(settings));
  const worker = new Worker(`data:text/javascript,${source}`, { type: "module" });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    const why = stopReason();
    if (why !== undefined) controller.abort(why);
    resolve();
  };
  worker.onmessage = stop;
  // Without the thread, the listeners below still stop a job whose tasks yield.
  worker.onerror = (event) => {
    event.preventDefault();
    resolve();
  };
  worker.postMessage(memory);

  // Until the thread listens, and should it ever fail, the main one does.
  const listeners = Object.entries(signals).map(([number, name]) => {
    const listener = (): void => {
      Atomics.compareExchange(flags, FLAGS.signal, 0, Number(number));
      stop();
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  const beat = setInterval(() => Atomics.add(flags, FLAGS.beats, 1), BEAT_EVERY_MS);
  Deno.unrefTimer(beat);
  const running = new RunningTasks(memory, table, timeouts);
  return {
    signal: controller.signal,
    stopReason,
    observe: (event) => running.observe(event),
    foreignLines: () => Atomics.load(flags, FLAGS.lines),
    ready,
    [Symbol.dispose]() {
      clearInterval(beat);
      for (const remove of listeners) remove();
      worker.terminate();
      resolve();
    },
  };
}
