/**
 * Finds what two values have in common: an object, or memory.
 *
 * @module
 */
import { eachPlace, placeOf } from "./places.ts";

/** Bytes of a buffer: from, and up to. */
type Span = readonly [start: number, end: number];

/**
 * Where two values of any kind hold the same object, or the same bytes of a buffer: a place in each;
 * `undefined` where nothing is shared. Parts of one buffer that do not overlap are not shared.
 *
 * @example
 * ```ts
 * import { findShared } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const list = new Float64Array(4);
 * const shared = findShared(["holder", { v: list.subarray(2) }], ["list", list]);
 * assertEquals(shared, ["holder.v", "list"]);
 * ```
 */
export function findShared(
  [oneName, one]: readonly [name: string, value: unknown],
  [otherName, other]: readonly [name: string, value: unknown],
): readonly [string, string] | undefined {
  const objects = new Set<object>();
  const spans = new Map<ArrayBufferLike, [Span, object][]>();
  eachObject(one, (object) => {
    const bytes = bytesOf(object);
    if (bytes === undefined) objects.add(object);
    else {
      const known = spans.get(bytes.buffer);
      if (known === undefined) spans.set(bytes.buffer, [[bytes.span, object]]);
      else known.push([bytes.span, object]);
    }
    return false;
  });
  let found: readonly [object, object] | undefined;
  eachObject(other, (object) => {
    const bytes = bytesOf(object);
    if (bytes === undefined) found = objects.has(object) ? [object, object] : undefined;
    else {
      const over = spans.get(bytes.buffer)?.find(([span]) => overlap(span, bytes.span));
      found = over && [over[1], object];
    }
    return found !== undefined;
  });
  if (found === undefined) return undefined;
  const [here, there] = found;
  return [placeOf(here, one, oneName) ?? oneName, placeOf(there, other, otherName) ?? otherName];
}

/** Visits all objects in a value, but for buffers that are there only behind a view. */
function eachObject(value: unknown, visit: (object: object) => boolean): void {
  eachPlace(value, (place) => {
    const isBehindView = ArrayBuffer.isView(place.from?.value);
    return !isBehindView && visit(place.value as object);
  });
}

function bytesOf(object: object): { buffer: ArrayBufferLike; span: Span } | undefined {
  if (object instanceof ArrayBuffer) return { buffer: object, span: [0, object.byteLength] };
  if (!ArrayBuffer.isView(object)) return undefined;
  const { buffer, byteOffset, byteLength } = object;
  return { buffer, span: [byteOffset, byteOffset + byteLength] };
}

function overlap(one: Span, other: Span): boolean {
  return one[0] < other[1] && other[0] < one[1];
}
