/**
 * Reads values from CBOR, in the one form in which they are written.
 *
 * @module
 */
import { CborInput } from "./cbor_input.ts";
import { setProperty } from "./clone.ts";
import { exactSeconds, fromSeconds } from "./dates.ts";
import { ValueFormatError } from "./errors.ts";
import { MAX_BIGINT_BYTES, MAX_DEPTH, MAX_ENTRIES, MAX_ITEMS } from "./limits.ts";
import { decodeShortText, decodeText } from "./text.ts";
import { arrayKindOfTag, isShapeOf, isTensor, type TypedArray } from "./type.ts";
import { DATA_VIEW_TAG } from "./writer.ts";
import { decodeWtf8 } from "./wtf8.ts";

/** The depth at which only a primitive can be. */
const NO_OBJECT = Infinity;
const BYTES = 2;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

/** The typed array of a tag over all of a buffer. */
export function makeArray(tag: number, buffer: ArrayBuffer, offset: number): TypedArray {
  const kind = arrayKindOfTag(tag);
  if (kind === undefined) throw new ValueFormatError(offset, "a known tag", `tag ${tag}`);
  if (buffer.byteLength % kind.size !== 0) {
    throw new ValueFormatError(offset, `a multiple of ${kind.size} bytes`, `${buffer.byteLength}`);
  }
  return kind.make(buffer, 0, buffer.byteLength / kind.size);
}

/** A tensor. */
export function makeTensor(shape: readonly unknown[], data: TypedArray, offset: number): unknown {
  if (isShapeOf(shape, data.length)) return { shape: [...shape], data };
  const sizes = shape.slice(0, 8).map((size) => typeof size === "number" ? size : typeof size);
  throw new ValueFormatError(
    offset,
    `a shape of ${data.length} elements`,
    `one of ${shape.length} dimensions: ${sizes.join(" × ")}`,
  );
}

/** Reads one value. */
export class ValueReader extends CborInput {
  /** The one value that the bytes hold. */
  all(): unknown {
    const value = this.#item(0);
    const left = this.bytes.byteLength - this.at;
    if (left !== 0) throw this.error("the end", `${left} more bytes`);
    return value;
  }

  /** The next item, which lies inside so many others. */
  #item(depth: number): unknown {
    const start = this.at;
    const first = this.next();
    const major = first >> 5;
    if (major === 7) return this.#simple(first, start);
    const argument = this.argument(first & 31, start);
    switch (major) {
      case 0:
        return argument;
      case 1:
        if (argument === Number.MAX_SAFE_INTEGER) {
          throw this.error("a safe integer", "-2^53", start);
        }
        return -1 - argument;
      case 3:
        return this.#text(argument);
    }
    if (major === 6 && argument <= 3 && argument >= 2) return this.#bigint(argument, start);
    if (major === 6 && argument === 273) return this.#wtf8(start);
    if (depth >= MAX_DEPTH) {
      throw depth === NO_OBJECT
        ? this.error("a primitive", `an object (0x${first.toString(16)})`, start)
        : this.error(`at most ${MAX_DEPTH} levels`, "more", start);
    }
    switch (major) {
      case BYTES:
        return this.byteString(argument).slice().buffer;
      case ARRAY:
        return this.#items(argument, depth);
      case MAP:
        return this.#object(argument, depth, start);
      default:
        return this.#tagged(argument, depth, start);
    }
  }

  #simple(first: number, start: number): unknown {
    if (first === 0xf4 || first === 0xf5) return first === 0xf5;
    if (first === 0xf6) return null;
    if (first === 0xf7) return undefined;
    if (first !== 0xfb) throw this.error("a known simple value", `0x${first.toString(16)}`, start);
    this.left(8);
    const value = this.view.getFloat64(this.at);
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      throw this.error("an integer in its shortest form", "a float", start);
    }
    if (Number.isNaN(value)) {
      const { view, at } = this;
      const isUsual = view.getUint32(at) === 0x7ff8_0000 && view.getUint32(at + 4) === 0;
      if (!isUsual) throw this.error("the usual NaN", "another", start);
    }
    this.at += 8;
    return value;
  }

  #text(length: number): string {
    const start = this.at;
    this.left(length);
    this.at += length;
    const short = decodeShortText(this.bytes, start, length);
    if (short !== undefined) return short;
    try {
      return decodeText(this.bytes.subarray(start, this.at));
    } catch (error) {
      throw this.error("UTF-8", "other bytes", start, error);
    }
  }

  #wtf8(start: number): string {
    const text = decodeWtf8(this.byteString(this.#length(BYTES, start)));
    if (text === undefined) throw this.error("WTF-8 of half a surrogate pair", "others", start);
    return text;
  }

  #bigint(tag: number, start: number): bigint {
    const bytes = this.byteString(this.#length(BYTES, start));
    if (bytes[0] === 0) throw this.error("a bigint without leading zeros", "one with", start);
    if (bytes.byteLength > MAX_BIGINT_BYTES) {
      throw this.error(`a bigint of at most ${MAX_BIGINT_BYTES} bytes`, "a longer one", start);
    }
    const value = BigInt(`0x0${bytes.toHex()}`);
    return tag === 2 ? value : -1n - value;
  }

  #items(length: number, depth: number): unknown[] {
    this.left(length);
    this.#atMost(length, MAX_ITEMS);
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.#item(depth + 1));
    return items;
  }

  #object(size: number, depth: number, start: number): Record<string, unknown> {
    this.left(size * 2);
    this.#atMost(size, MAX_ENTRIES);
    const object: Record<string, unknown> = {};
    let least = 0;
    for (let index = 0; index < size; index++) {
      const at = this.at;
      const key = this.#item(NO_OBJECT);
      if (typeof key !== "string") throw this.error("a text key", typeof key, at);
      if (Object.hasOwn(object, key)) {
        throw this.error("each key once", `${JSON.stringify(key.slice(0, 40))} again`, at);
      }
      // An object has the keys that are indices first, in the order of their numbers.
      const number = indexOf(key);
      if (number === undefined) least = Infinity;
      else if (number < least) throw this.error("keys in their order", `"${key}"`, at);
      else least = number;
      setProperty(object, key, this.#item(depth + 1));
    }
    if (size === 2 && isTensor(object)) throw this.error("tag 40 on a tensor", "none", start);
    return object;
  }

  #tagged(tag: number, depth: number, start: number): unknown {
    switch (tag) {
      case 1:
        return this.#date(start);
      case 40:
        return this.#tensor(start);
      case 258:
        return this.#set(depth, start);
      case 259:
        return this.#map(depth, start);
      case 1001:
        return this.#longDate(start);
    }
    return tag === DATA_VIEW_TAG ? new DataView(this.#buffer(start)) : this.#typedArray(tag, start);
  }

  #typedArray(tag: number, start: number): TypedArray {
    if (arrayKindOfTag(tag) === undefined) throw this.error("a known tag", `tag ${tag}`, start);
    return makeArray(tag, this.#buffer(start), start);
  }

  /** A byte string behind a tag, in a buffer of its own. */
  #buffer(start: number): ArrayBuffer {
    return this.byteString(this.#length(BYTES, start)).slice().buffer;
  }

  #date(start: number): Date {
    const seconds = this.#item(NO_OBJECT);
    const ms = typeof seconds === "number" ? fromSeconds(seconds) : undefined;
    const date = new Date(ms ?? NaN);
    const isTime = Object.is(date.getTime(), ms) &&
      Object.is(exactSeconds(date.getTime()), seconds);
    if (!isTime) throw this.error("a date", "another item", start);
    return date;
  }

  #longDate(start: number): Date {
    const size = this.#length(MAP, start);
    const parts: unknown[] = [];
    while (parts.length < 2 * Math.min(size, 2)) parts.push(this.#item(NO_OBJECT));
    const [one, seconds, minusThree, ms] = parts;
    if (size === 2 && one === 1 && minusThree === -3 && isWhole(seconds) && isWhole(ms)) {
      const date = new Date(seconds * 1000 + ms);
      const isShort = exactSeconds(date.getTime()) !== undefined;
      if (ms >= 0 && ms < 1000 && !isShort && !Number.isNaN(date.getTime())) return date;
    }
    throw this.error("seconds and milliseconds that tag 1 has not", "another item", start);
  }

  #tensor(start: number): unknown {
    if (this.#length(ARRAY, start) !== 2) throw this.error("two items", "another number", start);
    const dimensions = this.#length(ARRAY, start);
    this.left(dimensions);
    const shape: unknown[] = [];
    for (let index = 0; index < dimensions; index++) shape.push(this.#item(NO_OBJECT));
    const at = this.at;
    const data = this.#typedArray(this.#length(TAG, at), at);
    return makeTensor(shape, data, start);
  }

  #set(depth: number, start: number): Set<unknown> {
    const length = this.#length(ARRAY, start);
    this.left(length);
    this.#atMost(length, MAX_ENTRIES);
    const set = new Set<unknown>();
    for (let index = 0; index < length; index++) set.add(this.#key(depth));
    if (set.size !== length) throw this.error("each item of a set once", "one twice", start);
    return set;
  }

  #map(depth: number, start: number): Map<unknown, unknown> {
    const size = this.#length(MAP, start);
    this.left(size * 2);
    this.#atMost(size, MAX_ENTRIES);
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < size; index++) map.set(this.#key(depth), this.#item(depth + 1));
    if (map.size !== size) throw this.error("each key of a map once", "one twice", start);
    return map;
  }

  /** A key of a Map or an item of a Set, which cannot be -0. */
  #key(depth: number): unknown {
    const start = this.at;
    const key = this.#item(depth + 1);
    if (Object.is(key, -0)) throw this.error("0", "-0", start);
    return key;
  }

  /** The argument of the item behind a tag, which has to be of one kind. */
  #length(major: number, start: number): number {
    const first = this.next();
    if (first >> 5 === major) return this.argument(first & 31, start);
    throw this.error(`major type ${major} behind the tag`, `0x${first.toString(16)}`, start);
  }

  #atMost(count: number, most: number): void {
    if (count > most) throw this.error(`at most ${most} items`, `${count}`);
  }
}

/** The number of a key that is an array's index. */
function indexOf(key: string): number | undefined {
  const first = key.charCodeAt(0);
  if (!(first >= 0x30 && first <= 0x39) || key.length > 10) return undefined;
  const number = Number(key);
  return number < 2 ** 32 - 1 && String(number) === key ? number : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
