import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { cloneValue } from "../../storage/mod.ts";
import { digestOf } from "./digest.ts";

/** Values of which no two are the same. */
const DIFFERENT: readonly unknown[] = [
  ...[0, -0, NaN, 1, 1n, "1", true, false, null, undefined, "", "undefined", "\ud800", "\ud801"],
  ...[[], [undefined], [null], [0], [-0], new Array(1), new Array(2), {}, { a: undefined }],
  ...[{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: { b: 1 } }, { a: 1, b: "" }, { length: 0 }],
  ...[new Map(), new Map([[1, 2]]), new Map([["1", 2]]), new Map([[1, 2], [3, 4]])],
  ...[new Map([[3, 4], [1, 2]]), new Set(), new Set([1, 2]), new Set([2, 1]), new Date(0)],
  ...[new Date(1), new Date(NaN), new ArrayBuffer(4), new ArrayBuffer(8), new Uint8Array(4)],
  ...[new Int8Array(4), new Uint8ClampedArray(4), new Float32Array(1), Float32Array.of(-0)],
  ...[
    Float32Array.of(NaN),
    new Float64Array(1),
    Float64Array.of(-0),
    new DataView(new ArrayBuffer(4)),
  ],
  ...[["ab", "c"], ["a", "bc"], ["abc"], [[1], 2], [[1, 2]], Object.create(null)],
];

Deno.test("different values have different digests", () => {
  const digests = new Map<string, unknown>();
  for (const value of DIFFERENT) {
    const digest = digestOf(value);
    if (!digests.has(digest)) digests.set(digest, value);
    else throw new Error(`alike: ${Deno.inspect(value)} and ${Deno.inspect(digests.get(digest))}`);
  }
  assertEquals(digests.size, DIFFERENT.length);
});

Deno.test("equal values have one digest, whatever the bits of NaN are", () => {
  const odd = new Float64Array(1);
  new BigUint64Array(odd.buffer)[0] = 0xfff8000000000001n;
  assertEquals(digestOf(odd), digestOf(Float64Array.of(NaN)));
  assertEquals(digestOf(odd[0]), digestOf(NaN));
  fc.assert(
    fc.property(fc.anything({ withMap: true, withSet: true, withTypedArray: true }), (value) => {
      assertEquals(digestOf(structuredClone(value)), digestOf(structuredClone(value)));
    }),
    { numRuns: 200 },
  );
});

Deno.test("what the codec takes and gives back has the same digest", () => {
  const value = {
    numbers: [0, -0, NaN, 1.5, 2 ** 60],
    nested: new Map<unknown, unknown>([["a", new Set([1, "x"])], [3, [
      new Date(5),
      null,
      undefined,
    ]]]),
    bytes: new Float32Array([1, -0, NaN]),
    text: "a\u0000b",
    big: -(2n ** 70n),
  };
  assertEquals(digestOf(cloneValue(value)), digestOf(value));
});
