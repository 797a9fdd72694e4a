/**
 * Reads blobs out of packs, and checks every block.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { CheckpointNotFoundError, DamagedError, ObjectNotFoundError } from "./errors.ts";
import { formatRef, manifestName } from "./layout.ts";
import type { BlockRef, Manifest, PresentBlob } from "./manifest.ts";
import { BLOCK_BYTES } from "./manifest.ts";
import { decodeValue } from "./value/mod.ts";
import type { ObjectReader, Store, StoreOptions } from "./store.ts";

/** A block and where its bytes go. */
interface Target {
  readonly block: BlockRef;
  readonly into: Uint8Array;
}

/** Reads blobs of one manifest. */
export class BlobReader {
  readonly #store: Store;
  readonly #manifest: Manifest | undefined;
  readonly #options: StoreOptions;
  /** How many bytes were read of each pack; no two blobs of a manifest share a block. */
  readonly #taken = new Map<string, number>();

  /** Names the manifest whose blobs are read; none of those that lie in logs. */
  constructor(store: Store, manifest: Manifest | undefined, options: StoreOptions = {}) {
    this.#store = store;
    this.#manifest = manifest;
    this.#options = options;
  }

  /**
   * Reads the bytes of blobs into memory of their own, reading only their blocks.
   *
   * @throws {DamagedError} Where a pack is missing or short, or a block's sum is another.
   */
  async read(blobs: readonly PresentBlob[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const blocks = blobs.flatMap(({ blocks = [] }) => blocks);
    // What is on disk bounds what is allocated.
    await this.checkPacks(blocks);
    for (const { pack, length } of blocks) {
      this.#taken.set(pack, (this.#taken.get(pack) ?? 0) + length);
    }
    const targets: Target[] = [];
    const buffers = blobs.map(({ bytes, inline, blocks = [] }) => {
      if (inline !== undefined) return inline.slice();
      const buffer = new Uint8Array(bytes);
      blocks.forEach((block, index) => {
        const start = index * BLOCK_BYTES;
        targets.push({ block, into: buffer.subarray(start, start + block.length) });
      });
      return buffer;
    });
    await this.#readTargets(targets);
    return buffers;
  }

  /** Reads blocks only to check their sums. */
  async verify(blocks: readonly BlockRef[]): Promise<void> {
    await this.checkPacks(blocks);
    const scratch = new Uint8Array(BLOCK_BYTES);
    await this.#readTargets(
      blocks.map((block) => ({ block, into: scratch.subarray(0, block.length) })),
    );
  }

  /** Checks that the packs of blocks are there, and hold as many bytes as they should. */
  async checkPacks(blocks: readonly BlockRef[]): Promise<void> {
    const needs = new Map<string, { end: number; total: number }>();
    for (const { pack, offset, length } of blocks) {
      const need = needs.get(pack) ?? { end: 0, total: this.#taken.get(pack) ?? 0 };
      need.end = Math.max(need.end, offset + length);
      need.total += length;
      needs.set(pack, need);
    }
    for (const [pack, { end, total }] of needs) {
      const expected = Math.max(end, total);
      const info = await this.#store.stat(pack, this.#options);
      if (info === undefined) throw await this.#missing(pack, expected);
      if (info.byteLength < expected) {
        throw new DamagedError(pack, `at least ${expected} bytes`, `${info.byteLength}`);
      }
    }
  }

  /** Reads block after block, pack by pack, in the order in which they lie there. */
  async #readTargets(targets: readonly Target[]): Promise<void> {
    const packs = Map.groupBy(targets, ({ block }) => block.pack);
    for (const [pack, inPack] of packs) {
      inPack.sort((a, b) => a.block.offset - b.block.offset);
      using reader = await this.#open(pack);
      for (const target of inPack) await this.#readBlock(reader, target);
    }
  }

  async #readBlock(reader: ObjectReader, { block, into }: Target): Promise<void> {
    const { pack, offset, length } = block;
    const where = `at byte ${offset}`;
    const read = await reader.readAt(offset, into, this.#options);
    if (read !== length) throw new DamagedError(pack, `${length} bytes ${where}`, `${read}`);
    const sum = crc32(into);
    if (sum === block.crc32) return;
    throw new DamagedError(pack, `a block with CRC-32 ${hex(block.crc32)} ${where}`, hex(sum));
  }

  async #open(pack: string): Promise<ObjectReader> {
    try {
      return await this.#store.open(pack, this.#options);
    } catch (error) {
      if (error instanceof ObjectNotFoundError) throw await this.#missing(pack, 0);
      throw error;
    }
  }

  /** A pack that is gone with its manifest was removed; one that a manifest still names is missing. */
  async #missing(pack: string, bytes: number): Promise<Error> {
    const manifest = this.#manifest;
    const isGone = manifest !== undefined &&
      await this.#store.stat(manifestName(manifest), this.#options) === undefined;
    return isGone
      ? new CheckpointNotFoundError(formatRef(manifest), this.#store.place, [])
      : new DamagedError(pack, `a pack of at least ${bytes} bytes`, "no such object");
  }
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}

/**
 * A blob's value from its bytes.
 *
 * @throws {DamagedError} Where they are none.
 */
export function decodeBlob(where: string, { type }: PresentBlob, bytes: Uint8Array): unknown {
  try {
    return decodeValue(type, bytes, { transfer: true });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new DamagedError(where, "the bytes of an encoded value", found, { cause: error });
  }
}
