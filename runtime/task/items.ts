/**
 * Takes items from a source, without waiting for one that is slow.
 *
 * @module
 */
import type { Awaitable } from "../../dsl/mod.ts";
import { after, isThenable } from "./turn.ts";

/** The items of a `map`, one after another; at most one is read ahead. */
export class Items<I> {
  readonly #source: Iterator<I> | AsyncIterator<I>;
  #next: { readonly value: I } | undefined;
  #isReading = false;
  #isDone = false;

  /** Takes the source, and whom to tell. */
  constructor(
    source: Iterable<I> | AsyncIterable<I>,
    /** Is told when an item has come that was waited for, or the last one has. */
    private readonly onChange: () => void,
    /** Is told of the source's own failure. */
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#source = Symbol.asyncIterator in source
      ? source[Symbol.asyncIterator]()
      : source[Symbol.iterator]();
  }

  /** Whether all have been taken. */
  get isDone(): boolean {
    return this.#isDone && this.#next === undefined;
  }

  /** Begins to read the next item, where that has not begun. */
  read(): void {
    if (this.#isDone || this.#isReading || this.#next !== undefined) return;
    const given = this.#source.next();
    if (!isThenable(given) && !isThenable(given.value)) return this.#arrived(given);
    this.#isReading = true;
    this.#wait(given).then(
      (result) => {
        this.#isReading = false;
        this.#arrived(result);
        this.onChange();
      },
      (error: unknown) => {
        this.#isReading = false;
        this.#isDone = true;
        this.onFailure(error);
        this.onChange();
      },
    );
  }

  /** The next item, where it has come; else it is being read. */
  take(): { readonly value: I } | undefined {
    this.read();
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Lets the source end, and waits for it, but no longer than a time. */
  async close(mostMs: number): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#next = undefined;
    const ended = this.#source.return?.();
    if (!isThenable(ended)) return;
    let callOff: (() => void) | undefined;
    const late = new Promise<void>((resolve) => callOff = after(mostMs, resolve));
    try {
      await Promise.race([ended, late]);
    } finally {
      callOff?.();
    }
  }

  /** As `for await` does, an item that a plain iterator gives as a promise is waited for. */
  async #wait(given: Awaitable<IteratorResult<I>>): Promise<IteratorResult<I>> {
    const result: IteratorResult<I> = await given;
    return result.done === true ? result : { done: false, value: await result.value };
  }

  #arrived(result: IteratorResult<I>): void {
    if (this.#isDone) return;
    if (result.done === true) this.#isDone = true;
    else this.#next = { value: result.value };
  }
}
