/**
 * Writes values as CBOR (RFC 8949), with typed arrays by RFC 8746.
 *
 * @module
 */
import { UnsupportedValueError } from "./errors.ts";
import { arrayKind, bytesOf, isTypedArray, type TypedArray } from "./type.ts";
import type { Visitor } from "./walk.ts";
import { encodeWtf8 } from "./wtf8.ts";

/** Arrays of this many bytes and more are not copied, but become parts of their own. */
const PART_BYTES = 4096;
const CHUNK_BYTES = 64 * 1024;
/** The most bytes that a value may take beside its large arrays. */
export const MAX_PLAIN_BYTES = 2 ** 30;

/** The tag of a DataView: a byte string. */
export const DATA_VIEW_TAG = 44_252;

/** Writes CBOR in the shortest form of each length, object keys in their own order. */
export class ValueWriter implements Visitor<void> {
  readonly #parts: Uint8Array[] = [];
  #chunk = new Uint8Array(256);
  #view = new DataView(this.#chunk.buffer);
  #at = 0;
  #total = 0;
  readonly #text = new TextEncoder();

  constructor(readonly name: string) {}

  finish(): readonly Uint8Array[] {
    this.#flush();
    return this.#parts;
  }

  leaf(value: string | number | boolean | bigint | null | undefined | Date): void {
    switch (typeof value) {
      case "number":
        return this.#number(value);
      case "string":
        return this.#string(value);
      case "boolean":
        return this.#byte(value ? 0xf5 : 0xf4);
      case "undefined":
        return this.#byte(0xf7);
      case "bigint":
        return this.#bigint(value);
      default:
        if (value === null) return this.#byte(0xf6);
        return this.#date(value.getTime());
    }
  }

  bytes(value: TypedArray | DataView | ArrayBuffer): void {
    if (value instanceof ArrayBuffer) return this.#byteString(new Uint8Array(value));
    this.#head(6, isTypedArray(value) ? arrayKind(value)?.tag ?? 0 : DATA_VIEW_TAG);
    this.#byteString(bytesOf(value));
  }

  tensor({ shape, data }: { shape: readonly number[]; data: TypedArray }): void {
    this.#head(6, 40);
    this.#head(4, 2);
    this.#head(4, shape.length);
    for (const size of shape) this.#number(size);
    this.bytes(data);
  }

  array(value: readonly unknown[], each: (item: unknown, index: number) => void): void {
    this.#head(4, value.length);
    for (let index = 0; index < value.length; index++) each(value[index], index);
  }

  map(value: ReadonlyMap<unknown, unknown>, each: (part: unknown, path: string) => void): void {
    this.#head(6, 259);
    this.#head(5, value.size);
    let index = 0;
    for (const [key, item] of value) {
      each(key, `(key ${index})`);
      each(item, `(value ${index++})`);
    }
  }

  set(value: ReadonlySet<unknown>, each: (part: unknown, path: string) => void): void {
    this.#head(6, 258);
    this.#head(4, value.size);
    let index = 0;
    for (const item of value) each(item, `(item ${index++})`);
  }

  object(_: Record<string, unknown>, keys: readonly string[], each: (key: string) => void): void {
    this.#head(5, keys.length);
    for (const key of keys) {
      this.#string(key);
      each(key);
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      return value >= 0 ? this.#head(0, value) : this.#head(1, -1 - value);
    }
    this.#room(9);
    this.#chunk[this.#at] = 0xfb;
    this.#view.setFloat64(this.#at + 1, Number.isNaN(value) ? NaN : value);
    this.#at += 9;
  }

  #date(ms: number): void {
    const seconds = ms / 1000;
    if (Number.isNaN(ms) || Math.round(seconds * 1000) === ms) {
      this.#head(6, 1);
      return this.#number(seconds);
    }
    this.#head(6, 1001);
    this.#head(5, 2);
    this.#number(1);
    this.#number(Math.floor(seconds));
    this.#number(-3);
    this.#number(ms - Math.floor(seconds) * 1000);
  }

  #bigint(value: bigint): void {
    let rest = value < 0n ? -1n - value : value;
    const bytes: number[] = [];
    if (rest >= 2n ** 64n) {
      const hex = rest.toString(16);
      const even = hex.length % 2 === 0 ? hex : `0${hex}`;
      for (let i = 0; i < even.length; i += 2) bytes.push(parseInt(even.slice(i, i + 2), 16));
    } else for (; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
    this.#head(6, value < 0n ? 3 : 2);
    this.#byteString(Uint8Array.from(bytes));
  }

  #string(value: string): void {
    // Half of a surrogate pair has no UTF-8: such a string is kept as WTF-8 under tag 273.
    if (!value.isWellFormed()) {
      this.#head(6, 273);
      return this.#byteString(encodeWtf8(value));
    }
    if (value.length < 64) {
      // Short strings are mostly ASCII: then their length is known before they are encoded.
      this.#room(2 + 3 * value.length);
      const at = this.#at;
      const { written } = this.#text.encodeInto(value, this.#chunk.subarray(at + 1));
      if (written < 24) {
        this.#chunk[at] = 0x60 | written;
        this.#at = at + 1 + written;
        return;
      }
    }
    const bytes = this.#text.encode(value);
    this.#head(3, bytes.byteLength);
    this.#raw(bytes);
  }

  #byteString(bytes: Uint8Array): void {
    this.#head(2, bytes.byteLength);
    if (bytes.byteLength < PART_BYTES) return this.#raw(bytes);
    this.#flush();
    this.#parts.push(bytes);
  }

  #head(major: number, argument: number): void {
    this.#room(9);
    const type = major << 5;
    const at = this.#at;
    if (argument < 24) this.#chunk[this.#at++] = type | argument;
    else if (argument < 0x100) {
      this.#chunk[at] = type | 24;
      this.#chunk[at + 1] = argument;
      this.#at += 2;
    } else if (argument < 0x1_0000) {
      this.#chunk[at] = type | 25;
      this.#view.setUint16(at + 1, argument);
      this.#at += 3;
    } else if (argument < 0x1_0000_0000) {
      this.#chunk[at] = type | 26;
      this.#view.setUint32(at + 1, argument);
      this.#at += 5;
    } else {
      this.#chunk[at] = type | 27;
      this.#view.setUint32(at + 1, Math.floor(argument / 0x1_0000_0000));
      this.#view.setUint32(at + 5, argument % 0x1_0000_0000);
      this.#at += 9;
    }
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#chunk[this.#at++] = byte;
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.byteLength);
    this.#chunk.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return;
    const grown = Math.min(Math.max(this.#chunk.length * 2, 256), CHUNK_BYTES);
    this.#flush();
    this.#chunk = new Uint8Array(Math.max(grown, bytes));
    this.#view = new DataView(this.#chunk.buffer);
  }

  #flush(): void {
    if (this.#at === 0) return;
    this.#total += this.#at;
    if (this.#total > MAX_PLAIN_BYTES) {
      const mend = "keep large data in typed arrays, or in more blobs";
      throw new UnsupportedValueError(
        this.name,
        `over ${MAX_PLAIN_BYTES} bytes of plain values`,
        mend,
      );
    }
    this.#parts.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = this.#chunk.subarray(this.#at);
    this.#view = new DataView(this.#chunk.buffer, this.#chunk.byteOffset, this.#chunk.byteLength);
    this.#at = 0;
  }
}
