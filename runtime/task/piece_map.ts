/**
 * Runs a function for each of many items, some at once, and gives the results in order.
 *
 * @module
 */
import type { Awaitable, MapOptions, Mapped, PieceContext, Rate } from "../../dsl/mod.ts";
import { parseDuration } from "../../dsl/mod.ts";
import { monotonicMs } from "../clock.ts";
import type { UnresponsiveTaskError } from "../errors.ts";
import { type Halt, unresponsiveIn } from "./halt.ts";
import { Items } from "./items.ts";
import type { Memo } from "./memo.ts";
import { runPiece } from "./piece.ts";
import { sleep } from "./turn.ts";

type Settled<O> = PromiseSettledResult<O>;

/** A piece that was started, and its result once it has one. */
interface Entry<O> {
  result: Settled<O> | undefined;
}

/** Why pieces end whose results nobody waits for any more. */
export class NotNeededError extends Error {
  /** The class's name. */
  override readonly name: string = "NotNeededError";
}

/** The pieces of one `map`. Nothing runs before the first result is asked for. */
export class PieceMap<I, O> implements Mapped<O> {
  readonly #keys = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  /** What was started and not yet given, in order. */
  readonly #window: Entry<O>[] = [];
  readonly #starts: number[] = [];
  readonly #halt: Halt;
  #source: Items<I> | undefined;
  #onChange: () => void = () => {};
  #paced: Promise<void> = Promise.resolve();
  #isUsed = false;
  #endsOnFailure = false;
  #stuck: UnresponsiveTaskError | undefined;
  /** Something has ended, or come, that was waited for. */
  readonly #tell = (): void => this.#onChange();

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
    // What `deno run` does not check: a call without a name is otherwise told as something else.
    if (typeof run !== "function" || typeof options?.key !== "function") {
      throw new TypeError(
        'map takes a name, the items, a function, and the key of each item: map("pages", urls, load, { key: (url) => url })',
      );
    }
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
    const items = new Items(this.items, this.#tell, (error) => this.#halt.halt(error));
    this.#source = items;
    this.#halt.signal.addEventListener("abort", this.#tell, { once: true });
    let isFailed = false;
    try {
      for (let index = 0;;) {
        index = this.#startAll(items, index);
        const result = this.#window[0]?.result;
        if (result !== undefined) {
          this.#window.shift();
          yield this.#given(result);
          continue;
        }
        if (this.#stuck !== undefined) throw this.#stuck;
        this.#halt.check();
        if (this.#window.length === 0 && items.isDone) return;
        await new Promise<void>((resolve) => this.#onChange = resolve);
      }
    } catch (error) {
      isFailed = true;
      throw error;
    } finally {
      await this.close(isFailed);
    }
  }

  /**
   * Ends what runs, and waits for it.
   *
   * @throws What the source threw when it was closed, where nothing else has failed.
   */
  async close(isFailed: boolean = true): Promise<void> {
    this.#halt.halt(new NotNeededError(`map "${this.name}" ended`));
    this.#halt.release();
    await Promise.allSettled(this.#running);
    try {
      // What reads an item cannot be told to end: it must not take the time in which the task has to.
      await this.#source?.close(this.#halt.graceMs / 2);
    } catch (error) {
      if (!isFailed) throw error;
    }
  }

  async #all(): Promise<O[]> {
    const results: O[] = [];
    for await (const result of this) results.push(result);
    return results;
  }

  #given(result: Settled<O>): Settled<O> {
    if (this.#stuck !== undefined) throw this.#stuck;
    // The end of the whole task is no failure of a piece.
    if (result.status === "rejected" && this.#halt.isHalted) throw this.#halt.reason;
    return result;
  }

  /** Starts all that may start without waiting; gives the index of the next item. */
  #startAll(items: Items<I>, from: number): number {
    const { concurrency = 1 } = this.options;
    let index = from;
    // As many results may wait for their turn as pieces may run, so that memory is bounded.
    while (!this.#halt.isHalted && this.#window.length < 2 * concurrency) {
      if (this.#running.size >= concurrency) {
        items.read();
        break;
      }
      const item = items.take();
      if (item === undefined) break;
      this.#start(item.value, index++);
    }
    return index;
  }

  #start(item: I, index: number): void {
    const { key: keyOf, rate, retry, timeout } = this.options;
    const key = keyOf(item, index);
    if (this.#keys.has(key)) {
      throw new Error(
        `map "${this.name}" has two items with the key "${key}": keys name pieces, so each needs its own`,
      );
    }
    this.#keys.add(key);
    const known = this.memo?.recall(key, item);
    if (known !== undefined) {
      this.#window.push({ result: { status: "fulfilled", value: known.value as O } });
      return;
    }
    this.#halt.check();
    const { memo } = this;
    memo?.check();
    const what = `piece "${key}" of map "${this.name}"`;
    const piece = runPiece(
      (context) => this.run(item, context),
      {
        halt: this.#halt,
        context: (number, halt) => this.context(key, number, halt),
        keep: memo && ((value) => memo.record(key, value, item)),
      },
      { what, retry, timeout, ...rate === undefined ? {} : { pace: () => this.#pace(rate) } },
    );
    const entry: Entry<O> = { result: undefined };
    this.#window.push(entry);
    const ended = piece.then(
      (value) => entry.result = { status: "fulfilled", value },
      (reason: unknown) => {
        entry.result = { status: "rejected", reason };
        this.#stuck ??= unresponsiveIn(reason);
        // At once, and not in its turn: what still runs or waits would be for nothing.
        if (this.#endsOnFailure) this.#halt.halt(reason);
      },
    ).then(() => {
      this.#running.delete(ended);
      this.#tell();
    });
    this.#running.add(ended);
  }

  /** Waits until one more try may start under the rate; one after another, so that none overtakes. */
  #pace(rate: Rate): Promise<void> {
    const pace = async (): Promise<void> => {
      const earliest = this.#starts.length < rate.count ? -Infinity : this.#starts.shift() ?? 0;
      const waitMs = earliest + parseDuration(rate.per) - monotonicMs();
      if (waitMs > 0) await sleep(waitMs, this.#halt.signal);
      this.#starts.push(monotonicMs());
    };
    // One that was told to end holds up no other.
    return this.#paced = this.#paced.then(pace, pace);
  }
}
