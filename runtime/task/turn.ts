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

/** The longest time a timer takes, some 24 days; one for longer would fire at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Calls a function after a time of any length; gives what calls it off. */
export function after(ms: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (leftMs: number): void => {
    timer = leftMs > LONGEST_TIMER_MS
      ? setTimeout(() => wait(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
      : setTimeout(call, leftMs);
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = (): void => {
      callOff();
      reject(signal.reason);
    };
    const callOff = after(ms, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** What a promise comes to, or the signal's reason, thrown, whichever is there first. */
export async function unlessAborted<T>(result: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
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

/** A time to wait for, in milliseconds since 1970. */
export function timeOf(name: string, time: Date | number): number {
  const ms = typeof time === "number" ? time : time.getTime();
  if (Number.isFinite(ms)) return ms;
  throw new RangeError(
    `waitUntil "${name}": ${String(time)} is no time: give a Date, or milliseconds since 1970`,
  );
}
