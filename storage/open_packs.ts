/**
 * Packs held open while blobs are read out of them.
 *
 * @module
 */
import type { ObjectReader } from "./store.ts";

/** The most readers that are held open; more are opened when they are needed, and closed right after. */
const MOST_OPEN = 256;

/**
 * Readers of packs, opened before the first byte is read: a pack that is removed meanwhile can be read
 * to its end, where the system allows. Each reader serves one at a time.
 */
export class OpenPacks implements Disposable {
  readonly #open: (pack: string) => Promise<ObjectReader>;
  readonly #held = new Set<ObjectReader>();
  readonly #passing = new Set<ObjectReader>();
  readonly #idle = new Map<string, ObjectReader[]>();

  /** Takes how a pack is opened. */
  constructor(open: (pack: string) => Promise<ObjectReader>) {
    this.#open = open;
  }

  /** Opens packs, each as often as it will be read at once, as far as that is not too many. */
  async openAll(readers: ReadonlyMap<string, number>): Promise<void> {
    for (const [pack, count] of readers) {
      for (let opened = 0; opened < count; opened++) {
        if (this.#held.size >= MOST_OPEN) return;
        const reader = await this.#open(pack);
        this.#held.add(reader);
        this.give(pack, reader);
      }
    }
  }

  /** The size of a pack that is open. */
  byteLength(pack: string): number | undefined {
    return this.#idle.get(pack)?.[0]?.byteLength;
  }

  /** A reader of a pack that nobody else has. */
  async take(pack: string): Promise<ObjectReader> {
    const idle = this.#idle.get(pack)?.pop();
    if (idle !== undefined) return idle;
    const reader = await this.#open(pack);
    this.#passing.add(reader);
    return reader;
  }

  /** Gives a reader back. */
  give(pack: string, reader: ObjectReader): void {
    if (this.#passing.delete(reader)) return reader[Symbol.dispose]();
    const idle = this.#idle.get(pack);
    if (idle === undefined) this.#idle.set(pack, [reader]);
    else idle.push(reader);
  }

  /** Closes all readers, none of which may be reading. */
  [Symbol.dispose](): void {
    for (const reader of [...this.#held, ...this.#passing]) reader[Symbol.dispose]();
  }
}
