/**
 * Encodes values as CBOR (RFC 8949) with typed arrays by RFC 8746.
 *
 * @module
 */
import { Aliases } from "./aliases.ts";
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
  /** The blob's name, for messages. */
  readonly name?: string;
  /** Who else has an object; only this value where not given. */
  readonly aliases?: Aliases;
}

/**
 * Encodes a value so that {@linkcode decodeValue} gives it back exactly.
 *
 * @throws {UnsupportedValueError} Where that cannot be, with the place inside the value.
 * @throws {AliasedValueError} Where an object or memory is in two places.
 */
export function encodeValue(value: unknown, options: EncodeOptions = {}): EncodedValue {
  checkByteOrder();
  const { name = "value", aliases = new Aliases(() => undefined) } = options;
  const owners = aliases.of(name, value);
  const raw = rawType(value);
  if (raw !== undefined) {
    new Walk(new Discard(), owners, name).visit(value);
    const bytes = rawBytes(value as object);
    return {
      type: raw,
      parts: bytes.byteLength === 0 ? [] : [bytes],
      byteLength: bytes.byteLength,
    };
  }
  const writer = new ValueWriter(name);
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

let byteOrderIsChecked = false;

function checkByteOrder(): void {
  if (byteOrderIsChecked) return;
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    throw new Error(
      "Typed arrays are saved in little-endian order, which this machine does not use",
    );
  }
  byteOrderIsChecked = true;
}

class Discard implements Visitor<void> {
  leaf(): void {}
  bytes(): void {}
  tensor(): void {}
  array(): void {}
  map(): void {}
  set(): void {}
  object(): void {}
}
