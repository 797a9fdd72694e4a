/**
 * The items of a log as its bytes have them, one after another.
 *
 * @module
 */
import { DamagedError } from "./errors.ts";

/** One item of a log, by where it lies. */
export interface LogItem {
  /** Its record. */
  readonly record: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

/** A disk writes so many bytes as a whole, or not. */
const SECTOR_BYTES = 512;

/**
 * Whether an item whose record is damaged may be what a write that was cut off has left: some sector's
 * part of it has only zeros, as it had before, and so has all that comes behind it.
 */
export function isCutOff(bytes: Uint8Array, at: number, end: number): boolean {
  const isZero = (from: number, to: number): boolean =>
    bytes.subarray(from, to).every((byte) => byte === 0);
  const next = at - at % SECTOR_BYTES + SECTOR_BYTES;
  // Where that sector has the end of the head, nobody knows how long the item was to be.
  if (next < at + headBytes(bytes[at]) && isZero(next, next + SECTOR_BYTES)) {
    const head = bytes.slice(at, at + headBytes(bytes[at])).fill(0xff, next - at);
    return isZero(at + head.byteLength + lengthIn(head, 0), bytes.byteLength);
  }
  if (!isZero(end, bytes.byteLength)) return false;
  for (let from = at; from < end;) {
    const to = Math.min(end, from - from % SECTOR_BYTES + SECTOR_BYTES);
    if (isZero(from, to)) return true;
    from = to;
  }
  return false;
}

/**
 * The item at an offset of a log; none where nothing whole lies there, as behind what a write that was
 * cut off has left.
 *
 * @throws {DamagedError} Where there is something else.
 */
export function itemAt(object: string, bytes: Uint8Array, at: number): LogItem | undefined {
  const head = bytes[at];
  if (head === undefined) return undefined;
  // Zeros are room for what was to come, or what a write that was cut off has left.
  if (head === 0) return undefined;
  if (head < 0x40 || head > 0x5a) {
    throw new DamagedError(object, `a byte string at byte ${at}`, "something else");
  }
  const from = at + headBytes(head);
  if (from > bytes.byteLength) return undefined;
  const end = from + lengthIn(bytes, at);
  if (end > bytes.byteLength) return undefined;
  return { record: bytes.subarray(from, end), end };
}

/** How many bytes the head of a byte string has, by its first. */
function headBytes(first = 0): number {
  return first < 0x58 ? 1 : first === 0x58 ? 2 : first === 0x59 ? 3 : 5;
}

/** The length that the head of a byte string says. */
function lengthIn(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(at);
  if (first < 0x58) return first - 0x40;
  if (first === 0x58) return view.getUint8(at + 1);
  return first === 0x59 ? view.getUint16(at + 1) : view.getUint32(at + 1);
}
