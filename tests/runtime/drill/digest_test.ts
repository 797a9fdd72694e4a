/** What the digests of blobs tell apart, and what they do not. */

import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { cloneValue, codec, firstDifference } from "tidemark";
import { values } from "../../storage/value/arbitrary.ts";
import { digestOf, digestOfBlob } from "../../../runtime/drill/digest.ts";

/** Values of which no two are the same, though some codec might take one for another. */
const near: readonly (() => unknown)[] = [
  ...[0, -0, NaN, null, undefined, false, 0n, "", "0", "-0", "NaN", "null", "0n"].map(
    (leaf) => () => leaf,
  ),
  ...[1, 1 + Number.EPSILON, 2 ** 53, 2n ** 53n, Infinity, 5e-324, "1"].map((leaf) => () => leaf),
  ...["\ud800", "\udc00", "\ufffd", "\u00e9", "e\u0301", '"', "\\", "a,b"].map((text) => () =>
    text
  ),
  ...[[], [undefined], [null], [,], [0], [-0], [[]], [0, 1], [1, 0]].map((list) => () => list),
  ...[["a,b"], ["a", "b"], ['a","b'], [1, , 2], [1, undefined, 2], [, 1], [1, ,]]
    .map((list) => () => list),
  ...[{}, { a: undefined }, { a: null }, { a: 0 }, { a: -0 }, { length: 0 }, { b: 0 }]
    .map((object) => () => object),
  () => ({ a: 1, b: 2 }),
  () => ({ b: 2, a: 1 }),
  () => ({ __proto__: null }),
  () => Object.defineProperty({}, "__proto__", { value: 0, enumerable: true }),
  () => Object.defineProperty({}, "a", { value: 0 }),
  () => Object.assign([], { a: 0 }),
  () => Object.assign(new Map(), { a: 0 }),
  () => new Map(),
  () => new Map([[1, 2]]),
  () => new Map([["1", 2]]),
  () => new Map([[1, 2], [3, 4]]),
  () => new Map([[3, 4], [1, 2]]),
  () => new Map([[0, -0]]),
  () => new Map([[0, 0]]),
  () => new Set(),
  () => new Set([1, 2]),
  () => new Set([2, 1]),
  () => new Set([[1, 2]]),
  () => new Date(0),
  () => new Date(1),
  () => new Date(NaN),
  () => "1970-01-01T00:00:00.000Z",
  () => new ArrayBuffer(0),
  () => new ArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8)),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]
    .flatMap((Kind) => [0, 8, 16].map((bytes) => () => new Kind(bytes / Kind.BYTES_PER_ELEMENT))),
  ...[BigInt64Array, BigUint64Array].map((Kind) => () => new Kind(1)),
  ...[Float16Array, Float32Array, Float64Array].flatMap((Kind) => [
    ...[[], [0], [-0], [NaN], [0, NaN], [NaN, 0], [NaN, NaN]].map((items) => () => new Kind(items)),
  ]),
  () => shared(1, 1),
  () => shared(1, 2),
  () => shared(2, 1),
  () => cycle(),
];

/** Two objects of the same contents in three places. */
function shared(second: 1 | 2, third: 1 | 2): unknown {
  const [one, other] = [{ x: 1 }, { x: 1 }];
  return [one, second === 1 ? one : other, third === 1 ? one : other];
}

function cycle(): unknown {
  const list: unknown[] = [];
  list.push(list);
  return list;
}

/** Some value with a value somewhere inside it. */
const around: fc.Arbitrary<(value: unknown) => unknown> = fc.array(
  fc.constantFrom<(value: unknown) => unknown>(
    (value) => [1, value],
    (value) => [value, value],
    (value) => ({ a: value, b: 0 }),
    (value) => new Map([["key", value]]),
    (value) => new Map([[value, "value"]]),
    (value) => new Set([value, "item"]),
  ),
  { maxLength: 3 },
).map((wraps) => (value) => wraps.reduce((inner, wrap) => wrap(inner), value));

Deno.test("no two near values have the same digest", () => {
  const digests = near.map((make) => digestOf(make()));
  for (const [index, digest] of digests.entries()) {
    assertEquals(digests.indexOf(digest), index, String(near[index]));
  }
});

Deno.test("nor have they wherever they lie; and what is made twice has one digest", () => {
  const index = fc.nat(near.length - 1);
  fc.assert(fc.property(index, index, around, (a, b, wrap) => {
    const [one, other] = [near[a]?.(), near[b]?.()];
    // As the key of a Map or the item of a Set, -0 is 0.
    const isZero = [one, other].every((value) => value === 0);
    if (a === b) assertEquals(digestOf(wrap(one)), digestOf(wrap(near[a]?.())));
    else if (!isZero) assertNotEquals(digestOf(wrap(one)), digestOf(wrap(other)));
  }));
});

Deno.test("any values that can be saved have one digest where nothing differs, and only there", () => {
  fc.assert(fc.property(values, values, (a, b) => {
    assertEquals(digestOf(cloneValue(a)), digestOf(a));
    assertEquals(digestOf(a) === digestOf(b), firstDifference(a, b) === undefined);
  }));
});

Deno.test("where a view lies and which NaN is in it makes no difference", () => {
  const odd = new Float64Array(new BigUint64Array([0xfff8_0000_dead_beefn]).buffer);
  assertEquals(digestOf(odd), digestOf(new Float64Array([NaN])));
  const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  assertEquals(digestOf(part), digestOf(new Uint8Array([1, 2])));
});

Deno.test("what cannot be looked into is refused", () => {
  class Model {}
  const odd: readonly unknown[] = [
    ...[() => 0, Symbol("a"), new Model(), new URL("a:b"), new WeakMap(), new Error("e")],
    ...[{ [Symbol("a")]: 0 }, Object.defineProperty({}, "a", { get: () => 0 })],
    ...[Object.create(Map.prototype), new SharedArrayBuffer(1)],
  ];
  for (const value of odd) assertThrows(() => digestOf([value]), TypeError);
});

Deno.test("a value with a codec is known by its class and by what the codec makes of it", async () => {
  class Model {
    readonly #layers: number;
    constructor(layers: number) {
      this.#layers = layers;
    }
    get layers(): number {
      return this.#layers;
    }
  }
  class Other extends Model {}
  const model = codec({
    encode: (value: Model) => Promise.resolve({ layers: value.layers }),
    decode: ({ layers }) => new Model(layers),
  });
  const [zero, same] = [await digestOfBlob(new Model(0), model), new Model(0)];
  assertEquals(await digestOfBlob(same, model), zero);
  assertNotEquals(await digestOfBlob(new Model(-0), model), zero);
  assertNotEquals(await digestOfBlob(new Other(0), model), zero);
  assertNotEquals(await digestOfBlob({ layers: 0 }, model), zero);
  assertNotEquals(await digestOfBlob({ layers: 0 }), zero);
  await assertRejects(() => digestOfBlob(new Model(0)), TypeError);
});
