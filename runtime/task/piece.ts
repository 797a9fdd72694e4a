/**
 * Runs one piece of a task: a key of a `map`, or a `step`.
 *
 * @module
 */
import type { Awaitable, PieceContext, Retry } from "../../dsl/mod.ts";
import { type Duration, parseDuration } from "../../dsl/mod.ts";
import { TaskTimeoutError, UnresponsiveTaskError } from "../errors.ts";
import { endedWith } from "./consequence.ts";
import { runAsTry } from "./current_try.ts";
import type { Halt } from "./halt.ts";
import { after, backoffMs, isThenable, sleep } from "./turn.ts";

/** Where a piece runs. */
export interface PieceHost {
  /** What tells the piece to end. */
  readonly halt: Halt;
  /** Makes the context of a try. */
  readonly context: (tryNumber: number, halt: Halt) => PieceContext;
  /** Keeps the result, before it is given; nothing where results are not kept. */
  readonly keep?: ((value: unknown) => Promise<void>) | undefined;
}

/** How a piece runs. */
export interface PieceOptions {
  /** What messages call it. */
  readonly what: string;
  /** How often it is tried. */
  readonly retry?: Retry | undefined;
  /** How long one try may take. */
  readonly timeout?: Duration | undefined;
  /** Waits until a try may start; no try waits where not given. */
  readonly pace?: () => Promise<void>;
}

/** Runs a piece, trying again as its options say. */
export async function runPiece<T>(
  run: (context: PieceContext) => Awaitable<T>,
  host: PieceHost,
  options: PieceOptions,
): Promise<T> {
  const { retry, what } = options;
  const timeoutMs = options.timeout === undefined ? Infinity : parseDuration(options.timeout);
  const delayMs = retry?.delay === undefined ? 0 : parseDuration(retry.delay);
  const maxDelayMs = retry?.maxDelay === undefined ? Infinity : parseDuration(retry.maxDelay);
  const attempts = retry?.attempts ?? 1;
  for (let number = 1;; number++) {
    if (options.pace !== undefined) await options.pace();
    host.halt.check();
    try {
      return await runTry(run, host, number, timeoutMs, what);
    } catch (error) {
      if (error instanceof UnresponsiveTaskError) throw error;
      if (host.halt.isHalted || number >= attempts || retry?.if?.(error) === false) throw error;
    }
    await sleep(backoffMs(delayMs, maxDelayMs, number + 1), host.halt.signal);
  }
}

async function runTry<T>(
  run: (context: PieceContext) => Awaitable<T>,
  host: PieceHost,
  number: number,
  timeoutMs: number,
  what: string,
): Promise<T> {
  const halt = host.halt.child(timeoutMs);
  const callOff = timeoutMs === Infinity
    ? undefined
    : after(timeoutMs, () => halt.halt(new TaskTimeoutError(timeoutMs, what)));
  try {
    const context = host.context(number, halt);
    const given = runAsTry(halt, () => run(context));
    const result = isThenable(given)
      ? await halt.settle(given as PromiseLike<T>, what)
      : given as T;
    // What never asked whether it is to end has come to its own end, and need not be done again.
    if (!halt.isHalted || !halt.isAsked) await host.keep?.(result);
    if (halt.isHalted) throw halt.reason;
    return result;
  } catch (error) {
    const isTold = halt.isHalted && !(error instanceof UnresponsiveTaskError);
    throw isTold ? endedWith(halt.reason, error) : error;
  } finally {
    callOff?.();
    halt.release();
  }
}
