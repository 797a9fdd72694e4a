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

/** A pack as it is laid out: a CBOR sequence of byte strings, one for each block. */
export class PackLayout {
  /** The pack's bytes: views on those of the values, and the heads between them. */
  readonly parts: Uint8Array[] = [];
  /** How many bytes of blobs were laid out, in the pack or in the manifest; blocks that stay where they are do not count. */
  blobBytes = 0;
  #offset = 0;

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

  #addBlock(pieces: readonly Uint8Array[], length: number): BlockRef {
    const head = encodeHead(2, length);
    const offset = this.#offset + head.byteLength;
    const sum = pieces.reduce((sum, piece) => crc32(piece, sum), 0);
    this.parts.push(head, ...pieces);
    this.blobBytes += length;
    this.#offset = offset + length;
    return { pack: this.name, offset, length, crc32: sum };
  }
}
