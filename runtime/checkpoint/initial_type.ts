/**
 * The types of initial values.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { kindOf } from "../../storage/mod.ts";

/** The type of a blob's initial value. */
export interface InitialType {
  /** Its kind. */
  readonly kind: string;
  /** Its kind, and its size where that is fixed: `"Float32Array of 3"`. */
  readonly words: string;
}

const known = new WeakMap<AnyBlob, InitialType>();

/** The type of a blob's initial value, which is made once to be looked at; none where it has none. */
export function initialType(blob: AnyBlob): InitialType | undefined {
  if (blob.initial === undefined) return undefined;
  let type = known.get(blob);
  if (type === undefined) {
    const value = blob.initial();
    known.set(blob, type = { kind: kindOf(value), words: wordsOf(value) });
  }
  return type;
}

function wordsOf(value: unknown): string {
  const kind = kindOf(value);
  if (kind.startsWith("tensor ")) {
    return `${kind} ${(value as { shape: readonly number[] }).shape.join("×")}`;
  }
  const isArray = ArrayBuffer.isView(value) && !(value instanceof DataView);
  return isArray ? `${kind} of ${(value as Uint8Array).length}` : kind;
}
