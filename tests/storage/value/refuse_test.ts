import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  AliasedValueError,
  Aliases,
  cloneValue,
  describeValue,
  encodeValue,
  firstDifference,
  UnsupportedValueError,
} from "../../../storage/value/mod.ts";

class Model {
  layers = 3;
}
class Names extends Array<string> {}

const sparse: unknown[] = [];
sparse[2] = 1;
const tagged = Object.assign([1], { note: "x" });
const getter = Object.defineProperty({}, "now", { get: () => 1, enumerable: true });
const hidden = Object.defineProperty({}, "secret", { value: 1, enumerable: false });
const cycle: { self?: unknown } = {};
cycle.self = cycle;
let deep: unknown = 1;
for (let i = 0; i < 2_000; i++) deep = [deep];
const detached = new Uint8Array(4);
structuredClone(detached, { transfer: [detached.buffer] });

const REFUSED: readonly (readonly [string, unknown, string, string])[] = [
  ["a function", { a: [() => 1] }, "blob.a[0]", "function"],
  ["a symbol", { a: Symbol("x") }, "blob.a", "symbol"],
  ["a symbol key", { [Symbol("x")]: 1 }, "blob", "symbol keys"],
  ["a class's instance", { model: new Model() }, "blob.model", "Model"],
  ["a subclass of Array", { names: new Names() }, "blob.names", "Names"],
  ["a Buffer", { b: new (class Buffer extends Uint8Array {})(2) }, "blob.b", "Buffer"],
  ["a URL", new Map([["u", new URL("https://example.org")]]), "blob[(value 0)]", "URL"],
  ["an Error", new Set([new Error("x")]), "blob[(item 0)]", "Error"],
  ["a RegExp", [/x/], "blob[0]", "RegExp"],
  ["a boxed number", [Object(1)], "blob[0]", "Number"],
  ["an object without a prototype", [Object.create(null)], "blob[0]", "prototype"],
  ["a promise", [Promise.resolve()], "blob[0]", "Promise"],
  ["a hole", { list: sparse }, "blob.list", "hole at 0"],
  ["an array with a property", { tagged }, "blob.tagged", "beside its items"],
  ["a getter", [getter], "blob[0]", "getter"],
  ["a hidden property", [hidden], "blob[0]", "hidden"],
  ["shared memory", [new Uint8Array(new SharedArrayBuffer(4))], "blob[0]", "shared memory"],
  [
    "a resizable buffer",
    [new Uint8Array(new ArrayBuffer(1, { maxByteLength: 2 }))],
    "blob[0]",
    "resizable",
  ],
  ["a detached buffer", [detached], "blob[0]", "detached"],
  ["a typed array with a property", [Object.assign(new Uint8Array(1), { x: 1 })], "blob[0]", '"x"'],
  ["a Map with a property", [Object.assign(new Map(), { x: 1 })], "blob[0]", '"x"'],
  ["deep nesting", deep, "blob[0]", "deep"],
  ["an odd key", { "a b": [Symbol()] }, 'blob["a b"][0]', "symbol"],
];

for (const [what, value, path, found] of REFUSED) {
  Deno.test(`value: ${what} is refused, with its path`, () => {
    const error = assertThrows(() => encodeValue(value, { name: "blob" }), UnsupportedValueError);
    assertStringIncludes(error.path, path);
    assertStringIncludes(error.message, found);
    assertThrows(() => cloneValue(value), UnsupportedValueError);
  });
}

Deno.test("value: a cycle is refused as an object in two places", () => {
  assertThrows(() => encodeValue(cycle, { name: "blob" }), AliasedValueError, "blob.self");
});

Deno.test("value: one object in two places of a value is refused, with both", () => {
  const shared = [1];
  const error = assertThrows(
    () => encodeValue({ a: shared, b: { c: shared } }, { name: "blob" }),
    AliasedValueError,
  );
  assertEquals([error.path, error.other], ["blob.b.c", "blob.a"]);
});

Deno.test("value: two views on one buffer are refused, with both", () => {
  const all = new Float32Array(8);
  const error = assertThrows(
    () => encodeValue([all.subarray(0, 4), all.subarray(4)], { name: "net" }),
    AliasedValueError,
    "memory",
  );
  assertEquals([error.path, error.other], ["net[1]", "net[0]"]);
});

Deno.test("value: memory shared by two blobs is refused, unless it has moved", () => {
  const all = new Float32Array(8);
  const current: Record<string, unknown> = { a: { w: all }, b: all.subarray(2) };
  const aliases = new Aliases((name) => current[name]);
  encodeValue(current["a"], { name: "a", aliases });
  const error = assertThrows(
    () => encodeValue(current["b"], { name: "b", aliases }),
    AliasedValueError,
  );
  assertEquals([error.path, error.other], ["b", "a.w"]);
  current["a"] = {};
  encodeValue(current["b"], { name: "b", aliases });
  encodeValue(current["b"], { name: "b", aliases });
});

Deno.test("value: a difference is named by its place, and -0 is not 0", () => {
  const difference = firstDifference({ w: [new Float32Array([1, -0])] }, {
    w: [new Float32Array([1, 0])],
  });
  assertEquals(difference, { path: ".w[0][1]", left: "number -0", right: "number 0" });
  assertEquals(firstDifference(NaN, NaN), undefined);
  assert(firstDifference(new Float32Array(1), new Float64Array(1)) !== undefined);
  assert(firstDifference([1], [1, 2]) !== undefined);
});

Deno.test("value: descriptions are short", () => {
  assertEquals(describeValue(new Float32Array(7840)), "Float32Array(7840)");
  assertEquals(describeValue(new Model()), "an instance of Model");
  assert(describeValue("x".repeat(1e6)).length < 60);
  assert(describeValue(10n ** 1000n).length < 60);
});
