/**
 * Writes values as CBOR (RFC 8949), with typed arrays by RFC 8746.
 *
 * @module
 */
import { exactSeconds } from "./dates.ts";
import { UnsupportedValueError } from "./errors.ts";
import { MAX_BIGINT_BYTES, SMALLER } from "./limits.ts";
import { arrayKind, bytesOf, isTypedArray, type Tensor, type TypedArray } from "./type.ts";
import type { Primitive, Visitor, Walk } from "./walk.ts";
import { encodeWtf8 } from "./wtf8.ts";

/** Arrays of this many bytes and more are not copied, but become parts of their own. */
export const PART_BYTES = 4096;
const CHUNK_BYTES = 64 * 1024;
const FIRST_CHUNK_BYTES = 256;
const SHORT_TEXT = 64;

/**
 * The tag of a DataView, on a byte string. There is none registered for it; this number is of the range that
 * is given to whoever asks first, and was unassigned when it was chosen.
 */
export const DATA_VIEW_TAG = 44_252;

const textEncoder = new TextEncoder();

/** Memory to write into. */
class Chunk {
  readonly view: DataView;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** A first chunk in which nothing is being written: to make one takes longer than to write most values. */
let spare: Chunk | undefined;

/** Writes CBOR in the shortest form of each length, object keys in their own order. */
export class ValueWriter implements Visitor<void> {
  readonly #parts: Uint8Array[] = [];
  readonly #first = spare ?? new Chunk(new Uint8Array(FIRST_CHUNK_BYTES));
  #chunk = this.#first.bytes;
  #view = this.#first.view;
  #at = 0;
  #total = 0;

  /** Takes the blob's name, and how many bytes it may have beside its large arrays. */
  constructor(readonly name: string, readonly maxPlainBytes: number) {
    // Another writer may begin before this one has ended.
    spare = undefined;
  }

  /** The bytes, in parts. */
  finish(): readonly Uint8Array[] {
    this.#endPart();
    spare = this.#first;
    return this.#parts;
  }

  leaf(value: Primitive): void {
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
        return this.#byte(0xf6);
    }
  }

  date(value: Date): void {
    const ms = value.getTime();
    const seconds = exactSeconds(ms);
    if (seconds !== undefined) {
      this.#head(6, 1);
      return this.#number(seconds);
    }
    const whole = Math.floor(ms / 1000);
    this.#head(6, 1001);
    this.#head(5, 2);
    this.#number(1);
    this.#number(whole);
    this.#number(-3);
    this.#number(ms - whole * 1000);
  }

  bytes(value: TypedArray | DataView | ArrayBuffer): void {
    if (value instanceof ArrayBuffer) return this.#byteString(new Uint8Array(value));
    this.#head(6, isTypedArray(value) ? arrayKind(value)?.tag ?? 0 : DATA_VIEW_TAG);
    this.#byteString(bytesOf(value));
  }

  tensor({ shape, data }: Tensor): void {
    this.#head(6, 40);
    this.#head(4, 2);
    this.#head(4, shape.length);
    for (const size of shape) this.#number(size);
    this.bytes(data);
  }

  array(value: readonly unknown[], walk: Walk<void>): void {
    this.#head(4, value.length);
    for (let index = 0; index < value.length; index++) walk.item(index, value[index]);
  }

  map(value: ReadonlyMap<unknown, unknown>, walk: Walk<void>): void {
    this.#head(6, 259);
    this.#head(5, value.size);
    let index = 0;
    for (const [key, item] of value) {
      walk.key(index, key);
      walk.value(index, key, item);
      index++;
    }
  }

  set(value: ReadonlySet<unknown>, walk: Walk<void>): void {
    this.#head(6, 258);
    this.#head(4, value.size);
    let index = 0;
    for (const item of value) walk.member(index++, item);
  }

  object(value: Record<string, unknown>, keys: readonly string[], walk: Walk<void>): void {
    this.#head(5, keys.length);
    for (const key of keys) {
      this.#string(key);
      walk.item(key, value[key]);
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      return value >= 0 ? this.#head(0, value) : this.#head(1, -1 - value);
    }
    this.#room(9);
    this.#chunk[this.#at] = 0xfb;
    // The bits of a NaN are not its own: all are written alike.
    if (Number.isNaN(value)) {
      this.#view.setUint32(this.#at + 1, 0x7ff8_0000);
      this.#view.setUint32(this.#at + 5, 0);
    } else this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }

  #bigint(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value;
    const hex = magnitude === 0n ? "" : magnitude.toString(16);
    if (hex.length > 2 * MAX_BIGINT_BYTES) {
      throw this.#refuse(`with a bigint of over ${MAX_BIGINT_BYTES} bytes`);
    }
    this.#head(6, value < 0n ? 3 : 2);
    this.#large(2, Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`));
  }

  #string(value: string): void {
    if (value.length < SHORT_TEXT && this.#ascii(value)) return;
    if (value.length > this.maxPlainBytes) throw this.#tooLarge();
    // Half of a surrogate pair has no UTF-8: such a string is kept as WTF-8 under tag 273.
    if (!value.isWellFormed()) {
      this.#head(6, 273);
      return this.#large(2, encodeWtf8(value));
    }
    if (value.length >= PART_BYTES) return this.#large(3, textEncoder.encode(value));
    // Written behind the largest head, and moved to its own.
    this.#room(3 + 3 * value.length);
    const start = this.#at;
    const { written } = textEncoder.encodeInto(value, this.#chunk.subarray(start + 3));
    this.#head(3, written);
    this.#chunk.copyWithin(this.#at, start + 3, start + 3 + written);
    this.#at += written;
  }

  /** Writes bytes that were made for this alone. */
  #large(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.byteLength);
    if (bytes.byteLength < PART_BYTES) return this.#raw(bytes);
    this.#flush();
    this.#count(bytes.byteLength);
    this.#parts.push(bytes);
  }

  /** Writes a short string that is ASCII, as most are; the length of its bytes is known before them. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#room(2 + SHORT_TEXT);
    const chunk = this.#chunk;
    const start = length < 24 ? this.#at + 1 : this.#at + 2;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      chunk[start + index] = code;
    }
    if (length < 24) chunk[this.#at] = 0x60 | length;
    else {
      chunk[this.#at] = 0x78;
      chunk[this.#at + 1] = length;
    }
    this.#at = start + length;
    return true;
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
    this.#goOn(new Chunk(new Uint8Array(Math.max(grown, bytes))));
  }

  #goOn({ bytes, view }: Chunk): void {
    this.#chunk = bytes;
    this.#view = view;
    this.#at = 0;
  }

  #endPart(): void {
    if (this.#at === 0) return;
    this.#count(this.#at);
    const part = this.#chunk.subarray(0, this.#at);
    // The first chunk is written to again.
    this.#parts.push(this.#isInFirst ? part.slice() : part);
  }

  #flush(): void {
    if (this.#at === 0) return;
    this.#endPart();
    this.#goOn(this.#isInFirst ? this.#first : new Chunk(this.#chunk.subarray(this.#at)));
  }

  get #isInFirst(): boolean {
    return this.#chunk === this.#first.bytes;
  }

  #count(bytes: number): void {
    this.#total += bytes;
    if (this.#total > this.maxPlainBytes) throw this.#tooLarge();
  }

  #tooLarge(): UnsupportedValueError {
    return this.#refuse(`over ${this.maxPlainBytes} bytes of plain values`);
  }

  #refuse(found: string): UnsupportedValueError {
    return new UnsupportedValueError(this.name, found, SMALLER, this.name);
  }
}
