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
  /** For each block where it lies; `undefined` where it has to be written. It is the snapshot's own, as the bytes are. */
  readonly known: readonly (BlockRef | undefined)[];
}

/** So many bytes are compared at once, and their blocks only where they differ. */
const RUN_BYTES = 8 * BLOCK_BYTES;
/** Address space is reserved for a blob to grow by this much, or by less where that cannot be had … */
const GROWTHS = [8, 2, 1];
/** … but not for more than this. */
const MOST_BYTES = 64 * 1024 ** 3;
/**
 * A smaller one lies in ordinary memory, which a thread copies: each piece of shared memory takes
 * mappings of its own, of which a process may have some 65,000.
 */
const SHARED_BYTES = 1024 * 1024;

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
  /** A view on all of its memory. */
  #memory: Uint8Array = new Uint8Array();
  #length = 0;
  #known: (BlockRef | undefined)[] = [];

  /** Forgets the bytes, and keeps the memory for others: shared memory is collected late. */
  clear(): void {
    this.#length = 0;
    this.#known = [];
  }

  /** Copies bytes that were read from these blocks. */
  adopt(bytes: Uint8Array, blocks: readonly BlockRef[]): void {
    this.clear();
    this.#reserve(bytes.byteLength);
    this.#memory.set(bytes);
    this.#length = bytes.byteLength;
    this.#known = [...blocks];
  }

  /**
   * Reads blocks into its memory; those behind the first that cannot be read count as changed.
   *
   * @param read Fills memory that threads share with blocks, up to the first that is not what it should
   *   be, and gives how many those are.
   */
  async fill(
    blocks: readonly BlockRef[],
    read: (memory: Uint8Array, blocks: readonly BlockRef[]) => Promise<number>,
  ): Promise<void> {
    const lengthOf = (some: readonly BlockRef[]) =>
      some.reduce((sum, { length }) => sum + length, 0);
    this.clear();
    this.#reserve(lengthOf(blocks), 0);
    const count = await read(this.#memory.subarray(0, lengthOf(blocks)), blocks);
    this.#length = lengthOf(blocks.slice(0, count));
    this.#known = [...blocks];
  }

  /** Copies the blocks that differ from those of the last update, and tells which those are. */
  update(encoded: EncodedValue): ComparedValue {
    const { byteLength } = encoded;
    this.#reserve(byteLength);
    const source = new Pieces(encoded.parts);
    this.#known.length = Math.min(this.#known.length, Math.ceil(byteLength / BLOCK_BYTES));
    for (let start = 0; start < byteLength; start += RUN_BYTES) {
      const length = Math.min(RUN_BYTES, byteLength - start);
      const pieces = source.take(length);
      if (!this.#holds(pieces, start, length, RUN_BYTES)) this.#take(pieces, start, length);
    }
    this.#length = byteLength;
    const parts = byteLength === 0 ? [] : [this.#memory.subarray(0, byteLength)];
    return { encoded: { type: encoded.type, parts, byteLength }, known: this.#known };
  }

  /** Takes note of where the blocks of the last update lie, now that their manifest is committed. */
  committed(blocks: readonly BlockRef[]): void {
    this.#known.length = blocks.length;
    for (let index = 0; index < blocks.length; index++) this.#known[index] = blocks[index];
  }

  /** Whether the last update had the same bytes there, and no more up to the next limit. */
  #holds(pieces: readonly Uint8Array[], start: number, length: number, limit: number): boolean {
    if (Math.min(limit, this.#length - start) !== length) return false;
    let at = start;
    for (const piece of pieces) {
      const kept = this.#memory.subarray(at, at + piece.byteLength);
      if (Buffer.compare(piece, kept) !== 0) return false;
      at += piece.byteLength;
    }
    return true;
  }

  /** Brings the blocks of a run up to date. */
  #take(run: readonly Uint8Array[], start: number, byteLength: number): void {
    const source = new Pieces(run);
    for (let at = start; at < start + byteLength; at += BLOCK_BYTES) {
      const length = Math.min(BLOCK_BYTES, start + byteLength - at);
      const pieces = source.take(length);
      if (this.#holds(pieces, at, length, BLOCK_BYTES)) continue;
      this.#known[at / BLOCK_BYTES] = undefined;
      let to = at;
      for (const piece of pieces) {
        this.#memory.set(piece, to);
        to += piece.byteLength;
      }
    }
  }

  /**
   * Makes room, from `sharedFrom` bytes on in memory that a writer thread shares. That grows in place, as
   * far as it can: shared memory that is let go of is collected late.
   */
  #reserve(byteLength: number, sharedFrom = SHARED_BYTES): void {
    const { buffer } = this.#memory;
    const isShared = buffer instanceof SharedArrayBuffer;
    if (isShared && byteLength <= buffer.maxByteLength) {
      if (byteLength <= buffer.byteLength) return;
      buffer.grow(byteLength);
      this.#memory = new Uint8Array(buffer);
      return;
    }
    const becomesShared = isShared || byteLength >= sharedFrom;
    if (!becomesShared && byteLength <= this.#memory.byteLength) return;
    const memory = becomesShared ? sharedMemory(byteLength) : new Uint8Array(byteLength);
    memory.set(this.#memory.subarray(0, Math.min(this.#length, byteLength)));
    this.#memory = memory;
  }
}

/** Memory that threads share, with address space to grow. */
function sharedMemory(byteLength: number): Uint8Array {
  let failure: unknown;
  for (const growth of GROWTHS) {
    const maxByteLength = Math.min(byteLength * growth, Math.max(byteLength, MOST_BYTES));
    try {
      return new Uint8Array(new SharedArrayBuffer(byteLength, { maxByteLength }));
    } catch (error) {
      // A process may have a bound on its address space.
      failure = error;
    }
  }
  throw failure;
}
