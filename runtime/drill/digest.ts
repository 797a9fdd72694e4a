/**
 * Digests of blobs, made without the product's codec: what that loses on the way to the disk and back
 * is lost here only if it was lost there.
 *
 * A value is written out as a text that no value other under `Object.is` has, and the text is hashed.
 * Orders of keys and entries count, and so do holes, classes, and whether an object is in two places.
 * What cannot be looked into is refused. Not looked at are where in its buffer a view lies, and what
 * properties hang on a typed array beside its elements; a save refuses those.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { AnyBlob } from "../../dsl/mod.ts";

/** The SHA-256 of a blob's value; for one with a codec, of what that makes of it, behind its class. */
export async function digestOfBlob(value: unknown, codec?: AnyBlob["codec"]): Promise<string> {
  if (codec === undefined) return digestOf(value);
  return `${classNameOf(value)} ${digestOf(await codec.encode(value as never))}`;
}

/**
 * The SHA-256 of a value.
 *
 * @throws {TypeError} Where something in it cannot be looked into: a function, or an instance of a
 * class that is not one of the language's own.
 */
export function digestOf(value: unknown): string {
  return sha256(new TextEncoder().encode(new Writer().textOf(value)));
}

const CLASSES = [
  ...[Object, Array, Map, Set, Date, ArrayBuffer, DataView],
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array],
] as const;

const NAMES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...CLASSES.map(({ prototype, name }) => [prototype, name] as const),
  [null, "null"],
]);

/** Writes one value out. */
class Writer {
  readonly #seen = new Map<object, number>();

  textOf(value: unknown): string {
    switch (typeof value) {
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "bigint":
        return `${value}n`;
      case "string":
        return JSON.stringify(value); // which escapes lone surrogates, too
      case "boolean":
      case "undefined":
        return String(value);
      case "object":
        return value === null ? "null" : this.#object(value);
      default:
        throw new TypeError(`A ${typeof value} cannot be looked into`);
    }
  }

  #object(value: object): string {
    const before = this.#seen.get(value);
    if (before !== undefined) return `^${before}`;
    this.#seen.set(value, this.#seen.size);
    const name = NAMES.get(Object.getPrototypeOf(value));
    if (name === undefined) {
      throw new TypeError(`An instance of ${classNameOf(value)} cannot be looked into`);
    }
    if (ArrayBuffer.isView(value)) return `${name}(${elementsOf(value)})`;
    return `${name}(${this.#contentOf(value)}){${this.#propertiesOf(value)}}`;
  }

  #contentOf(value: object): string {
    if (value instanceof Date) return this.textOf(value.getTime());
    if (value instanceof ArrayBuffer) return elementsOf(new Uint8Array(value));
    if (value instanceof Set) return [...value].map((item) => this.textOf(item)).join();
    if (!(value instanceof Map)) return "";
    return [...value].map(([key, item]) => `${this.textOf(key)}=>${this.textOf(item)}`).join();
  }

  /** All own properties: of an array these are its items, but for holes, and its length. */
  #propertiesOf(value: object): string {
    return Reflect.ownKeys(value).map((key) => {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (typeof key === "symbol" || property === undefined || !("value" in property)) {
        throw new TypeError(`The property ${String(key)} cannot be looked into`);
      }
      const mark = property.enumerable === true ? "" : "!";
      return `${mark}${JSON.stringify(key)}:${this.textOf(property.value)}`;
    }).join();
  }
}

/** The number of bytes of a view, and the SHA-256 of its elements. */
function elementsOf(view: ArrayBufferView): string {
  const isFloats = view instanceof Float64Array || view instanceof Float32Array ||
    view instanceof Float16Array;
  if (!isFloats) {
    return `${view.byteLength} ${
      sha256(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    }`;
  }
  // One NaN is another under Object.is, but may have other bits: they are told by where they are.
  const rest = view.slice();
  const at: number[] = [];
  for (let index = 0; index < rest.length; index++) {
    if (!Number.isNaN(rest[index])) continue;
    rest[index] = 0;
    at.push(index);
  }
  return `${view.byteLength} ${sha256(new Uint8Array(rest.buffer))} NaN at ${at.join()}`;
}

function classNameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  const constructor: unknown = Reflect.get(value, "constructor");
  return typeof constructor === "function" ? constructor.name : "an unknown class";
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
