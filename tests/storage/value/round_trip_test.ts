import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeValue,
  encodeValue,
  firstDifference,
  kindOf,
  kindOfType,
} from "../../../storage/value/mod.ts";
import { join, values } from "./arbitrary.ts";

Deno.test("value: whatever is encoded comes back the same", () => {
  fc.assert(
    fc.property(values, (value) => {
      const { type, parts, byteLength } = encodeValue(value);
      const bytes = join(parts);
      assertEquals(bytes.byteLength, byteLength);
      assertEquals(kindOfType(type), kindOf(value));
      const back = decodeValue(type, bytes);
      assertEquals(firstDifference(value, back), undefined);
      assertEquals(kindOf(back), kindOf(value));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("value: what is decoded shares no memory with its bytes", () => {
  fc.assert(
    fc.property(values, (value) => {
      const { type, parts } = encodeValue(value);
      const bytes = join(parts);
      const decoded = decodeValue(type, bytes);
      bytes.fill(0xff);
      assertEquals(firstDifference(value, decoded), undefined);
      encodeValue(decoded); // each array has memory of its own
    }),
    { numRuns: 500 },
  );
});

Deno.test("value: in the deepest place may be a leaf, and above it any object", () => {
  const objects: (() => unknown)[] = [
    () => ({}),
    () => [],
    () => new Map(),
    () => new Set(),
    () => new Date(1),
    () => new Date(8.64e15 - 1),
    () => new ArrayBuffer(1),
    () => new DataView(new ArrayBuffer(1)),
    () => new Float64Array(1),
    () => ({ shape: [1, 1], data: new Float64Array(1) }),
  ];
  const leaves = [1, 2n ** 80n, "text", "\ud800", null, undefined].map((leaf) => () => leaf);
  const holders: ((value: unknown) => unknown)[] = [
    (value) => [value],
    (value) => ({ value }),
    (value) => new Map([[1, value]]),
    (value) => new Map([[value, 1]]),
    (value) => new Set([value]),
  ];
  const nest = (inmost: unknown, depth: number, hold: (value: unknown) => unknown) => {
    let value = inmost;
    for (let i = 0; i < depth; i++) value = hold(value);
    return value;
  };
  for (const hold of holders) {
    for (const [depth, makers] of [[499, objects], [500, leaves]] as const) {
      for (const make of makers) {
        const { type, parts } = encodeValue(nest(make(), depth, hold));
        const back = decodeValue(type, join(parts));
        assertEquals(firstDifference(back, nest(make(), depth, hold)), undefined);
      }
    }
  }
});
