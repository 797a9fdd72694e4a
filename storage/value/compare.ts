/**
 * Compares values part by part, without the codec.
 *
 * @module
 */
import { classOf } from "./check.ts";
import { describeValue } from "./describe.ts";
import { MAX_DEPTH } from "./limits.ts";
import { EntryStep, formatPath, type Step } from "./path.ts";
import { bytesOf, isTypedArray } from "./type.ts";

/** The first place where two values differ. */
export interface Difference {
  /** The place inside the values, as in `.layers[0]`; empty at the top. */
  readonly path: string;
  /** What is there on the left. */
  readonly left: string;
  /** What is there on the right. */
  readonly right: string;
}

/**
 * The first difference between two values under `Object.is`, or `undefined` where they are the same.
 * Orders of keys and items count, and so do classes. Two objects that could not be saved, such as two `URL`s,
 * cannot be looked into: they differ unless they are one. So do objects that lie more than 500 deep.
 *
 * @example
 * ```ts
 * import { firstDifference } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(firstDifference({ loss: [1, -0] }, { loss: [1, 0] }), {
 *   path: ".loss[1]",
 *   left: "number -0",
 *   right: "number 0",
 * });
 * ```
 */
export function firstDifference(a: unknown, b: unknown): Difference | undefined {
  return new Comparison().of(a, b);
}

class Comparison {
  readonly #steps: Step[] = [];

  of(a: unknown, b: unknown): Difference | undefined {
    if (Object.is(a, b)) return undefined;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
      return this.#differ(a, b);
    }
    const is = classOf(a);
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || is !== classOf(b)) {
      return this.#differ(a, b);
    }
    if (this.#steps.length > MAX_DEPTH) return this.#differ(a, b);
    switch (is) {
      case "bytes":
        return this.#bytes(a as Bytes, b as Bytes);
      case "Date":
        return Object.is((a as Date).getTime(), (b as Date).getTime())
          ? undefined
          : this.#differ(a, b);
      case "Array":
        return this.#arrays(a as unknown[], b as unknown[]);
      case "Map":
        return this.#maps(a as Map<unknown, unknown>, b as Map<unknown, unknown>);
      case "Set":
        return this.#sets(a as Set<unknown>, b as Set<unknown>);
      case "object":
        return this.#objects(a, b);
      default:
        return this.#differ(a, b);
    }
  }

  #bytes(a: Bytes, b: Bytes): Difference | undefined {
    if (a.byteLength !== b.byteLength) return this.#differ(a, b);
    // Where all bytes are the same, so are the elements; this is the quick way to see it.
    const left = bytesOf(ArrayBuffer.isView(a) ? a : new Uint8Array(a));
    const right = bytesOf(ArrayBuffer.isView(b) ? b : new Uint8Array(b));
    if (isSameMemory(left, right)) return undefined;
    return this.#elements(isTypedArray(a) ? a : left, isTypedArray(b) ? b : right);
  }

  #elements(left: ArrayLike<unknown>, right: ArrayLike<unknown>): Difference | undefined {
    for (let index = 0; index < left.length; index++) {
      const difference = this.#inside(index, left[index], right[index]);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  #arrays(a: readonly unknown[], b: readonly unknown[]): Difference | undefined {
    if (a.length !== b.length) return this.#differ(a, b);
    for (let index = 0; index < a.length; index++) {
      const one = a[index];
      const other = b[index];
      if (Object.is(one, other) && (one !== undefined || (index in a) === (index in b))) continue;
      const difference = this.#inside(index, one, other);
      if (difference !== undefined) return difference;
      if (one === undefined) return this.#differ(a, b);
    }
    return undefined;
  }

  #maps(
    a: ReadonlyMap<unknown, unknown>,
    b: ReadonlyMap<unknown, unknown>,
  ): Difference | undefined {
    if (a.size !== b.size) return this.#differ(a, b);
    const others = b.entries();
    let index = 0;
    for (const [key, value] of a) {
      const [otherKey, other] = others.next().value ?? [];
      const difference = this.#inside(() => new EntryStep("key", index), key, otherKey) ??
        this.#inside(() => new EntryStep("value", index, key), value, other);
      if (difference !== undefined) return difference;
      index++;
    }
    return undefined;
  }

  #sets(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): Difference | undefined {
    if (a.size !== b.size) return this.#differ(a, b);
    const others = b.values();
    let index = 0;
    for (const item of a) {
      const other: unknown = others.next().value;
      const difference = this.#inside(() => new EntryStep("item", index), item, other);
      if (difference !== undefined) return difference;
      index++;
    }
    return undefined;
  }

  #objects(a: object, b: object): Difference | undefined {
    const keys = Reflect.ownKeys(a);
    const others = Reflect.ownKeys(b);
    if (keys.length !== others.length || keys.some((key, index) => key !== others[index])) {
      return this.#differ(a, b);
    }
    for (const key of keys) {
      const difference = this.#inside(String(key), Reflect.get(a, key), Reflect.get(b, key));
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  #inside(step: Step | (() => Step), a: unknown, b: unknown): Difference | undefined {
    if (Object.is(a, b)) return undefined;
    this.#steps.push(typeof step === "function" ? step() : step);
    const difference = this.of(a, b);
    this.#steps.pop();
    return difference;
  }

  #differ(a: unknown, b: unknown): Difference {
    return { path: formatPath(this.#steps), left: describeValue(a), right: describeValue(b) };
  }
}

type Bytes = ArrayBufferView | ArrayBuffer;

function isSameMemory(a: Uint8Array, b: Uint8Array): boolean {
  const hasWords = ((a.byteOffset | b.byteOffset | a.byteLength) & 3) === 0;
  return hasWords ? isSame(wordsOf(a), wordsOf(b)) : isSame(a, b);
}

function isSame<T extends Uint8Array | Int32Array>(a: T, b: T): boolean {
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}
