/**
 * Runs a function for each of many items, some at once, and gives the results in order.
 *
 * @module
 */
import type { Awaitable, MapOptions, Mapped, PieceContext } from "../../dsl/mod.ts";
import { parseDuration } from "../../dsl/mod.ts";
import { monotonicMs } from "../clock.ts";
import type { UnresponsiveTaskError } from "../errors.ts";
import { type Halt, unresponsiveIn } from "./halt.ts";
import { runPiece } from "./piece.ts";
import { sleep } from "./turn.ts";

type Settled<O> = PromiseSettledResult<O>;

/** Why pieces end whose results nobody waits for any more. */
export class NotNeededError extends Error {
  /** The class's name. */
  override readonly name: string = "NotNeededError";
}

/** Results of pieces that are known from before, and become known. */
export interface Memo {
  /** The result of a piece that need not run again. */
  readonly recall: (key: string) => { readonly value: unknown } | undefined;
  /** Makes a piece's result known; to be awaited before it is given. */
  readonly record: (key: string, value: unknown) => Promise<void> | undefined;
}

/** The pieces of one `map`. Nothing runs before the first result is asked for. */
export class PieceMap<I, O> implements Mapped<O> {
  readonly #keys = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #starts: number[] = [];
  readonly #halt: Halt;
  #isUsed = false;
  #endsOnFailure = false;
  #stuck: UnresponsiveTaskError | undefined;

  /** Takes what to run, and where. */
  constructor(
    readonly name: string,
    readonly items: Iterable<I> | AsyncIterable<I>,
    readonly run: (item: I, context: PieceContext) => Awaitable<O>,
    readonly options: MapOptions<I>,
    parent: Halt,
    readonly context: (key: string, tryNumber: number, halt: Halt) => PieceContext,
    private readonly memo?: Memo,
  ) {
    this.#halt = parent.child();
    const { concurrency = 1, rate } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(
        `map "${name}": concurrency is ${concurrency}: give a whole number from 1`,
      );
    }
    if (rate !== undefined && (!Number.isInteger(rate.count) || rate.count < 1)) {
      throw new RangeError(
        `map "${name}": rate.count is ${rate.count}: give a whole number from 1`,
      );
    }
  }

  /** Whether results were asked for. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** The error of a piece that may still be running; nothing may go on beside it. */
  get stuck(): UnresponsiveTaskError | undefined {
    return this.#stuck;
  }

  then<A = O[], B = never>(
    onResolved?: ((value: O[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#all().then(onResolved, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<O, void, undefined> {
    for await (const result of this.#run(true)) {
      if (result.status === "rejected") throw result.reason;
      yield result.value;
    }
  }

  settled(): AsyncGenerator<Settled<O>, void, undefined> {
    return this.#run(false);
  }

  async *#run(endsOnFailure: boolean): AsyncGenerator<Settled<O>, void, undefined> {
    this.#endsOnFailure = endsOnFailure;
    if (this.#isUsed) throw new Error(`map "${this.name}" was asked for its results twice`);
    this.#isUsed = true;
    // As many results may wait for their turn as pieces may run, so that memory is bounded.
    const window: Promise<Settled<O>>[] = [];
    const ahead = 2 * (this.options.concurrency ?? 1);
    try {
      let index = 0;
      for await (const item of this.items) {
        await this.#start(item, index++, window);
        if (window.length >= ahead) yield await this.#next(window);
      }
      while (window.length > 0) yield await this.#next(window);
    } finally {
      await this.close();
    }
  }

  /** Ends what runs, and waits for it. */
  async close(): Promise<void> {
    this.#halt.halt(new NotNeededError(`map "${this.name}" ended`));
    this.#halt.release();
    await Promise.allSettled(this.#running);
  }

  async #all(): Promise<O[]> {
    const results: O[] = [];
    for await (const result of this) results.push(result);
    return results;
  }

  async #next(window: Promise<Settled<O>>[]): Promise<Settled<O>> {
    const result = await window.shift();
    if (result === undefined) throw new Error("unreachable: the window is not empty");
    if (this.#stuck !== undefined) throw this.#stuck;
    // The end of the whole task is no failure of a piece.
    if (result.status === "rejected" && this.#halt.isHalted) throw this.#halt.reason;
    return result;
  }

  async #start(item: I, index: number, window: Promise<Settled<O>>[]): Promise<void> {
    const { key: keyOf, concurrency = 1, retry, timeout } = this.options;
    const key = keyOf(item, index);
    if (this.#keys.has(key)) {
      throw new Error(
        `map "${this.name}" has two items with the key "${key}": keys name pieces, so each needs its own`,
      );
    }
    this.#keys.add(key);
    const known = this.memo?.recall(key);
    if (known !== undefined) {
      window.push(Promise.resolve({ status: "fulfilled", value: known.value as O }));
      return;
    }
    while (this.#running.size >= concurrency) await Promise.race(this.#running);
    await this.#pace();
    this.#halt.check();
    const piece = runPiece(
      (context) => this.run(item, context),
      { halt: this.#halt, context: (number, halt) => this.context(key, number, halt) },
      { what: `piece "${key}" of map "${this.name}"`, retry, timeout },
    );
    const settled: Promise<Settled<O>> = this.#recorded(key, piece).then(
      (value) => ({ status: "fulfilled", value }),
      (reason: unknown) => {
        this.#stuck ??= unresponsiveIn(reason);
        // At once, and not in its turn: what still runs or waits would be for nothing.
        if (this.#endsOnFailure) this.#halt.halt(reason);
        return { status: "rejected", reason };
      },
    );
    this.#running.add(settled);
    settled.then(() => this.#running.delete(settled));
    window.push(settled);
  }

  async #recorded(key: string, piece: Promise<O>): Promise<O> {
    const value = await piece;
    await this.memo?.record(key, value);
    return value;
  }

  /** Waits until one more piece may start under the rate. */
  async #pace(): Promise<void> {
    const { rate } = this.options;
    if (rate === undefined) return;
    const perMs = parseDuration(rate.per);
    const earliest = this.#starts.length < rate.count ? -Infinity : this.#starts.shift() ?? 0;
    const waitMs = earliest + perMs - monotonicMs();
    if (waitMs > 0) await sleep(waitMs, this.#halt.signal);
    this.#starts.push(monotonicMs());
  }
}
