/**
 * Reads the heads of CBOR items, and nothing that is not there.
 *
 * @module
 */
import { ValueFormatError } from "./errors.ts";

/** Bytes that are read from their start. */
export class CborInput {
  /** All bytes. */
  readonly bytes: Uint8Array;
  /** A view on them. */
  readonly view: DataView;
  /** How far they are read. */
  at = 0;

  /** Begins at the start. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The argument of an item's head, in its shortest form. */
  argument(info: number, start: number): number {
    if (info < 24) return info;
    const { view, at } = this;
    switch (info) {
      case 24:
        this.#skip(1);
        return this.#shortest(view.getUint8(at), 24, start);
      case 25:
        this.#skip(2);
        return this.#shortest(view.getUint16(at), 0x100, start);
      case 26:
        this.#skip(4);
        return this.#shortest(view.getUint32(at), 0x1_0000, start);
      case 27:
        this.#skip(8);
        return this.#shortest(
          view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4),
          0x1_0000_0000,
          start,
        );
      default:
        throw this.error("a definite length", `additional information ${info}`, start);
    }
  }

  #shortest(value: number, least: number, start: number): number {
    if (value < least) throw this.error("the shortest form", `${value} in a longer one`, start);
    if (!Number.isSafeInteger(value)) throw this.error("a safe integer", String(value), start);
    return value;
  }

  #skip(count: number): void {
    this.left(count);
    this.at += count;
  }

  /** The next bytes, as a view. */
  byteString(length: number): Uint8Array {
    this.left(length);
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  /** The next byte. */
  next(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw this.error("1 more byte", "the end");
    this.at++;
    return byte;
  }

  /** Checks that so many bytes can still come, before anything is made for them. */
  left(count: number): void {
    const left = this.bytes.byteLength - this.at;
    if (count > left) throw this.error(`${count} more bytes`, `${left} left`);
  }

  /** A refusal at this offset. */
  error(expected: string, found: string, at: number = this.at, cause?: unknown): ValueFormatError {
    return new ValueFormatError(at, expected, found, cause === undefined ? {} : { cause });
  }
}
