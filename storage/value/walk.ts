/**
 * Walks a value, and refuses what could not be given back exactly.
 *
 * @module
 */
import { UnsupportedValueError } from "./errors.ts";
import { arrayKind, isTensor, isTypedArray, type Tensor, type TypedArray } from "./type.ts";

/** How deep values may nest. */
export const MAX_DEPTH = 500;

const MOST_LISTED = 1024;

/** Is told of each part of a value, in order. */
export interface Visitor<R> {
  /** A value without parts: a primitive, or a Date. */
  leaf(value: string | number | boolean | bigint | null | undefined | Date): R;
  /** A typed array, a DataView or an ArrayBuffer. */
  bytes(value: TypedArray | DataView | ArrayBuffer): R;
  /** A tensor. */
  tensor(value: Tensor): R;
  /** An array; `each` visits the items. */
  array(value: readonly unknown[], each: (item: unknown, index: number) => R): R;
  /** A Map; `each` visits keys and values. */
  map(value: ReadonlyMap<unknown, unknown>, each: (part: unknown, path: string) => R): R;
  /** A Set. */
  set(value: ReadonlySet<unknown>, each: (part: unknown, path: string) => R): R;
  /** A plain object. */
  object(value: Record<string, unknown>, keys: readonly string[], each: (key: string) => R): R;
}

/** Who else has an object or a buffer. */
export interface Owners {
  /** Takes note that an object is in this value; throws where it is elsewhere too. */
  claim(object: object, what: string, path: () => string): void;
}

/** Walks a value. */
export class Walk<R> {
  readonly #path: (string | number)[] = [];

  constructor(readonly visitor: Visitor<R>, readonly owners: Owners, readonly name: string) {}

  /** Visits a value and all inside it. */
  visit(value: unknown): R {
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
      case "bigint":
      case "undefined":
        return this.visitor.leaf(value);
      case "object":
        return value === null ? this.visitor.leaf(null) : this.#object(value);
      default:
        throw this.#refuse(`a ${typeof value}`);
    }
  }

  #object(value: object): R {
    if (this.#path.length >= MAX_DEPTH) throw this.#refuse(`nested more than ${MAX_DEPTH} deep`);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return this.#bytes(value);
    if (value instanceof Date && isExactly(value, Date.prototype)) {
      this.#noExtras(value, 0);
      return this.visitor.leaf(value);
    }
    this.owners.claim(value, "an object", () => this.#here());
    if (Array.isArray(value)) return this.#array(value);
    if (value instanceof Map && isExactly(value, Map.prototype)) {
      this.#noExtras(value, 0);
      return this.visitor.map(value, (part, path) => this.#inside(path, part));
    }
    if (value instanceof Set && isExactly(value, Set.prototype)) {
      this.#noExtras(value, 0);
      return this.visitor.set(value, (part, path) => this.#inside(path, part));
    }
    if (!isExactly(value, Object.prototype)) throw this.#refuse(className(value));
    return this.#plain(value as Record<string, unknown>);
  }

  #array(value: readonly unknown[]): R {
    if (!isExactly(value, Array.prototype)) throw this.#refuse(className(value));
    const keys = Reflect.ownKeys(value).length;
    if (keys !== value.length + 1) {
      for (let i = 0; i < value.length; i++) {
        if (!Object.hasOwn(value, i)) {
          throw this.#refuse(`an array with a hole at ${i}`, "fill it with undefined or null");
        }
      }
      throw this.#refuse("an array with properties of its own beside its items");
    }
    return this.visitor.array(value, (item, index) => this.#inside(index, item));
  }

  #plain(value: Record<string, unknown>): R {
    const keys = Object.keys(value);
    if (Reflect.ownKeys(value).length !== keys.length) {
      throw this.#refuse("an object with symbol keys or hidden properties");
    }
    for (const key of keys) {
      if (Object.getOwnPropertyDescriptor(value, key)?.get === undefined) continue;
      throw this.#refuse(`an object whose "${key}" is computed by a getter`);
    }
    if (isTensor(value)) {
      this.owners.claim(value.shape, "an object", () => `${this.#here()}.shape`);
      this.#checkView(value.data);
      return this.visitor.tensor(value);
    }
    return this.visitor.object(value, keys, (key) => this.#inside(key, value[key]));
  }

  #bytes(value: ArrayBufferView | ArrayBuffer): R {
    this.#checkView(value);
    return this.visitor.bytes(value as TypedArray | DataView | ArrayBuffer);
  }

  #checkView(value: ArrayBufferView | ArrayBuffer): void {
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    const isStandard = isTypedArray(value)
      ? arrayKind(value) !== undefined
      : isExactly(value, value instanceof DataView ? DataView.prototype : ArrayBuffer.prototype);
    if (!isStandard) throw this.#refuse(className(value), "use a plain typed array");
    this.#noExtras(value, isTypedArray(value) ? value.length : 0);
    if (!(buffer instanceof ArrayBuffer)) {
      throw this.#refuse("shared memory", "copy it into a plain array");
    }
    if (buffer.resizable) throw this.#refuse("on a resizable buffer", "copy it into a plain array");
    if (buffer.detached) throw this.#refuse("on a detached buffer");
    if (buffer.byteLength > 0) this.owners.claim(buffer, "memory", () => this.#here());
  }

  /** Refuses properties beside the items. Of a long typed array they cannot be listed without its items. */
  #noExtras(value: object, items: number): void {
    if (items > MOST_LISTED) return;
    const extra = Reflect.ownKeys(value)[items];
    if (extra !== undefined) throw this.#refuse(`with a property "${String(extra)}" of its own`);
  }

  #inside(key: string | number, value: unknown): R {
    this.#path.push(key);
    const result = this.visit(value);
    this.#path.pop();
    return result;
  }

  #here(): string {
    return this.name +
      this.#path.map((key) =>
        typeof key === "number"
          ? `[${key}]`
          : /^[A-Za-z_$][\w$]*$/.test(key)
          ? `.${key}`
          : `[${key.startsWith("(") ? key : JSON.stringify(key)}]`
      ).join("");
  }

  #refuse(found: string, mend?: string): UnsupportedValueError {
    return new UnsupportedValueError(this.#here(), found, mend);
  }
}

function isExactly(value: object, prototype: object): boolean {
  return Object.getPrototypeOf(value) === prototype;
}

function className(value: object): string {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return "an object without a prototype";
  const { name } = prototype.constructor ?? {};
  return `an instance of ${name === undefined || name === "" ? "a class" : name}`;
}
