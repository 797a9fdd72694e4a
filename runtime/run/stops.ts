/**
 * What stops a run: a signal, and the end of its time.
 *
 * @module
 */
import { type Duration, parseDuration } from "../../dsl/mod.ts";
import { StoppedError } from "../errors.ts";
import { after } from "../task/turn.ts";
import type { JobRunOptions } from "./job_runner.ts";
import { UncaughtError } from "../uncaught_error.ts";

/** How a run hears that it is to stop; to be disposed of when the run has ended. */
export interface Stops extends Required<JobRunOptions>, Disposable {}

/**
 * Joins what may stop a run. The clock is also read where `stopReason` is asked, so that a task that
 * never yields learns from `progress` that its time is up.
 */
export function makeStops(options: JobRunOptions, stopAfter: Duration | undefined): Stops {
  const { signal = new AbortController().signal } = options;
  const told = (): unknown =>
    options.stopReason?.() ??
      (signal.aborted ? uncaughtOf(signal) ?? stopped(signal.reason) : undefined);
  if (stopAfter === undefined) return { signal, stopReason: told, [Symbol.dispose]: () => {} };
  const waitMs = parseDuration(stopAfter);
  const endMs = performance.now() + waitMs;
  const reason = new StoppedError(`its time of ${stopAfter} is up`);
  const controller = new AbortController();
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    stopReason: () => told() ?? (performance.now() >= endMs ? reason : undefined),
    [Symbol.dispose]: after(waitMs, () => controller.abort(reason)),
  };
}

/** The error that nobody awaits and that a run ends with; none where it ends for another reason. */
export function uncaughtOf({ reason }: AbortSignal): UncaughtError | undefined {
  return reason instanceof UncaughtError ? reason : undefined;
}

/** What a run has ended with: an error that nobody awaits rather than what that has led to. */
export function endedBy(thrown: unknown, signal: AbortSignal): unknown {
  const isStop = signal.aborted && thrown === signal.reason;
  return uncaughtOf(signal) ?? (isStop ? stopped(thrown) : thrown);
}

/** A stop by a signal, as the error that says the run can be resumed. */
export function stopped(reason: unknown): StoppedError {
  if (reason instanceof StoppedError) return reason;
  if (!(reason instanceof Error)) return new StoppedError(String(reason));
  return new StoppedError(reason.message, { cause: reason });
}
