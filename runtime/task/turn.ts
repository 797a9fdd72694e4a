/**
 * Waiting: for a turn of the event loop, for a time, for a promise within a time.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** Lets timers, signals and I/O be heard. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** The wait before a try, from 2: `delay`, doubled before each further one, up to `maxDelay`. */
export function backoffMs(delayMs: number, maxDelayMs: number, nextTry: number): number {
  return Math.min(delayMs * 2 ** Math.min(nextTry - 2, 40), maxDelayMs);
}

/** Whether a value can be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
