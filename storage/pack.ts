/**
 * Lays out what a save writes: which blobs lie in the manifest, and which blocks in a pack.
 *
 * @module
 */
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
import type { PackToWrite } from "./store.ts";
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
export class PackLayout implements PackToWrite {
  /** The bytes of each block: views on those of the values. */
  readonly blocks: (readonly Uint8Array[])[] = [];
  /** Where each lies; their sums are known once they are written. */
  readonly written: NewBlock[] = [];
  #offset = 0;

  /** How many bytes it has so far. */
  get byteLength(): number {
    return this.#offset;
  }

  /** Begins a pack. */
  constructor(
    /** The pack's name. */
    readonly name: string,
    /** Whether what is not in shared memory may be taken from whoever asks. */
    readonly isDisposable = false,
  ) {}

  /** Lays out a block behind the others. */
  add(pieces: readonly Uint8Array[], length: number): BlockRef {
    const offset = this.#offset + encodeHead(2, length).byteLength;
    const block: NewBlock = { pack: this.name, offset, length, crc32: 0 };
    this.blocks.push(pieces);
    this.written.push(block);
    this.#offset = offset + length;
    return block;
  }
}

/** Lays out blobs, into packs of what is new and one of what is copied. */
export class BlobLayout {
  /** How many bytes of blobs were laid out, in packs or in the manifest; blocks that stay where they are do not count. */
  blobBytes = 0;
  #fresh: PackLayout | undefined;
  #copied: PackLayout | undefined;

  /**
   * Takes how packs are begun: copies are as a rule written again less often, and so lie apart. What is
   * new goes to another pack once one has `packBytes`.
   */
  constructor(
    private readonly budget: InlineBudget,
    private readonly beginFresh: () => PackLayout,
    private readonly beginCopied: () => PackLayout = beginFresh,
    private readonly packBytes = Infinity,
  ) {}

  /** The pack of what is new next. */
  get fresh(): PackLayout {
    const pack = this.#fresh;
    if (pack !== undefined && pack.byteLength < this.packBytes) return pack;
    return this.#fresh = this.beginFresh();
  }

  /** The pack of what is copied. */
  get copied(): PackLayout {
    return this.#copied ??= this.beginCopied();
  }

  /** Lays out a blob, and gives its entry in the manifest. */
  add(blob: BlobToSave): BlobEntry {
    if ("absent" in blob) return { absent: true };
    if ("carry" in blob) return this.#carry(blob.carry, blob.copies);
    const { encoded, codec } = blob;
    const common = { type: encoded.type, codec, bytes: encoded.byteLength };
    if (encoded.byteLength <= Math.min(INLINE_BYTES, this.budget.leftBytes)) {
      this.budget.leftBytes -= encoded.byteLength;
      this.blobBytes += encoded.byteLength;
      return { ...common, inline: joinBytes(encoded.parts) };
    }
    return { ...common, blocks: this.#addBlocks(encoded, blob) };
  }

  #carry(entry: BlobEntry, copies: ReadonlyMap<BlockRef, Uint8Array> | undefined): BlobEntry {
    if (copies === undefined || "absent" in entry || entry.blocks === undefined) return entry;
    const blocks = entry.blocks.map((block) => {
      const bytes = copies.get(block);
      return bytes === undefined ? block : this.#write(this.copied, [bytes], block.length);
    });
    return { ...entry, blocks };
  }

  #addBlocks(
    { parts, byteLength }: EncodedValue,
    { known = [], copies }: Pick<Extract<BlobToSave, { encoded: unknown }>, "known" | "copies">,
  ): readonly BlockRef[] {
    const blocks = new Array<BlockRef>(Math.ceil(byteLength / BLOCK_BYTES));
    const source = new Pieces(parts);
    for (let index = 0; index < blocks.length; index++) {
      const length = Math.min(byteLength - index * BLOCK_BYTES, BLOCK_BYTES);
      const lies = known[index];
      const isKnown = lies?.length === length;
      if (isKnown && copies?.has(lies) !== true) {
        source.skip(length);
        blocks[index] = lies;
      } else {
        const pieces = source.take(length);
        // What is copied may be taken from whoever asks, and these bytes are the caller's.
        blocks[index] = isKnown
          ? this.#write(this.copied, pieces.map(ofOurOwn), length)
          : this.#write(this.fresh, pieces, length);
      }
    }
    return blocks;
  }

  #write(pack: PackLayout, pieces: readonly Uint8Array[], length: number): BlockRef {
    this.blobBytes += length;
    return pack.add(pieces, length);
  }
}

/** Bytes that a thread may take over: the same where threads share them. */
function ofOurOwn(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes : bytes.slice();
}

/** The blocks of packs in order, with their index among them. */
export function indexBlocks(packs: readonly PackLayout[]): ReadonlyMap<BlockRef, number> {
  return new Map(packs.flatMap(({ written }) => written).map((block, index) => [block, index]));
}

/**
 * Takes the sums of the blocks of packs, in order, into the entries that name them.
 *
 * @throws {Error} Where one is missing.
 */
export function setSums(packs: readonly PackLayout[], sums: readonly number[]): void {
  for (const [index, block] of packs.flatMap(({ written }) => written).entries()) {
    const sum = sums[index];
    if (sum === undefined) throw new Error(`the sum of block ${index} is missing`);
    block.crc32 = sum;
  }
}
