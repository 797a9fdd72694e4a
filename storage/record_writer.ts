/**
 * Writes records.
 *
 * @module
 */
import { RecordBoundError } from "./errors.ts";
import { MAX_KEY, MAX_TEXT } from "./fields.ts";
import {
  compareBytes,
  encodeHead,
  isInteger,
  joinBytes,
  MAX_HEAD_BYTES,
  mostParts,
  putHead,
  type RecordValue,
} from "./record_cbor.ts";
import { Items, SumHole, type UnsummedRecord, type UnsummedValue } from "./unsummed.ts";

/** Texts of up to so many units are written here, where they are ASCII: a call to the encoder takes longer. */
const MOST_PLAIN = 128;
/** What the sum of a block takes. */
const SUM_BYTES = 5;

/**
 * Encodes a record's value: map keys in the order of their encoded bytes, floats in 64 bits.
 *
 * @throws {RecordBoundError} Where a text, or a map's key, is longer than a reader takes, or there are more arrays, maps and byte strings.
 */
export function encodeRecord(
  value: RecordValue,
  mostText: number = MAX_TEXT,
): Uint8Array<ArrayBuffer> {
  const writer = new RecordWriter(mostText);
  writer.value(value);
  return writer.bytes();
}

/** Encodes a record in which sums are missing, in the same way. */
export function encodeUnsummed(value: UnsummedValue): UnsummedRecord {
  const writer = new RecordWriter();
  writer.value(value);
  return { bytes: writer.bytes(), holes: writer.holes, blocks: writer.blocks };
}

const textEncoder = new TextEncoder();

/**
 * Memory for records, one after another: to clear new memory for each takes longer than to write most, and
 * what is let go of is given back late. It grows to that of the longest, but to no more than so much.
 */
let spare = new Uint8Array(4096);
const MOST_SPARE_BYTES = 4 * 1024 * 1024;

/** Writes into one piece of memory that grows: a manifest may have a hundred thousand numbers. */
class RecordWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;
  /** How many arrays, maps and byte strings there are that are not empty. */
  #parts = 0;
  /** Where sums are missing … */
  readonly holes: number[] = [];
  /** … and of which blocks. */
  readonly blocks: number[] = [];

  constructor(private readonly mostText: number = MAX_TEXT) {
    this.#bytes = spare;
    this.#view = new DataView(spare.buffer);
  }

  /** What was written, in memory of its own. */
  bytes(): Uint8Array<ArrayBuffer> {
    const most = mostParts(this.#at + SUM_BYTES * this.holes.length);
    if (this.#parts > most) {
      throw new RecordBoundError("a record", this.#parts, most, "arrays, maps and byte strings");
    }
    if (this.#bytes.byteLength <= MOST_SPARE_BYTES) spare = this.#bytes;
    return this.#bytes.slice(0, this.#at);
  }

  value(value: UnsummedValue): void {
    if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (typeof value === "boolean") this.#simple(value ? 0xf5 : 0xf4);
    else if (value === null) this.#simple(0xf6);
    else if (value instanceof Uint8Array) {
      this.#begin(2, value.byteLength);
      this.#raw(value);
    } else if (value instanceof Map) this.#map(value);
    else if (value instanceof SumHole) {
      this.holes.push(this.#at);
      this.blocks.push(value.block);
    } else if (value instanceof Items) {
      this.#begin(4, value.length);
      for (let index = 0; index < value.length; index++) this.value(value.at(index));
    } else {
      const values = value as readonly UnsummedValue[];
      this.#begin(4, values.length);
      // An iterator, and what it gives for each item, would be most of the garbage of a save.
      for (let at = 0; at < values.length; at++) this.value(values[at] as UnsummedValue);
    }
  }

  /** Begins an array, a map or a byte string. */
  #begin(major: number, size: number): void {
    if (size > 0) this.#parts++;
    this.#head(major, size);
  }

  #map(map: ReadonlyMap<string, UnsummedValue>): void {
    this.#begin(5, map.size);
    for (const [key, value] of isInOrder(map) ? map : inOrder(map)) {
      this.#raw(encodeKey(key));
      this.value(value);
    }
  }

  #number(value: number): void {
    if (isInteger(value)) return value >= 0 ? this.#head(0, value) : this.#head(1, -1 - value);
    this.#simple(0xfb);
    this.#reserve(8);
    // All NaNs are alike, and written alike.
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  #text(text: string): void {
    if (text.length <= MOST_PLAIN && this.#plainText(text)) return;
    checkLength(text, this.mostText);
    const bytes = encodeText(text);
    this.#head(3, bytes.byteLength);
    this.#raw(bytes);
  }

  /** Writes a text that is ASCII; gives whether it is. */
  #plainText(text: string): boolean {
    const start = this.#at;
    this.#head(3, text.length);
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) {
        this.#at = start;
        return false;
      }
      this.#bytes[this.#at++] = unit;
    }
    return true;
  }

  #simple(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  #head(major: number, argument: number): void {
    this.#reserve(MAX_HEAD_BYTES);
    this.#at = putHead(this.#view, this.#at, major, argument);
  }

  #reserve(count: number): void {
    const least = this.#at + count;
    if (least <= this.#bytes.byteLength) return;
    const bytes = new Uint8Array(Math.max(least, 2 * this.#bytes.byteLength));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Most keys are the names of fields, which come again. */
const keys = new Map<string, Uint8Array>();
const MOST_KEYS = 1000;

/** A key with its head. Keys are in the order of these bytes: as the head tells the length, the shorter one is first. */
function encodeKey(key: string): Uint8Array {
  let bytes = keys.get(key);
  if (bytes !== undefined) return bytes;
  checkLength(key, MAX_KEY);
  const text = encodeText(key);
  bytes = joinBytes([encodeHead(3, text.byteLength), text]);
  if (keys.size < MOST_KEYS && key.length <= MOST_PLAIN) keys.set(key, bytes);
  return bytes;
}

/** Whether a map's keys come in their order, as those of most records do. */
function isInOrder(map: ReadonlyMap<string, unknown>): boolean {
  if (map.size < 2) return true;
  let before: Uint8Array | undefined;
  for (const key of map.keys()) {
    const bytes = encodeKey(key);
    if (before !== undefined && compareBytes(before, bytes) > 0) return false;
    before = bytes;
  }
  return true;
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  const entries = Array.from(map, (entry) => ({ entry, bytes: encodeKey(entry[0]) }));
  entries.sort((a, b) => compareBytes(a.bytes, b.bytes));
  return entries.map(({ entry }) => entry);
}

/** Refuses a text that a reader would. */
export function checkLength(text: string, most: number): void {
  if (text.length <= most) return;
  throw new RecordBoundError(
    JSON.stringify(`${text.slice(0, 100)}…`),
    text.length,
    most,
    "characters",
    ": shorten it, or keep it in a blob",
  );
}

function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return textEncoder.encode(text);
  throw new RangeError(
    `Cannot write ${JSON.stringify(text.slice(0, 100))}: it has a lone surrogate`,
  );
}
