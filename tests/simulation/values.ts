/**
 * The blobs that workloads save. A number, the *tag* of a save, says what they hold.
 */

import { Buffer } from "node:buffer";
import { type BlobEntry, type BlobToSave, encodeValue, type Manifest } from "../../storage/mod.ts";
import { noise } from "../storage/sample.ts";

/** So many are remembered. */
const MOST_MADE = 1000;
const made = new Map<string, Uint8Array<ArrayBuffer>>();

function bytesOf(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const key = `${length} ${seed}`;
  let bytes = made.get(key);
  if (made.size > MOST_MADE) made.clear();
  if (bytes === undefined) made.set(key, bytes = noise(length, seed));
  return bytes;
}

/**
 * The values of a tag, by `node/blob`: a blob in a pack that changes, one that never does, a small one.
 * Those of a negative tag need no pack.
 */
export function valuesOf(tag: number): ReadonlyMap<string, Uint8Array<ArrayBuffer> | number> {
  if (tag < 0) return new Map([["main/small", tag]]);
  return new Map<string, Uint8Array<ArrayBuffer> | number>([
    ["main/large", bytesOf(5000, tag + 10)],
    ["main/still", bytesOf(4500, 1)],
    ["main/small", tag],
    ["other/large", bytesOf(4400, -tag)],
  ]);
}

/** What a save of a tag is given; what never changes is carried over from the manifest before. */
export function nodesOf(
  tag: number,
  before: Manifest | undefined,
): Record<string, Record<string, BlobToSave>> {
  const nodes: Record<string, Record<string, BlobToSave>> = {};
  for (const [key, value] of valuesOf(tag)) {
    const [node = "", blob = ""] = key.split("/");
    const entry: BlobEntry | undefined = before?.nodes[node]?.[blob];
    (nodes[node] ??= {})[blob] = blob === "still" && entry !== undefined
      ? { carry: entry }
      : { encoded: encodeValue(value), codec: false };
  }
  return nodes;
}

/** Says in which blob loaded values differ from those of a tag; `undefined` where they do not. */
export function differenceFrom(
  tag: number,
  loaded: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): string | undefined {
  for (const [key, value] of valuesOf(tag)) {
    const [node = "", blob = ""] = key.split("/");
    if (!isSame(loaded.get(node)?.get(blob), value)) return key;
  }
  return undefined;
}

function isSame(found: unknown, value: Uint8Array | number): boolean {
  if (typeof value === "number") return found === value;
  return found instanceof Uint8Array && Buffer.compare(found, value) === 0;
}
