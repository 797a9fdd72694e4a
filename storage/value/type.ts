/**
 * The kinds of value that are kept, and their tags.
 *
 * @module
 */

import { MAX_DIMENSIONS } from "./limits.ts";

/** Any typed array. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float16Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/**
 * How a blob's bytes are to be read: as the elements of a typed array or tensor, as those of an
 * ArrayBuffer, or as one CBOR item, for a value of the kind `is` ({@linkcode kindOf}).
 */
export type ValueType =
  | { readonly kind: "array"; readonly tag: number; readonly shape?: readonly number[] }
  | { readonly kind: "bytes" }
  | { readonly kind: "cbor"; readonly is: string };

interface ArrayKind {
  readonly name: string;
  readonly tag: number;
  readonly size: number;
  readonly make: (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
}

/** The typed arrays, with their RFC 8746 tags (little endian). */
export const ARRAY_KINDS: readonly ArrayKind[] = [
  { name: "Uint8Array", tag: 64, size: 1, make: (b, o, n) => new Uint8Array(b, o, n) },
  {
    name: "Uint8ClampedArray",
    tag: 68,
    size: 1,
    make: (b, o, n) => new Uint8ClampedArray(b, o, n),
  },
  { name: "Uint16Array", tag: 69, size: 2, make: (b, o, n) => new Uint16Array(b, o, n) },
  { name: "Uint32Array", tag: 70, size: 4, make: (b, o, n) => new Uint32Array(b, o, n) },
  { name: "BigUint64Array", tag: 71, size: 8, make: (b, o, n) => new BigUint64Array(b, o, n) },
  { name: "Int8Array", tag: 72, size: 1, make: (b, o, n) => new Int8Array(b, o, n) },
  { name: "Int16Array", tag: 77, size: 2, make: (b, o, n) => new Int16Array(b, o, n) },
  { name: "Int32Array", tag: 78, size: 4, make: (b, o, n) => new Int32Array(b, o, n) },
  { name: "BigInt64Array", tag: 79, size: 8, make: (b, o, n) => new BigInt64Array(b, o, n) },
  { name: "Float16Array", tag: 84, size: 2, make: (b, o, n) => new Float16Array(b, o, n) },
  { name: "Float32Array", tag: 85, size: 4, make: (b, o, n) => new Float32Array(b, o, n) },
  { name: "Float64Array", tag: 86, size: 8, make: (b, o, n) => new Float64Array(b, o, n) },
];

const BY_PROTOTYPE = new Map(
  ARRAY_KINDS.map((kind) => [Object.getPrototypeOf(kind.make(new ArrayBuffer(0), 0, 0)), kind]),
);
const BY_TAG = new Map(ARRAY_KINDS.map((kind) => [kind.tag, kind]));

/** The kind of a typed array that is exactly of one of the standard classes. */
export function arrayKind(value: TypedArray): ArrayKind | undefined {
  return BY_PROTOTYPE.get(Object.getPrototypeOf(value));
}

/** The kind of typed array that a tag stands for. */
export function arrayKindOfTag(tag: number): ArrayKind | undefined {
  return BY_TAG.get(tag);
}

/** Whether a value is a typed array, of whatever class. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** The bytes that a view shows. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A tensor: an object with exactly the keys `shape` and `data`, whose product and length agree. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Whether an object is a tensor, which is kept as one (RFC 8746, tag 40). */
export function isTensor(value: object): value is Tensor {
  const keys = Object.keys(value);
  if (keys.length !== 2 || keys[0] !== "shape" || keys[1] !== "data") return false;
  const { shape, data } = value as { shape: unknown; data: unknown };
  return Array.isArray(shape) && isTypedArray(data) && isShapeOf(shape, data.length);
}

/** Whether these are the sizes of some dimensions, and make so many elements. */
export function isShapeOf(shape: readonly unknown[], length: number): shape is readonly number[] {
  if (shape.length > MAX_DIMENSIONS) return false;
  let product = 1;
  // By index, since a callback would not be told of holes.
  for (let index = 0; index < shape.length; index++) {
    const size = shape[index];
    if (!Number.isSafeInteger(size) || (size as number) < 0 || Object.is(size, -0)) return false;
    product *= size as number;
  }
  return product === length;
}

const CLASSES = [
  ["Map", Map],
  ["Set", Set],
  ["Date", Date],
  ["DataView", DataView],
  ["ArrayBuffer", ArrayBuffer],
] as const;

/** A coarse name of a value's type: `"number"`, `"Map"`, `"Float32Array"`, `"tensor Float32Array"` … */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return "Array";
  if (isTypedArray(value)) return value[Symbol.toStringTag];
  for (const [name, type] of CLASSES) if (value instanceof type) return name;
  return isTensor(value) ? `tensor ${value.data[Symbol.toStringTag]}` : "object";
}

/** The coarse name of what was saved as a type. */
export function kindOfType(type: ValueType): string {
  if (type.kind === "cbor") return type.is;
  if (type.kind === "bytes") return "ArrayBuffer";
  const name = arrayKindOfTag(type.tag)?.name ?? `array of tag ${type.tag}`;
  return type.shape === undefined ? name : `tensor ${name}`;
}
