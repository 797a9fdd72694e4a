/**
 * The texts of a record, most of which are short, and in other records too.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Texts of at most so many bytes are remembered: names of fields and kinds, ids. */
const SHORT_BYTES = 24;
/** How many are; a power of two. */
const SLOTS = 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Texts by a hash of their bytes, all of them ASCII; a later one takes the place of an earlier one. */
const known: (string | undefined)[] = new Array(SLOTS);

/**
 * Reads texts from bytes. To call the system's decoder for each costs several times what most of them
 * take, and a text that is there already takes no memory.
 */
export class RecordTexts {
  readonly #bytes: Uint8Array;
  readonly #buffer: Buffer;

  /** Takes the bytes of a record. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The text from one offset to another; `undefined` where that is not UTF-8. */
  read(from: number, to: number): string | undefined {
    const bytes = this.#bytes;
    let hash = to - from;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte > 0x7f) return this.#decoded(from, to);
      hash = Math.imul(hash, 31) + byte;
    }
    if (to - from > SHORT_BYTES) return this.#buffer.toString("latin1", from, to);
    const slot = hash & (SLOTS - 1);
    const last = known[slot];
    if (last !== undefined && this.#is(last, from, to)) return last;
    return known[slot] = this.#buffer.toString("latin1", from, to);
  }

  #is(text: string, from: number, to: number): boolean {
    if (text.length !== to - from) return false;
    for (let index = 0; index < text.length; index++) {
      if (text.charCodeAt(index) !== this.#bytes[from + index]) return false;
    }
    return true;
  }

  #decoded(from: number, to: number): string | undefined {
    try {
      return utf8.decode(this.#bytes.subarray(from, to));
    } catch {
      return undefined;
    }
  }
}
