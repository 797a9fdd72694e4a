/**
 * Decodes values, trusting nothing in their bytes.
 *
 * @module
 */
import { CborInput } from "./cbor_input.ts";
import { ValueFormatError } from "./errors.ts";
import { arrayKindOfTag, type TypedArray, type ValueType } from "./type.ts";
import { MAX_DEPTH } from "./walk.ts";
import { DATA_VIEW_TAG } from "./writer.ts";
import { decodeWtf8 } from "./wtf8.ts";

/** How bytes are decoded. */
export interface DecodeOptions {
  /** Whether an array may take over the memory of `bytes`, so that nothing is copied. */
  readonly transfer?: boolean;
}

/**
 * The value of bytes that {@linkcode encodeValue} made. It shares no memory with them, unless
 * `transfer` lets it.
 *
 * @throws {ValueFormatError} Where they are not what the type says.
 */
export function decodeValue(
  type: ValueType,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): unknown {
  if (type.kind === "cbor") return new Reader(bytes).all();
  const buffer = ownBuffer(bytes, options.transfer === true);
  if (type.kind === "bytes") return buffer;
  const data = makeArray(type.tag, buffer, 0);
  if (type.shape === undefined) return data;
  return makeTensor(type.shape, data, 0);
}

function ownBuffer(bytes: Uint8Array, transfer: boolean): ArrayBuffer {
  const { buffer, byteLength } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength &&
    !buffer.resizable;
  return transfer && isWhole ? buffer : new Uint8Array(bytes).buffer;
}

function makeArray(tag: number, buffer: ArrayBuffer, offset: number): TypedArray {
  const kind = arrayKindOfTag(tag);
  if (kind === undefined) throw new ValueFormatError(offset, "a typed array's tag", `tag ${tag}`);
  if (buffer.byteLength % kind.size !== 0) {
    throw new ValueFormatError(offset, `a multiple of ${kind.size} bytes`, `${buffer.byteLength}`);
  }
  return kind.make(buffer, 0, buffer.byteLength / kind.size);
}

function makeTensor(shape: readonly number[], data: TypedArray, offset: number): unknown {
  const product = shape.reduce((all, size) => all * size, 1);
  if (product !== data.length || shape.length > 32) {
    throw new ValueFormatError(
      offset,
      `${data.length} elements`,
      `a shape of ${shape.slice(0, 8).join(" × ")}`,
    );
  }
  return { shape: [...shape], data };
}

const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader extends CborInput {
  #depth = 0;

  /** The one value that the bytes hold. */
  all(): unknown {
    const value = this.#item();
    const left = this.bytes.byteLength - this.at;
    if (left !== 0) throw this.error("the end", `${left} more bytes`);
    return value;
  }

  #item(): unknown {
    const start = this.at;
    const first = this.need(1);
    const major = first >> 5;
    if (major === 7) return this.#simple(first, start);
    const argument = this.argument(first & 31, start);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.byteString(argument).slice().buffer;
      case 3:
        return this.#string(argument);
    }
    if (++this.#depth > MAX_DEPTH + 2) throw this.error(`at most ${MAX_DEPTH} levels`, "more");
    const value = major === 4
      ? this.#array(argument)
      : major === 5
      ? this.#object(argument)
      : this.#tagged(argument, start);
    this.#depth--;
    return value;
  }

  #simple(first: number, start: number): unknown {
    if (first === 0xf4 || first === 0xf5) return first === 0xf5;
    if (first === 0xf6) return null;
    if (first === 0xf7) return undefined;
    if (first !== 0xfb) throw this.error("a known simple value", `0x${first.toString(16)}`, start);
    this.left(8);
    const value = this.view.getFloat64(this.at);
    this.at += 8;
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      throw this.error("an integer in its shortest form", "a float", start);
    }
    return value;
  }

  #string(length: number): string {
    const start = this.at;
    const bytes = this.byteString(length);
    try {
      return TEXT.decode(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw this.error("UTF-8", "other bytes", start);
    }
  }

  #array(length: number): unknown[] {
    this.left(length);
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.#item());
    return items;
  }

  #object(size: number): Record<string, unknown> {
    this.left(size * 2);
    const object: Record<string, unknown> = {};
    for (let index = 0; index < size; index++) {
      const start = this.at;
      const key = this.#item();
      if (typeof key !== "string") throw this.error("a text key", typeof key, start);
      if (Object.hasOwn(object, key)) {
        throw this.error("each key once", `"${key.slice(0, 40)}" again`, start);
      }
      const value = this.#item();
      if (key === "__proto__") {
        Object.defineProperty(object, key, {
          value,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      } else object[key] = value;
    }
    return object;
  }

  #tagged(tag: number, start: number): unknown {
    switch (tag) {
      case 1:
        return this.#date(start);
      case 2:
      case 3:
        return this.#bigint(tag, start);
      case 40:
        return this.#tensor(start);
      case 258:
        return this.#set(start);
      case 259:
        return this.#map(start);
      case 273:
        return this.#wtf8(start);
      case 1001:
        return this.#longDate(start);
      case DATA_VIEW_TAG:
        return new DataView(this.#bytesItem(start).slice().buffer);
    }
    if (arrayKindOfTag(tag) === undefined) throw this.error("a known tag", `tag ${tag}`, start);
    return makeArray(tag, this.#bytesItem(start).slice().buffer as ArrayBuffer, start);
  }

  #bytesItem(start: number): Uint8Array {
    const first = this.need(1);
    if (first >> 5 !== 2) {
      throw this.error("a byte string behind the tag", `0x${first.toString(16)}`, start);
    }
    return this.byteString(this.argument(first & 31, start));
  }

  #wtf8(start: number): string {
    const text = decodeWtf8(this.#bytesItem(start));
    if (text === undefined) throw this.error("WTF-8", "other bytes", start);
    return text;
  }

  #date(start: number): Date {
    const seconds = this.#item();
    const date = new Date(typeof seconds === "number" ? Math.round(seconds * 1000) : NaN);
    if (typeof seconds === "number" && (Number.isNaN(seconds) || !Number.isNaN(date.getTime()))) {
      return date;
    }
    throw this.error("a date", String(seconds).slice(0, 40), start);
  }

  #longDate(start: number): Date {
    const first = this.need(1);
    const keys = first === 0xa2 ? [this.#item(), this.#item(), this.#item(), this.#item()] : [];
    const [one, seconds, minusThree, ms] = keys;
    const date = new Date(Number(seconds) * 1000 + Number(ms));
    if (one === 1 && minusThree === -3 && !Number.isNaN(date.getTime())) return date;
    throw this.error("seconds and milliseconds", "another date", start);
  }

  #bigint(tag: number, start: number): bigint {
    const bytes = this.#bytesItem(start);
    if (bytes[0] === 0) throw this.error("a bigint without leading zeros", "one with", start);
    let hex = "0x0";
    for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
    const value = BigInt(hex);
    return tag === 2 ? value : -1n - value;
  }

  #tensor(start: number): unknown {
    const [shape, data, ...more] = this.#listItem(start);
    const isShape = Array.isArray(shape) &&
      shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isShape || !ArrayBuffer.isView(data) || data instanceof DataView || more.length > 0) {
      throw this.error("a shape and a typed array", "something else", start);
    }
    return makeTensor(shape as number[], data as TypedArray, start);
  }

  #set(start: number): Set<unknown> {
    const items = this.#listItem(start);
    const set = new Set(items);
    if (set.size !== items.length) throw this.error("each item of a set once", "one twice", start);
    return set;
  }

  #listItem(start: number): unknown[] {
    const first = this.need(1);
    if (first >> 5 !== 4) {
      throw this.error("an array behind the tag", `0x${first.toString(16)}`, start);
    }
    return this.#array(this.argument(first & 31, start));
  }

  #map(start: number): Map<unknown, unknown> {
    const first = this.need(1);
    if (first >> 5 !== 5) {
      throw this.error("a map behind the tag", `0x${first.toString(16)}`, start);
    }
    const size = this.argument(first & 31, start);
    this.left(size * 2);
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < size; index++) map.set(this.#item(), this.#item());
    if (map.size !== size) throw this.error("each key of a map once", "one twice", start);
    return map;
  }
}
