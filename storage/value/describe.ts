/**
 * Says what a value is, shortly.
 *
 * @module
 */
import { classOf, instanceName } from "./check.ts";
import { isTypedArray, kindOf } from "./type.ts";

const MOST_CHARACTERS = 40;

/** A value in a few words: `Float32Array(7840)`, `Map(3)`, `number 0.1`, `string "ab…"`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `string ${JSON.stringify(shortened(value))}`;
    case "number":
      return `number ${Object.is(value, -0) ? "-0" : value}`;
    case "bigint":
      return `bigint ${bigintText(value)}`;
    case "boolean":
      return `boolean ${value}`;
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return typeof value;
  }
}

function describeObject(value: object): string {
  if (typeof classOf(value) === "object") return instanceName(value);
  const kind = kindOf(value);
  if (Array.isArray(value) || isTypedArray(value)) return `${kind}(${value.length})`;
  if (value instanceof Map || value instanceof Set) return `${kind}(${value.size})`;
  if (value instanceof ArrayBuffer || value instanceof DataView) {
    return `${kind}(${value.byteLength})`;
  }
  if (value instanceof Date) {
    return `Date ${Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()}`;
  }
  if (kind !== "object") return kind;
  const { length } = Object.keys(value);
  return `object with ${length} key${length === 1 ? "" : "s"}`;
}

function bigintText(value: bigint): string {
  // The decimal digits of a large one take long to find.
  if (BigInt.asIntN(256, value) !== value) return "of over 256 bits";
  return shortened(String(value));
}

function shortened(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
