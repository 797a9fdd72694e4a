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
  /** How many bytes of blobs were laid out, in the pack or in the manifest. */
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
    if ("carry" in blob) return blob.carry;
    const { encoded, codec } = blob;
    const common = { type: encoded.type, codec, bytes: encoded.byteLength };
    this.blobBytes += encoded.byteLength;
    if (encoded.byteLength <= Math.min(INLINE_BYTES, this.budget.leftBytes)) {
      this.budget.leftBytes -= encoded.byteLength;
      return { ...common, inline: joinBytes(encoded.parts) };
    }
    return { ...common, blocks: this.#addBlocks(encoded) };
  }

  #addBlocks({ parts, byteLength }: EncodedValue): readonly BlockRef[] {
    const blocks: BlockRef[] = [];
    const source = new Pieces(parts);
    for (let left = byteLength; left > 0;) {
      const length = Math.min(left, BLOCK_BYTES);
      const head = encodeHead(2, length);
      this.parts.push(head);
      const offset = this.#offset + head.byteLength;
      let sum = 0;
      for (const piece of source.take(length)) {
        sum = crc32(piece, sum);
        this.parts.push(piece);
      }
      blocks.push({ pack: this.name, offset, length, crc32: sum });
      this.#offset = offset + length;
      left -= length;
    }
    return blocks;
  }
}

/** Takes the bytes of several parts one after another. */
class Pieces {
  readonly #parts: readonly Uint8Array[];
  #index = 0;
  #at = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
  }

  /** The next `length` bytes, as views on the parts that hold them. */
  take(length: number): readonly Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const part = this.#parts[this.#index];
      if (part === undefined) throw new RangeError("an encoded value has fewer bytes than it says");
      const piece = part.subarray(this.#at, this.#at + left);
      if (piece.byteLength === 0) {
        this.#index++;
        this.#at = 0;
        continue;
      }
      pieces.push(piece);
      this.#at += piece.byteLength;
      left -= piece.byteLength;
    }
    return pieces;
  }
}
