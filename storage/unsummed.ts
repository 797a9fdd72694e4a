/**
 * Records that name blocks whose sums are known only once they are written.
 *
 * @module
 */
import type { RecordValue } from "./record_cbor.ts";

/** Stands in a record for the CRC-32 of a block. */
export class SumHole {
  /** Takes the block's index among those that are written. */
  constructor(readonly block: number) {}
}

/** An array in a record that is made item by item: a manifest may name a hundred thousand blocks. */
export class Items {
  /** Takes how to make each item, which is written before the next one is made. */
  constructor(readonly length: number, readonly at: (index: number) => UnsummedValue) {}
}

/** What a record may have in it while its sums are not known. */
export type UnsummedValue =
  | RecordValue
  | SumHole
  | Items
  | readonly UnsummedValue[]
  | ReadonlyMap<string, UnsummedValue>;

/** The bytes of a record, without its seal and its sums. */
export interface UnsummedRecord {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Before which of them sums belong, in order. */
  readonly holes: readonly number[];
  /** Of which blocks. */
  readonly blocks: readonly number[];
}

/**
 * Puts the sums into a record, as CBOR integers in their shortest form, and seals it.
 *
 * It runs from its text too, so that it uses nothing from around it.
 *
 * @param sums The CRC-32 of each block that was written.
 * @param sha256 The SHA-256 of bytes.
 * @throws {Error} Where one is missing: the record would name a damaged block.
 */
export function withSums(
  { bytes, holes, blocks }: UnsummedRecord,
  sums: readonly number[],
  sha256: (bytes: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const LONGEST = 5;
  const SEAL_HEAD = [0x58, 0x20];
  const SEAL_BYTES = SEAL_HEAD.length + 32;
  const record = new Uint8Array(bytes.byteLength + holes.length * LONGEST + SEAL_BYTES);
  const view = new DataView(record.buffer);
  let at = 0;
  let from = 0;
  const copyTo = (end: number): void => {
    record.set(bytes.subarray(from, end), at);
    at += end - from;
    from = end;
  };
  const put = (sum: number): void => {
    if (sum < 24) view.setUint8(at++, sum);
    else if (sum < 0x100) {
      view.setUint16(at, 0x1800 | sum);
      at += 2;
    } else if (sum < 0x1_0000) {
      view.setUint8(at, 0x19);
      view.setUint16(at + 1, sum);
      at += 3;
    } else {
      view.setUint8(at, 0x1a);
      view.setUint32(at + 1, sum);
      at += LONGEST;
    }
  };
  for (const [index, hole] of holes.entries()) {
    copyTo(hole);
    const block = blocks[index];
    const sum = block === undefined ? undefined : sums[block];
    if (sum === undefined) throw new Error(`the sum of block ${block} is missing`);
    put(sum);
  }
  copyTo(bytes.byteLength);
  const seal = sha256(record.subarray(0, at));
  record.set(SEAL_HEAD, at);
  record.set(seal, at + SEAL_HEAD.length);
  return at + SEAL_BYTES === record.byteLength ? record : record.slice(0, at + SEAL_BYTES);
}
