import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { cloneValue, describeValue, firstDifference } from "../../../storage/value/mod.ts";
import { values } from "./arbitrary.ts";

class Model {
  layers = 3;
}

Deno.test("value: a difference is named by its place, and -0 is not 0", () => {
  const left = { w: [new Float32Array([1, -0])] };
  const difference = firstDifference(left, { w: [new Float32Array([1, 0])] });
  assertEquals(difference, { path: ".w[0][1]", left: "number -0", right: "number 0" });
});

Deno.test("value: these are the same", () => {
  const odd = new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn]).buffer);
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [NaN, NaN],
    [[, 1], [, 1]],
    [odd, new Float64Array([NaN])],
    [new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
    [new Date(NaN), new Date(NaN)],
  ];
  for (const [a, b] of pairs) assertEquals(firstDifference(a, b), undefined);
});

Deno.test("value: these differ", () => {
  const buffer = (...bytes: number[]) => Uint8Array.from(bytes).buffer;
  const cycle = () => {
    const value: Record<string, unknown> = {};
    value["self"] = value;
    return value;
  };
  const pairs: readonly (readonly [unknown, unknown, string])[] = [
    [1, 1n, ""],
    [null, undefined, ""],
    [new Float32Array(1), new Float64Array(1), ""],
    [new Float32Array(1), new Int32Array(1), ""],
    [[1], [1, 2], ""],
    [[undefined], [,], ""],
    [[,], [undefined], ""],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, ""],
    [{ a: undefined }, {}, ""],
    [{ [Symbol.iterator]: 1 }, {}, ""],
    [new Map([[1, 2]]), new Map([[1, 3]]), ".get(1)"],
    [new Map([[1, 2], [2, 3]]), new Map([[2, 3], [1, 2]]), "[key 0]"],
    [new Set([1, 2]), new Set([2, 1]), "[item 0]"],
    [new Date(1), new Date(2), ""],
    [buffer(1, 2), buffer(1, 3), "[1]"],
    [new DataView(buffer(1, 2)), new DataView(buffer(2, 2)), "[0]"],
    [new BigInt64Array([1n, 2n]), new BigInt64Array([1n, 3n]), "[1]"],
    [new Model(), { layers: 3 }, ""],
    [new URL("https://a.example"), new URL("https://b.example"), ""],
    [() => 1, () => 1, ""],
    [/a/, /b/, ""],
    [Object.create(null), {}, ""],
    [Object.create(null), Object.create(null), ""],
    [new (class extends Uint8Array {})(1), new Uint8Array(1), ""],
    [Object.create(Date.prototype), new Date(1), ""],
    [{ "a b": [1] }, { "a b": [2] }, '["a b"][0]'],
    [cycle(), cycle(), ".self".repeat(501)],
  ];
  for (const [a, b, path] of pairs) {
    const difference = firstDifference(a, b);
    assertEquals(difference?.path, path, describeValue(a));
    assert(firstDifference(b, a) !== undefined);
  }
});

Deno.test("value: any change of any value is found", () => {
  fc.assert(
    fc.property(values, values, (one, other) => {
      const holder = { one, list: [other] };
      fc.pre(firstDifference(one, other) !== undefined);
      const changed = { one: cloneValue(one), list: [cloneValue(one)] };
      assert(firstDifference(holder, changed)?.path.startsWith(".list[0]"));
    }),
    { numRuns: 300 },
  );
});

Deno.test("value: descriptions say what it is, shortly", () => {
  const described: readonly (readonly [unknown, string])[] = [
    [new Float32Array(7840), "Float32Array(7840)"],
    [{ shape: [2], data: new Int8Array(2) }, "tensor Int8Array"],
    [new Map([[1, 2]]), "Map(1)"],
    [new Set(), "Set(0)"],
    [[1, 2], "Array(2)"],
    [{ a: 1 }, "object with 1 key"],
    [{}, "object with 0 keys"],
    [new ArrayBuffer(3), "ArrayBuffer(3)"],
    [new DataView(new ArrayBuffer(3)), "DataView(3)"],
    [new Date(0), "Date 1970-01-01T00:00:00.000Z"],
    [new Date(NaN), "Date invalid"],
    [0.1, "number 0.1"],
    [-0, "number -0"],
    [10n, "bigint 10"],
    ["ab", 'string "ab"'],
    [true, "boolean true"],
    [null, "null"],
    [undefined, "undefined"],
    [() => 1, "function"],
    [Symbol("x"), "symbol"],
    [new Model(), "an instance of Model"],
    [Object.create(null), "an object without a prototype"],
    [new (class Buffer extends Uint8Array {})(1), "an instance of Buffer"],
    [Object.create(Map.prototype), "an instance of Map"],
  ];
  for (const [value, text] of described) assertEquals(describeValue(value), text);
});

Deno.test("value: descriptions of large values are short, too", () => {
  const huge: unknown[] = ["x".repeat(1e6), "\0".repeat(1e6), 10n ** 1000n, 1n << 100_000n];
  for (const value of huge) assert(describeValue(value).length < 300);
});
