/**
 * Encodes values as CBOR (RFC 8949) with typed arrays by RFC 8746.
 *
 * @module
 */
import { type Aliases, ownersWithin } from "./aliases.ts";
import { checkByteOrder } from "./byte_order.ts";
import { MAX_PLAIN_BYTES } from "./limits.ts";
import {
  arrayKind,
  bytesOf,
  isTensor,
  isTypedArray,
  kindOf,
  type TypedArray,
  type ValueType,
} from "./type.ts";
import { type Visitor, Walk } from "./walk.ts";
import { ValueWriter } from "./writer.ts";

/** A value's bytes, in parts that may be views on its own memory. */
export interface EncodedValue {
  /** How the bytes are to be read. */
  readonly type: ValueType;
  /** The bytes, in order; they change when the value does. */
  readonly parts: readonly Uint8Array[];
  /** Their sum. */
  readonly byteLength: number;
}

/** How a value is encoded. */
export interface EncodeOptions {
  /** The blob's name, for messages; `"value"` where not given. */
  readonly name?: string;
  /** Who else has an object; only this value where not given. */
  readonly aliases?: Aliases;
  /**
   * The most bytes that it may take beside its arrays of 4 KiB and more, about; 2^30 where not given. A
   * value that is nothing but a typed array, a tensor or an ArrayBuffer has no limit.
   */
  readonly maxPlainBytes?: number;
}

/**
 * Encodes a value so that {@linkcode decodeValue} gives it back exactly. Arrays of 4 KiB and more are
 * not copied: they must not change before the bytes are written.
 *
 * @throws {UnsupportedValueError} Where that cannot be, with the place inside the value.
 * @throws {AliasedValueError} Where an object or memory is in two places.
 *
 * @example
 * ```ts
 * import { decodeValue, encodeValue } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const { type, parts } = encodeValue(new Map([["loss", -0]]));
 * const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
 * assertEquals(type, { kind: "cbor", is: "Map" });
 * assertEquals(decodeValue(type, bytes), new Map([["loss", -0]]));
 * ```
 */
export function encodeValue(value: unknown, options: EncodeOptions = {}): EncodedValue {
  const { name = "value", aliases, maxPlainBytes = MAX_PLAIN_BYTES } = options;
  if (!Number.isSafeInteger(maxPlainBytes) || maxPlainBytes < 0) {
    throw new RangeError(`Cannot limit a value to ${maxPlainBytes} bytes: give a whole number`);
  }
  return encodeWith(new ValueWriter(name, maxPlainBytes), value, { name, aliases });
}

/** Encodes a value with a writer of the caller's, which is asked for nothing where the value is its bytes. */
export function encodeWith(
  writer: ValueWriter,
  value: unknown,
  { name, aliases }: { readonly name: string; readonly aliases?: Aliases | undefined },
): EncodedValue {
  checkByteOrder();
  const owners = aliases?.of(name, value) ?? ownersWithin(name, value);
  const raw = rawType(value);
  if (raw !== undefined) {
    new Walk(IGNORE, owners, name).visit(value);
    const bytes = rawBytes(value as object);
    const parts = bytes.byteLength === 0 ? [] : [bytes];
    return { type: raw, parts, byteLength: bytes.byteLength };
  }
  new Walk(writer, owners, name).visit(value);
  const parts = writer.finish();
  const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return { type: { kind: "cbor", is: kindOf(value) }, parts, byteLength };
}

/** The type of a value whose bytes are its own memory. */
function rawType(value: unknown): ValueType | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof ArrayBuffer) return { kind: "bytes" };
  const data = isTypedArray(value)
    ? value
    : !Array.isArray(value) && isTensor(value)
    ? value.data
    : undefined;
  const kind = data && arrayKind(data);
  if (kind === undefined) return undefined;
  const shape = data === value ? {} : { shape: [...(value as { shape: readonly number[] }).shape] };
  return { kind: "array", tag: kind.tag, ...shape };
}

function rawBytes(value: object): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return bytesOf(isTypedArray(value) ? value : (value as { data: TypedArray }).data);
}

const IGNORE: Visitor<void> = {
  leaf: () => {},
  date: () => {},
  bytes: () => {},
  tensor: () => {},
  array: () => {},
  map: () => {},
  set: () => {},
  object: () => {},
};
