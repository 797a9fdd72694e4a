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
    const size = [1, 2, 4, 8][info - 24];
    if (size === undefined) {
      throw this.error("a definite length", `additional information ${info}`, start);
    }
    this.left(size);
    const view = this.view;
    const at = this.at;
    this.at += size;
    const value = size === 1
      ? view.getUint8(at)
      : size === 2
      ? view.getUint16(at)
      : size === 4
      ? view.getUint32(at)
      : view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
    const least = [24, 0x100, 0x1_0000, 0x1_0000_0000][info - 24] ?? 0;
    if (value < least) throw this.error("the shortest form", `${value} in ${size} bytes`, start);
    if (!Number.isSafeInteger(value)) throw this.error("a safe integer", String(value), start);
    return value;
  }

  /** The next bytes, as a view. */
  byteString(length: number): Uint8Array {
    this.left(length);
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  /** The next byte, of at least so many. */
  need(count: number): number {
    this.left(count);
    return this.bytes[this.at++] ?? 0;
  }

  /** Checks that so many bytes can still come, before anything is made for them. */
  left(count: number): void {
    const left = this.bytes.byteLength - this.at;
    if (count > left) throw this.error(`${count} more bytes`, `${left}`);
  }

  /** A refusal at this offset. */
  error(expected: string, found: string, at: number = this.at): ValueFormatError {
    return new ValueFormatError(at, expected, found);
  }
}
