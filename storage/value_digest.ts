/**
 * Digests of values: the same for values that are the same element by element.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { setImmediate } from "node:timers";
import { encodeRecord } from "./record_writer.ts";
import { encodeType } from "./ref_codec.ts";
import { encodeWith } from "./value/encode.ts";
import { MAX_PLAIN_BYTES } from "./value/limits.ts";
import type { TypedArray } from "./value/type.ts";
import { PART_BYTES, ValueWriter } from "./value/writer.ts";

/** How a value is digested. */
export interface DigestOptions {
  /** The blob's name, for messages; `"value"` where not given. */
  readonly name?: string;
  /** Ends it; looked at between two pieces of a large value. */
  readonly signal?: AbortSignal;
}

/** So many bytes are summed at once; a whole number of elements of every kind. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** After so long the event loop has a turn. */
const TURN_EVERY_MS = 20;

/**
 * The SHA-256 of a value's type and bytes (FORMAT.md, section 5), in hexadecimal digits. No copy is made of
 * large arrays, which must not change until it is there. All NaNs are alike.
 *
 * @throws {UnsupportedValueError} Where a value cannot be kept exactly, and so cannot be told from others.
 * @throws {AliasedValueError} Where an object or memory is in two places.
 *
 * @example
 * ```ts
 * import { digestValue } from "tidemark/storage";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * const digest = await digestValue(new Float32Array([1, NaN]));
 * assertEquals(await digestValue(new Float32Array([1, 0 / 0])), digest);
 * assertNotEquals(await digestValue(new Float32Array([1, 0])), digest);
 * ```
 */
export async function digestValue(value: unknown, options: DigestOptions = {}): Promise<string> {
  const { name = "value", signal } = options;
  const writer = new DigestWriter(name, MAX_PLAIN_BYTES);
  const { type, parts } = encodeWith(writer, value, { name });
  const hash = createHash("sha256").update(encodeRecord(encodeType(type)));
  let turned = performance.now();
  for (const part of parts) {
    const size = writer.floats.get(part.buffer) ??
      (type.kind === "array" ? FLOATS.get(type.tag) : 0);
    for (let at = 0; at < part.byteLength; at += PIECE_BYTES) {
      update(hash, part.subarray(at, at + PIECE_BYTES), size ?? 0);
      if (performance.now() - turned < TURN_EVERY_MS) continue;
      await new Promise<void>((resolve) => void setImmediate(resolve));
      signal?.throwIfAborted();
      turned = performance.now();
    }
  }
  return hash.digest("hex");
}

/** The sizes of floats, by the tags of their arrays. */
const FLOATS: ReadonlyMap<number, number> = new Map([[84, 2], [85, 4], [86, 8]]);

type Floats = Float16Array | Float32Array | Float64Array;

/** Writes floats so that all NaNs are alike, and knows which parts are arrays of them. */
class DigestWriter extends ValueWriter {
  /** The sizes of the elements of large arrays of floats, by their memory. */
  readonly floats = new Map<ArrayBufferLike, number>();

  override bytes(value: TypedArray | DataView | ArrayBuffer): void {
    if (!isFloats(value)) return super.bytes(value);
    if (value.byteLength < PART_BYTES) return super.bytes(alike(value));
    this.floats.set(value.buffer, value.BYTES_PER_ELEMENT);
    super.bytes(value);
  }
}

function isFloats(value: object): value is Floats {
  return value instanceof Float64Array || value instanceof Float32Array ||
    value instanceof Float16Array;
}

/** Sums bytes, which are floats of a size, or something else where that is 0. */
function update(hash: Hash, bytes: Uint8Array, size: number): void {
  const { buffer, byteOffset, byteLength } = bytes;
  if (size === 0) hash.update(bytes);
  else {
    const floats = alike(new (classOf(size))(buffer, byteOffset, byteLength / size));
    hash.update(new Uint8Array(floats.buffer, floats.byteOffset, byteLength));
  }
}

function classOf(
  size: number,
): new (buffer: ArrayBufferLike, offset: number, length: number) => Floats {
  return size === 8 ? Float64Array : size === 4 ? Float32Array : Float16Array;
}

/** The same floats with one NaN; they themselves where they have none. */
function alike(floats: Floats): Floats {
  let first = 0;
  while (first < floats.length && !Number.isNaN(floats[first])) first++;
  if (first === floats.length) return floats;
  const copy = floats.slice();
  const bits = new DataView(copy.buffer);
  for (let at = first; at < copy.length; at++) {
    if (!Number.isNaN(copy[at])) continue;
    if (copy instanceof Float64Array) bits.setBigUint64(8 * at, 0x7ff8_0000_0000_0000n, true);
    else if (copy instanceof Float32Array) bits.setUint32(4 * at, 0x7fc0_0000, true);
    else bits.setUint16(2 * at, 0x7e00, true);
  }
  return copy;
}
