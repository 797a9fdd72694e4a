/**
 * Copies values, under the same rules by which they are saved.
 *
 * @module
 */
import { ownersWithin } from "./aliases.ts";
import { arrayKind, bytesOf, isTypedArray, type Tensor, type TypedArray } from "./type.ts";
import { type Visitor, Walk } from "./walk.ts";

/**
 * A copy that shares nothing with a value; of a view only the bytes it shows are copied. Errors call the
 * value by `name`.
 *
 * @throws {UnsupportedValueError} Where the value could not be saved.
 * @throws {AliasedValueError} Where an object or memory is in two places.
 *
 * @example
 * ```ts
 * import { cloneValue } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const weights = new Float32Array([1, 2, 3]);
 * const copy = cloneValue({ weights, steps: 3 });
 * weights.fill(0);
 * assertEquals(copy.weights, new Float32Array([1, 2, 3]));
 * ```
 */
export function cloneValue<T>(value: T, name: string = "value"): T {
  return new Walk(CLONE, ownersWithin(name, value), name).visit(value) as T;
}

const CLONE: Visitor<unknown> = {
  leaf: (value) => value,
  date: (value) => new Date(value.getTime()),
  bytes: cloneBytes,
  tensor: ({ shape, data }: Tensor) => ({ shape: [...shape], data: cloneBytes(data) }),
  array: (value, walk) => {
    const copy: unknown[] = [];
    for (let index = 0; index < value.length; index++) copy.push(walk.item(index, value[index]));
    return copy;
  },
  map: (value, walk) => {
    const copy = new Map<unknown, unknown>();
    let index = 0;
    for (const [key, item] of value) {
      copy.set(walk.key(index, key), walk.value(index, key, item));
      index++;
    }
    return copy;
  },
  set: (value, walk) => {
    const copy = new Set<unknown>();
    for (const item of value) copy.add(walk.member(copy.size, item));
    return copy;
  },
  object: (value, keys, walk) => {
    const copy: Record<string, unknown> = {};
    for (const key of keys) setProperty(copy, key, walk.item(key, value[key]));
    return copy;
  },
};

/**
 * Sets an object's own property, whatever its name: where there is an accessor for `__proto__`, as there is
 * outside Deno, an assignment would call it.
 */
export function setProperty(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else {
    const property = { value, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(object, key, property);
  }
}

function cloneBytes(value: TypedArray | DataView | ArrayBuffer): unknown {
  if (value instanceof ArrayBuffer) return value.slice(0);
  const buffer = new Uint8Array(bytesOf(value)).buffer;
  if (!isTypedArray(value)) return new DataView(buffer);
  return arrayKind(value)?.make(buffer, 0, value.length);
}
