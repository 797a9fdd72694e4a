/**
 * The small part of CBOR (RFC 8949) that records are written in, and its reader.
 *
 * A general library would accept more than a record may have (tags, keys that occur twice, lengths
 * that ask for more memory than there are bytes) and write some numbers as others (`-0` as `0`, `2 ** 40` as a float),
 * so records have a writer and a reader of their own. Blobs are encoded elsewhere.
 *
 * @module
 */
import { RecordTexts } from "./record_texts.ts";

/** What a record may have in it. Maps have text keys; numbers are integers where they can be. */
export type RecordValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly RecordValue[]
  | RecordMap;

/** A map of a record. */
export type RecordMap = ReadonlyMap<string, RecordValue>;

/** Why bytes are no record. */
export class RecordSyntaxError extends Error {
  /** The class's name. */
  override readonly name: string = "RecordSyntaxError";
}

/** Arrays, maps and byte strings that are not empty take memory of their own: a record has one in so many bytes … */
const BYTES_PER_PART = 12;
/** … and so many more … */
const MORE_PARTS = 100_000;
/** … but no more than so many: each takes some hundred bytes of memory. */
const MOST_PARTS = 8_000_000;

/** How many arrays, maps and byte strings that are not empty a record of so many bytes may have. */
export function mostParts(byteLength: number): number {
  return Math.min(MOST_PARTS, MORE_PARTS + Math.floor(byteLength / BYTES_PER_PART));
}

const NO_VALUES: readonly RecordValue[] = [];
const NO_MAP: RecordMap = new Map();
const NO_BYTES = new Uint8Array();

/** The most of a text of a damaged record that a message shows. */
export const MOST_SHOWN = 1024;

/** How deep a record's arrays and maps may nest. */
export const MAX_DEPTH = 12;

/** The first bytes of an item: its major type and its argument, in the shortest form. */
export function encodeHead(major: number, argument: number): Uint8Array {
  const bytes = new Uint8Array(MAX_HEAD_BYTES);
  return bytes.subarray(0, putHead(new DataView(bytes.buffer), 0, major, argument));
}

/** The longest head. */
export const MAX_HEAD_BYTES = 9;

/** Puts an item's head into memory, and gives where it ends. */
export function putHead(view: DataView, at: number, major: number, argument: number): number {
  const type = major << 5;
  if (argument < 24) {
    view.setUint8(at, type | argument);
    return at + 1;
  }
  if (argument < 0x100) {
    view.setUint16(at, (type | 24) << 8 | argument);
    return at + 2;
  }
  if (argument < 0x1_0000) {
    view.setUint8(at, type | 25);
    view.setUint16(at + 1, argument);
    return at + 3;
  }
  if (argument <= 0xffff_ffff) {
    view.setUint8(at, type | 26);
    view.setUint32(at + 1, argument);
    return at + 5;
  }
  view.setUint8(at, type | 27);
  view.setBigUint64(at + 1, BigInt(argument));
  return at + 9;
}

/** Bytes one after another, in memory of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

/** Whether a number is written as an integer. */
export function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** Orders bytes as unsigned numbers, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return compareParts(a, 0, a.byteLength, b, 0, b.byteLength);
}

/** Orders parts of bytes, of which no view need be made. */
function compareParts(
  a: Uint8Array,
  aFrom: number,
  aTo: number,
  b: Uint8Array,
  bFrom: number,
  bTo: number,
): number {
  const length = Math.min(aTo - aFrom, bTo - bFrom);
  for (let at = 0; at < length; at++) {
    const difference = (a[aFrom + at] ?? 0) - (b[bFrom + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return (aTo - aFrom) - (bTo - bFrom);
}

/**
 * Decodes a record's value, which must fill the bytes. Byte strings are views on them.
 *
 * @throws {RecordSyntaxError} Where the bytes are not what `encodeRecord` writes.
 */
export function decodeRecord(bytes: Uint8Array): RecordValue {
  const reader = new RecordReader(bytes);
  const value = reader.value(0);
  if (reader.left > 0) throw new RecordSyntaxError(`${reader.left} bytes behind its end`);
  return value;
}

/** The one NaN that is written. */
const NAN_BITS = 0x7ff8_0000_0000_0000n;

class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #texts: RecordTexts;
  #at = 0;
  /** How many parts there may still be. */
  #parts: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#texts = new RecordTexts(bytes);
    this.#parts = mostParts(bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  value(depth: number): RecordValue {
    if (depth > MAX_DEPTH) throw this.#error(`values nested more than ${MAX_DEPTH} deep`);
    const first = this.#view.getUint8(this.#skip(1));
    const major = first >> 5;
    if (major === 7) return this.#simple(first);
    const argument = this.#argument(first & 31);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return argument === 0 ? NO_BYTES : this.#take(argument);
      case 3:
        return this.#text(argument);
      case 4:
        return argument === 0 ? NO_VALUES : this.#array(argument, depth);
      case 5:
        return argument === 0 ? NO_MAP : this.#map(argument, depth);
      default:
        throw this.#error("a tag");
    }
  }

  #array(count: number, depth: number): readonly RecordValue[] {
    // Each item takes a byte at least, which bounds what a count can make this allocate.
    if (count > this.left) throw this.#error(`an array of ${count} items in ${this.left} bytes`);
    this.#countPart();
    const values: RecordValue[] = [];
    for (let index = 0; index < count; index++) values.push(this.value(depth + 1));
    return values;
  }

  #map(count: number, depth: number): RecordMap {
    if (count * 2 > this.left) throw this.#error(`a map of ${count} pairs in ${this.left} bytes`);
    this.#countPart();
    const map = new Map<string, RecordValue>();
    let previous = this.#at;
    let previousEnd = this.#at;
    for (let index = 0; index < count; index++) {
      const start = this.#at;
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw this.#error("a map key that is no text");
      const bytes = this.#bytes;
      if (compareParts(bytes, previous, previousEnd, bytes, start, this.#at) >= 0) {
        throw this.#error(`the key "${key.slice(0, MOST_SHOWN)}" twice or out of order`);
      }
      previous = start;
      previousEnd = this.#at;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #text(length: number): string {
    const at = this.#skip(length);
    const text = this.#texts.read(at, this.#at);
    if (text === undefined) throw this.#error("text that is not UTF-8");
    return text;
  }

  #simple(first: number): RecordValue {
    if (first === 0xf4) return false;
    if (first === 0xf5) return true;
    if (first === 0xf6) return null;
    if (first !== 0xfb) throw this.#error(`the simple value 0x${first.toString(16)}`);
    const at = this.#skip(8);
    const value = this.#view.getFloat64(at);
    if (isInteger(value)) throw this.#error(`the integer ${value} as a float`);
    if (Number.isNaN(value) && this.#view.getBigUint64(at) !== NAN_BITS) {
      throw this.#error("another NaN than the one that is written");
    }
    return value;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw this.#error("an item of indefinite length");
    const size = 1 << (info - 24);
    const at = this.#skip(size);
    const argument = size === 1
      ? this.#view.getUint8(at)
      : size === 2
      ? this.#view.getUint16(at)
      : size === 4
      ? this.#view.getUint32(at)
      : Number(this.#view.getBigUint64(at));
    const least = size === 1 ? 24 : 2 ** (size * 4);
    if (argument < least) throw this.#error(`${argument} in more bytes than it takes`);
    if (!Number.isSafeInteger(argument)) throw this.#error("an integer of more than 53 bits");
    return argument;
  }

  #countPart(): void {
    if (this.#parts-- > 0) return;
    const most = mostParts(this.#bytes.byteLength);
    throw this.#error(`more than ${most} arrays, maps and byte strings that are not empty`);
  }

  #take(count: number): Uint8Array {
    this.#countPart();
    const at = this.#skip(count);
    return this.#bytes.subarray(at, this.#at);
  }

  /** Passes over bytes, and gives where they begin. */
  #skip(count: number): number {
    if (count > this.left) throw this.#error(`${count} bytes where ${this.left} are left`);
    this.#at += count;
    return this.#at - count;
  }

  #error(found: string): RecordSyntaxError {
    return new RecordSyntaxError(`${found} (at byte ${this.#at})`);
  }
}
