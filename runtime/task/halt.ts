/**
 * What tells a running task to end.
 *
 * @module
 */
import { monotonicMs } from "../clock.ts";
import { TaskTimeoutError, UnresponsiveTaskError } from "../errors.ts";
import { isConsequence } from "./consequence.ts";
import { runAsTry } from "./current_try.ts";
import { Deadlines } from "./deadlines.ts";
import { after, unlessAborted } from "./turn.ts";

/** Tells one try of a task, or of a piece of one, to end: once, with a reason. */
export class Halt {
  #reason: unknown;
  #isHalted = false;
  #controller: AbortController | undefined;
  readonly #children = new Set<Halt>();
  #isAsked = false;
  #isReleased = false;
  #onHalt: (() => void) | undefined;
  #deadlines: Deadlines | undefined;

  /** Takes what else would end it. */
  constructor(
    /** Why the run is to stop, if it is; also known while the thread is too busy to hear of it. */
    readonly stopReason: () => unknown,
    /** How long what was told to end may take to do so, in milliseconds. */
    readonly graceMs: number,
    /** When it is to end by itself, in milliseconds of `monotonicMs`. */
    readonly deadline: number = Infinity,
    /** The timeout that makes the deadline, in milliseconds. */
    readonly timeoutMs: number = Infinity,
    /** What it ends with. */
    readonly parent?: Halt,
  ) {
    if (parent === undefined) return;
    if (parent.isHalted) this.halt(parent.reason);
    else parent.#children.add(this);
  }

  /** Whether it was told to end. */
  get isHalted(): boolean {
    return this.#isHalted;
  }

  /** Why. */
  get reason(): unknown {
    return this.#reason;
  }

  /** A signal that is aborted when it is told to end; made when first asked for. */
  get signal(): AbortSignal {
    this.#asked();
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isHalted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Whether somebody has asked for the signal, or was told to end, here or below, and may do less for it. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /**
   * Whether it was told to end, or what it runs under by its timeout, so that what it has left behind may
   * reject for that alone.
   */
  get isGivenUp(): boolean {
    return this.#isHalted || this.#hasTimedOut;
  }

  get #hasTimedOut(): boolean {
    if (this.#isHalted && this.#reason instanceof TaskTimeoutError) return true;
    // What rejects at the same time may be heard of first.
    const isDue = !this.#isReleased && this.deadline < Infinity && monotonicMs() >= this.deadline;
    return isDue || (this.parent !== undefined && this.parent.#hasTimedOut);
  }

  #asked(): void {
    this.#isAsked = true;
    if (this.parent?.isAsked === false) this.parent.#asked();
  }

  /** Tells it to end. */
  halt(reason: unknown): void {
    if (this.#isHalted) return;
    this.#isHalted = true;
    this.#reason = reason;
    const controller = this.#controller;
    // What listens is the try's own, whoever tells it.
    if (controller !== undefined) runAsTry(this, () => controller.abort(reason));
    this.#onHalt?.();
    for (const child of this.#children) child.halt(reason);
    this.#children.clear();
  }

  /** The deadlines of what runs under it. */
  get deadlines(): Deadlines {
    return this.#deadlines ??= new Deadlines();
  }

  /** Stops its timer, once nothing runs under it. */
  close(): void {
    this.#deadlines?.close();
  }

  /** Throws the reason where it is to end, also where no timer or signal could be heard so far. */
  check(): void {
    if (!this.#isHalted) {
      const stop = this.stopReason();
      // All that runs beside it is to stop too, and no try of it is to begin again.
      if (stop !== undefined) this.#root.halt(stop);
      else if (this.deadline < Infinity && monotonicMs() > this.deadline) {
        this.halt(new TaskTimeoutError(this.timeoutMs));
      }
    }
    if (!this.#isHalted) return;
    this.#asked();
    throw this.#reason;
  }

  /** Makes a child, which ends when this does. */
  child(timeoutMs: number = Infinity): Halt {
    const deadline = timeoutMs === Infinity ? Infinity : monotonicMs() + timeoutMs;
    return new Halt(this.stopReason, this.graceMs, deadline, timeoutMs, this);
  }

  /**
   * Waits for what runs under it; once told to end, no longer than the grace period. `tellLate` is told
   * of what it fails with after that.
   *
   * @throws {UnresponsiveTaskError} Where it goes on after that.
   */
  async settle<T>(
    result: PromiseLike<T>,
    what: string,
    tellLate: (error: unknown) => void = () => {},
  ): Promise<T> {
    let callOff: (() => void) | undefined;
    const stuck = new Promise<never>((_, reject) => {
      const watch = (): void => {
        const { graceMs, reason } = this;
        const late = (): void => {
          result.then(undefined, (error) => isConsequence(error, reason) || tellLate(error));
          reject(new UnresponsiveTaskError(what, graceMs, { cause: reason }));
        };
        callOff = after(graceMs, late);
      };
      if (this.#isHalted) watch();
      else this.#onHalt = watch;
    });
    try {
      return await Promise.race([result, stuck]);
    } finally {
      this.#onHalt = undefined;
      callOff?.();
    }
  }

  /** Waits for what does not run under it, such as what opens for others too; once told to end, no longer. */
  async unlessHalted<T>(result: PromiseLike<T>): Promise<T> {
    return await unlessAborted(result, this.signal);
  }

  get #root(): Halt {
    return this.parent === undefined ? this : this.parent.#root;
  }

  /** Lets go of the parent. */
  release(): void {
    this.#isReleased = true;
    if (this.parent !== undefined) this.parent.#children.delete(this);
  }
}

/** The error that says that something may still be running, where an error is it or has it as its cause. */
export function unresponsiveIn(error: unknown): UnresponsiveTaskError | undefined {
  if (error instanceof UnresponsiveTaskError) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof UnresponsiveTaskError ? cause : undefined;
}
