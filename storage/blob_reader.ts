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
import { OpenPacks } from "./open_packs.ts";
import type { ObjectReader, Store, StoreOptions } from "./store.ts";

/** A block and where its bytes go; where they are only to be checked, into memory that is used again. */
interface Target {
  readonly block: BlockRef;
  readonly into?: Uint8Array;
}

/** Blocks of one pack that are read one after another. */
interface Chunk {
  readonly pack: string;
  readonly targets: readonly Target[];
}

/** So many chunks are read at once: to copy a file's bytes into fresh memory takes more than one thread can give. */
const LANES = 4;
/** The blocks of a chunk: enough that to change from one to the next costs little. */
const CHUNK_BLOCKS = 16;

/** Reads blobs of one manifest. */
export class BlobReader {
  readonly #store: Store;
  readonly #manifest: Manifest | undefined;
  readonly #options: StoreOptions;
  /** How many bytes were read of each pack; no two blocks of a manifest share any. */
  readonly #taken = new Map<string, number>();

  /** Names the manifest whose blobs are read; none of those that lie in logs. */
  constructor(store: Store, manifest: Manifest | undefined, options: StoreOptions = {}) {
    this.#store = store;
    this.#manifest = manifest;
    this.#options = options;
  }

  /**
   * Reads the bytes of blobs into memory of their own, reading only their blocks. All packs are opened
   * before the first byte is read.
   *
   * @throws {DamagedError} Where a pack is missing or short, or a block's sum is another.
   */
  async read(blobs: readonly PresentBlob[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const blocks = blobs.flatMap(({ blocks = [] }) => blocks);
    using packs = await this.#openAll(blocks);
    // What is on disk bounds what is allocated.
    await this.#checkSizes(blocks, packs);
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
    await this.#readTargets(targets, packs);
    return buffers;
  }

  /** Reads blocks only to check their sums. */
  async verify(blocks: readonly BlockRef[]): Promise<void> {
    using packs = await this.#openAll(blocks);
    await this.#checkSizes(blocks, packs);
    await this.#readTargets(blocks.map((block) => ({ block })), packs);
  }

  /** Checks that the packs of blocks are there, and hold as many bytes as they should. */
  async checkPacks(blocks: readonly BlockRef[]): Promise<void> {
    await this.#checkSizes(blocks, undefined);
  }

  async #openAll(blocks: readonly BlockRef[]): Promise<OpenPacks> {
    const needs = this.#needs(blocks);
    const packs = new OpenPacks((pack) => this.#open(pack, needs.get(pack) ?? 0));
    try {
      await packs.openAll(readersOf(blocks));
    } catch (error) {
      packs[Symbol.dispose]();
      throw error;
    }
    return packs;
  }

  async #checkSizes(blocks: readonly BlockRef[], packs: OpenPacks | undefined): Promise<void> {
    for (const [pack, expected] of this.#needs(blocks)) {
      const bytes = packs?.byteLength(pack) ??
        (await this.#store.stat(pack, this.#options))?.byteLength;
      if (bytes === undefined) throw await this.#missing(pack, expected);
      if (bytes < expected) {
        throw new DamagedError(pack, `at least ${expected} bytes`, `${bytes}`);
      }
    }
  }

  /** How many bytes each pack must have. */
  #needs(blocks: readonly BlockRef[]): ReadonlyMap<string, number> {
    const needs = new Map<string, { end: number; total: number }>();
    for (const { pack, offset, length } of blocks) {
      const need = needs.get(pack) ?? { end: 0, total: this.#taken.get(pack) ?? 0 };
      need.end = Math.max(need.end, offset + length);
      need.total += length;
      needs.set(pack, need);
    }
    return new Map(
      [...needs].map(([pack, { end, total }]) => [pack, Math.max(end, total)]),
    );
  }

  /**
   * Reads chunks at once, and gives up with the first that is damaged, in their order; nothing is read
   * any more when it settles.
   */
  async #readTargets(targets: readonly Target[], packs: OpenPacks): Promise<void> {
    const chunks = chunksOf(targets);
    let next = 0;
    let failed = chunks.length;
    let error: unknown;
    const readLane = async (): Promise<void> => {
      const scratch = new Uint8Array(targets.some(({ into }) => !into) ? BLOCK_BYTES : 0);
      while (next < failed) {
        const index = next++;
        try {
          await this.#readChunk(chunks[index], packs, scratch);
        } catch (reason) {
          if (index >= failed) continue;
          failed = index;
          error = reason;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, chunks.length) }, readLane));
    if (failed < chunks.length) throw error;
  }

  async #readChunk(
    chunk: Chunk | undefined,
    packs: OpenPacks,
    scratch: Uint8Array,
  ): Promise<void> {
    if (chunk === undefined) return;
    const reader = await packs.take(chunk.pack);
    for (const { block, into } of chunk.targets) {
      await this.#readBlock(reader, block, into ?? scratch.subarray(0, block.length));
    }
    packs.give(chunk.pack, reader);
  }

  async #readBlock(reader: ObjectReader, block: BlockRef, into: Uint8Array): Promise<void> {
    const { pack, offset, length } = block;
    const where = `at byte ${offset}`;
    const read = await reader.readAt(offset, into, this.#options);
    if (read !== length) throw new DamagedError(pack, `${length} bytes ${where}`, `${read}`);
    const sum = crc32(into);
    if (sum === block.crc32) return;
    throw new DamagedError(pack, `a block with CRC-32 ${hex(block.crc32)} ${where}`, hex(sum));
  }

  async #open(pack: string, bytes: number): Promise<ObjectReader> {
    try {
      return await this.#store.open(pack, this.#options);
    } catch (error) {
      if (error instanceof ObjectNotFoundError) throw await this.#missing(pack, bytes);
      throw error;
    }
  }

  /** A pack that is gone with its manifest was removed; one that a manifest still names is missing. */
  async #missing(pack: string, bytes: number): Promise<Error> {
    const manifest = this.#manifest;
    const isGone = manifest !== undefined &&
      await this.#store.stat(manifestName(manifest), this.#options) === undefined;
    return isGone
      ? new CheckpointNotFoundError(formatRef(manifest), this.#store.place, [], true)
      : new DamagedError(pack, `at least ${bytes} bytes`, "no such object");
  }
}

/** How many readers of each pack are busy at once, at most. */
function readersOf(blocks: readonly BlockRef[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { pack } of blocks) counts.set(pack, (counts.get(pack) ?? 0) + 1);
  const readers = [...counts].map(([pack, count]) =>
    [pack, Math.min(LANES, Math.ceil(count / CHUNK_BLOCKS))] as const
  );
  return new Map(readers);
}

/** Pack by pack, in the order in which the blocks lie there. */
function chunksOf(targets: readonly Target[]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (const [pack, inPack] of Map.groupBy(targets, ({ block }) => block.pack)) {
    inPack.sort((a, b) => a.block.offset - b.block.offset);
    for (let at = 0; at < inPack.length; at += CHUNK_BLOCKS) {
      chunks.push({ pack, targets: inPack.slice(at, at + CHUNK_BLOCKS) });
    }
  }
  return chunks;
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
