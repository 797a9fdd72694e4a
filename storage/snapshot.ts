/**
 * The bytes of a blob as they were last handed to a save, and which of its blocks are on disk.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { BLOCK_BYTES, type BlockRef } from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import type { EncodedValue } from "./value/mod.ts";

/** A value's bytes, and where those of its blocks lie that are committed already. */
export interface ComparedValue {
  /** The bytes, as views on the snapshot: the value itself may change from now on. */
  readonly encoded: EncodedValue;
  /** For each block where it lies; `undefined` where it has to be written. */
  readonly known: readonly (BlockRef | undefined)[];
}

/** Address space is reserved for a blob to grow by this much … */
const MOST_GROWTH = 8;
/** … but not for more than this. */
const MOST_BYTES = 64 * 1024 ** 3;

/**
 * A copy of a blob's bytes, with which the next save compares them block by block.
 *
 * A block is known to be on disk only once a manifest that names it is committed; until then each
 * save writes it again.
 *
 * @example
 * ```ts
 * import { encodeValue, Snapshot } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const snapshot = new Snapshot();
 * const { known } = snapshot.update(encodeValue(new Float32Array(100_000)));
 * assertEquals(known, [undefined, undefined]);
 * ```
 */
export class Snapshot {
  #memory: Uint8Array = new Uint8Array();
  #length = 0;
  #known: (BlockRef | undefined)[] = [];

  /** How many bytes of memory it takes. */
  get memoryBytes(): number {
    return this.#memory.byteLength;
  }

  /** Forgets the bytes, and keeps the memory for others: shared memory is collected late. */
  clear(): void {
    this.#length = 0;
    this.#known = [];
  }

  /** Takes over bytes that were read from these blocks; they must not change from now on. */
  adopt(bytes: Uint8Array<ArrayBuffer>, blocks: readonly BlockRef[]): void {
    this.#memory = bytes;
    this.#length = bytes.byteLength;
    this.#known = [...blocks];
  }

  /** Copies the blocks that differ from those of the last update, and tells which those are. */
  update(encoded: EncodedValue): ComparedValue {
    const { byteLength } = encoded;
    this.#reserve(byteLength);
    const source = new Pieces(encoded.parts);
    const count = Math.ceil(byteLength / BLOCK_BYTES);
    this.#known.length = Math.min(this.#known.length, count);
    for (let index = 0; index < count; index++) {
      const start = index * BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES, byteLength - start);
      const wasThere = Math.min(BLOCK_BYTES, Math.max(0, this.#length - start)) === length;
      if (!this.#take(source, start, length) || !wasThere) this.#known[index] = undefined;
    }
    this.#length = byteLength;
    const parts = byteLength === 0 ? [] : [this.#memory.subarray(0, byteLength)];
    return { encoded: { type: encoded.type, parts, byteLength }, known: [...this.#known] };
  }

  /** Takes note of where the blocks of the last update lie, now that their manifest is committed. */
  committed(blocks: readonly BlockRef[]): void {
    this.#known = [...blocks];
  }

  /** Brings one block up to date; gives whether it was so before. */
  #take(source: Pieces, start: number, length: number): boolean {
    let isSame = true;
    let at = start;
    for (const piece of source.take(length)) {
      const kept = this.#memory.subarray(at, at + piece.byteLength);
      if (Buffer.compare(piece, kept) !== 0) {
        isSame = false;
        kept.set(piece);
      }
      at += piece.byteLength;
    }
    return isSame;
  }

  /**
   * Makes room, in memory that a writer thread shares. It grows in place, as far as it can: shared
   * memory that is let go of is collected late.
   */
  #reserve(byteLength: number): void {
    const { buffer } = this.#memory;
    if (byteLength <= this.#memory.byteLength && buffer instanceof SharedArrayBuffer) return;
    if (buffer instanceof SharedArrayBuffer && byteLength <= buffer.maxByteLength) {
      buffer.grow(byteLength);
      this.#memory = new Uint8Array(buffer);
      return;
    }
    const maxByteLength = Math.min(byteLength * MOST_GROWTH, Math.max(byteLength, MOST_BYTES));
    const memory = new Uint8Array(new SharedArrayBuffer(byteLength, { maxByteLength }));
    memory.set(this.#memory.subarray(0, Math.min(this.#length, byteLength)));
    this.#memory = memory;
  }
}
