/**
 * Lays out what a save writes: which blobs lie in the manifest, and which blocks in a pack.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import {
  type BlobEntry,
  type BlobToSave,
  BLOCK_BYTES,
  type BlockRef,
  INLINE_BYTES,
  INLINE_TOTAL_BYTES,
} from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import { encodeHead, joinBytes } from "./record_cbor.ts";
import type { EncodedValue } from "./value/mod.ts";

/** How many bytes of new blobs may still lie in the manifest. */
export interface InlineBudget {
  /** What is left of it. */
  leftBytes: number;
}

/** A budget for a save. */
export function inlineBudget(): InlineBudget {
  return { leftBytes: INLINE_TOTAL_BYTES };
}

/** A block whose sum is known once it is written. */
type NewBlock = { -readonly [Key in keyof BlockRef]: BlockRef[Key] };

/** A pack as it is laid out: a CBOR sequence of byte strings, one for each block. */
export class PackLayout {
  /** The bytes of each block: views on those of the values. */
  readonly blocks: (readonly Uint8Array[])[] = [];
  /** How many bytes of blobs were laid out, in the pack or in the manifest; blocks that stay where they are do not count. */
  blobBytes = 0;
  #offset = 0;
  readonly #new: NewBlock[] = [];

  /** Begins a pack. */
  constructor(
    /** The pack's name. */
    readonly name: string,
    private readonly budget: InlineBudget,
  ) {}

  /** Lays out a blob, and gives its entry in the manifest. */
  add(blob: BlobToSave): BlobEntry {
    if ("absent" in blob) return { absent: true };
    if ("carry" in blob) return this.#carry(blob.carry, blob.copies);
    const { encoded, codec, known = [] } = blob;
    const common = { type: encoded.type, codec, bytes: encoded.byteLength };
    if (encoded.byteLength <= Math.min(INLINE_BYTES, this.budget.leftBytes)) {
      this.budget.leftBytes -= encoded.byteLength;
      this.blobBytes += encoded.byteLength;
      return { ...common, inline: joinBytes(encoded.parts) };
    }
    return { ...common, blocks: this.#addBlocks(encoded, known) };
  }

  #carry(entry: BlobEntry, copies: ReadonlyMap<BlockRef, Uint8Array> | undefined): BlobEntry {
    if (copies === undefined || "absent" in entry || entry.blocks === undefined) return entry;
    const blocks = entry.blocks.map((block) => {
      const bytes = copies.get(block);
      return bytes === undefined ? block : this.#addBlock([bytes], block.length);
    });
    return { ...entry, blocks };
  }

  #addBlocks(
    { parts, byteLength }: EncodedValue,
    known: readonly (BlockRef | undefined)[],
  ): readonly BlockRef[] {
    const blocks: BlockRef[] = [];
    const source = new Pieces(parts);
    for (let left = byteLength; left > 0;) {
      const length = Math.min(left, BLOCK_BYTES);
      const pieces = source.take(length);
      const lies = known[blocks.length];
      blocks.push(lies?.length === length ? lies : this.#addBlock(pieces, length));
      left -= length;
    }
    return blocks;
  }

  /** The pack's bytes: the blocks, and the heads between them. */
  *parts(): Iterable<Uint8Array> {
    for (const [index, pieces] of this.blocks.entries()) {
      yield encodeHead(2, this.#new[index]?.length ?? 0);
      yield* pieces;
    }
  }

  /** Works out the sums of the blocks. */
  sum(): readonly number[] {
    return this.blocks.map((pieces) => pieces.reduce((sum, piece) => crc32(piece, sum), 0));
  }

  /** Takes the sums of the blocks into the entries that name them. */
  setSums(sums: readonly number[]): void {
    this.#new.forEach((block, index) => block.crc32 = sums[index] ?? 0);
  }

  #addBlock(pieces: readonly Uint8Array[], length: number): BlockRef {
    const offset = this.#offset + encodeHead(2, length).byteLength;
    const block: NewBlock = { pack: this.name, offset, length, crc32: 0 };
    this.blocks.push(pieces);
    this.#new.push(block);
    this.blobBytes += length;
    this.#offset = offset + length;
    return block;
  }
}
