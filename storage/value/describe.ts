/**
 * Says what a value is, shortly.
 *
 * @module
 */
import { isTypedArray, kindOf } from "./type.ts";

/** A value in a few words: `Float32Array(7840)`, `Map(3)`, `number 0.1`, `string "ab…"`. */
export function describeValue(value: unknown): string {
  const kind = kindOf(value);
  if (typeof value === "string") {
    return `string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  }
  if (typeof value === "number") return `number ${Object.is(value, -0) ? "-0" : value}`;
  if (typeof value === "bigint" || typeof value === "boolean") {
    return `${kind} ${String(value).slice(0, 40)}`;
  }
  if (typeof value !== "object" || value === null) return kind;
  if (Array.isArray(value) || isTypedArray(value)) return `${kind}(${value.length})`;
  if (value instanceof Map || value instanceof Set) return `${kind}(${value.size})`;
  if (value instanceof Date) {
    return `Date ${Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()}`;
  }
  if (value instanceof ArrayBuffer || value instanceof DataView) {
    return `${kind}(${value.byteLength})`;
  }
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  if (kind === "object" && typeof name === "string" && name !== "Object") {
    return `an instance of ${name}`;
  }
  return kind === "object" ? `object with ${Object.keys(value).length} keys` : kind;
}
