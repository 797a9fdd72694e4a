/**
 * Compares values part by part, without the codec.
 *
 * @module
 */
import { describeValue } from "./describe.ts";
import { bytesOf, isTypedArray, kindOf } from "./type.ts";

/** The first place where two values differ. */
export interface Difference {
  /** The place inside the values; empty at the top. */
  readonly path: string;
  /** What is there on the left. */
  readonly left: string;
  /** What is there on the right. */
  readonly right: string;
}

/**
 * The first difference between two values under `Object.is`, or `undefined` where they are the same.
 * Orders of keys and items count.
 */
export function firstDifference(a: unknown, b: unknown, path: string = ""): Difference | undefined {
  const differ = (): Difference => ({ path, left: describeValue(a), right: describeValue(b) });
  if (Object.is(a, b)) return undefined;
  const kind = kindOf(a);
  if (
    typeof a !== "object" || typeof b !== "object" || a === null || b === null || kind !== kindOf(b)
  ) {
    return differ();
  }
  if (isTypedArray(a) && isTypedArray(b)) {
    return elements(a, b, path) ?? (a.length === b.length ? undefined : differ());
  }
  if (a instanceof Date && b instanceof Date) {
    return Object.is(a.getTime(), b.getTime()) ? undefined : differ();
  }
  if (a instanceof DataView && b instanceof DataView) {
    return elements(bytesOf(a), bytesOf(b), path) ??
      (a.byteLength === b.byteLength ? undefined : differ());
  }
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return elements(new Uint8Array(a), new Uint8Array(b), path) ??
      (a.byteLength === b.byteLength ? undefined : differ());
  }
  const left = entries(a);
  const right = entries(b);
  if (left.length !== right.length) return differ();
  for (const [index, [place, part]] of left.entries()) {
    const [otherPlace, other] = right[index] ?? ["", undefined];
    if (place !== otherPlace) return differ();
    const difference = firstDifference(part, other, path + place);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function elements(
  a: ArrayLike<unknown>,
  b: ArrayLike<unknown>,
  path: string,
): Difference | undefined {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (Object.is(a[index], b[index])) continue;
    return {
      path: `${path}[${index}]`,
      left: describeValue(a[index]),
      right: describeValue(b[index]),
    };
  }
  return undefined;
}

function entries(value: object): [string, unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [`[${index}]`, item]);
  if (value instanceof Map) {
    return [...value].flatMap(([key, item], index): [string, unknown][] => [
      [`(key ${index})`, key],
      [`(value ${index})`, item],
    ]);
  }
  if (value instanceof Set) return [...value].map((item, index) => [`(item ${index})`, item]);
  return Object.entries(value).map(([key, item]) => [`.${key}`, item]);
}
