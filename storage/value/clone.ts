/**
 * Copies values, under the same rules by which they are saved.
 *
 * @module
 */
import { Aliases } from "./aliases.ts";
import { arrayKind, bytesOf, isTypedArray, type Tensor, type TypedArray } from "./type.ts";
import { type Visitor, Walk } from "./walk.ts";

/**
 * A copy that shares nothing with a value; of a view only the bytes it shows are copied.
 *
 * @throws {UnsupportedValueError} Where the value could not be saved.
 * @throws {AliasedValueError} Where an object or memory is in two places.
 */
export function cloneValue<T>(value: T): T {
  if (typeof value !== "object" || value === null) {
    if (typeof value !== "function" && typeof value !== "symbol") return value;
  }
  const owners = new Aliases(() => undefined).of("value", value);
  return new Walk(CLONE, owners, "value").visit(value) as T;
}

const CLONE: Visitor<unknown> = {
  leaf: (value) => value instanceof Date ? new Date(value.getTime()) : value,
  bytes: cloneBytes,
  tensor: ({ shape, data }: Tensor) => ({ shape: [...shape], data: cloneBytes(data) }),
  array: (value, each) => {
    const copy: unknown[] = [];
    for (let index = 0; index < value.length; index++) copy.push(each(value[index], index));
    return copy;
  },
  map: (value, each) => {
    const copy = new Map<unknown, unknown>();
    for (const [key, item] of value) copy.set(each(key, "(key)"), each(item, "(value)"));
    return copy;
  },
  set: (value, each) => {
    const copy = new Set<unknown>();
    for (const item of value) copy.add(each(item, "(item)"));
    return copy;
  },
  object: (_, keys, each) => {
    const copy: Record<string, unknown> = {};
    for (const key of keys) {
      const value = each(key);
      if (key === "__proto__") {
        Object.defineProperty(copy, key, {
          value,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      } else copy[key] = value;
    }
    return copy;
  },
};

function cloneBytes(value: TypedArray | DataView | ArrayBuffer): unknown {
  if (value instanceof ArrayBuffer) return value.slice(0);
  const buffer = new Uint8Array(bytesOf(value)).buffer;
  if (!isTypedArray(value)) return new DataView(buffer);
  return arrayKind(value)?.make(buffer, 0, value.length);
}
