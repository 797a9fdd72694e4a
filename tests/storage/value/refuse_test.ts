import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { cloneValue, encodeValue, UnsupportedValueError } from "../../../storage/value/mod.ts";

class Model {
  layers = 3;
}
class Names extends Array<string> {}
class Sizes extends Array<number> {}

const sparse: unknown[] = [];
sparse[2] = 1;
const tagged = Object.assign([1], { note: "x" });
const getter = Object.defineProperty({}, "now", { get: () => 1, enumerable: true });
const hidden = Object.defineProperty({}, "secret", { value: 1, enumerable: false });
let deep: unknown = 1;
for (let i = 0; i < 2_000; i++) deep = [deep];
const detached = new Uint8Array(4);
structuredClone(detached, { transfer: [detached.buffer] });

const setter = Object.defineProperty({}, "on", { set: () => {}, enumerable: true });
const itemGetter = Object.defineProperty([1, 2], 1, { get: () => 1, enumerable: true });
const hiddenItem = Object.defineProperty([1, 2], 1, { value: 1, enumerable: false });
const resizable = new ArrayBuffer(1, { maxByteLength: 2 });
const odd = { value: 1, enumerable: false };
const holedShape: number[] = [];
holedShape[1] = 2;
const many = (): Float32Array => new Float32Array(5_000);
const boxed = [Object(true), Object("x"), Object(1n), Object(Symbol())];

// The place is whole; of the message, what it says is there, and a word of what to do.
const REFUSED: readonly (readonly [string, unknown, string, string, string?])[] = [
  ["a function", { a: [() => 1] }, "blob.a[0]", "a function", "a codec"],
  ["a function at the top", () => 1, "blob", "a function"],
  ["a symbol", { a: Symbol("x") }, "blob.a", "a symbol", "a text"],
  ["a symbol key", { a: { [Symbol("x")]: 1 } }, "blob.a", "symbol key, Symbol(x)", "text keys"],
  ["a class's instance", { model: new Model() }, "blob.model", "an instance of Model", "a codec"],
  ["a nameless class's instance", [new (class {})()], "blob[0]", "an instance of a class"],
  ["a subclass of Array", { names: new Names() }, "blob.names", "Names"],
  ["a subclass of Map", [new (class Index extends Map {})()], "blob[0]", "Index"],
  ["a subclass of Set", [new (class Bag extends Set {})()], "blob[0]", "Bag"],
  ["a subclass of Date", [new (class Day extends Date {})()], "blob[0]", "Day"],
  ["a Buffer", { b: Buffer.from([1]) }, "blob.b", "an instance of Buffer", "copy it into a plain"],
  ["a Buffer at the top", Buffer.from([1]), "blob", "an instance of Buffer"],
  ["a URL", new Map([["u", new URL("https://example.org")]]), 'blob.get("u")', "URL"],
  ["an Error", new Set([new Error("x")]), "blob[item 0]", "Error"],
  ["a RegExp as a key", new Map([[/x/, 1]]), "blob[key 0]", "RegExp"],
  ["a value below an object key", new Map([[[1], [/x/]]]), "blob[value 0][0]", "RegExp"],
  ["a value below a number", new Map([[1.5, /x/]]), "blob.get(1.5)", "RegExp"],
  ["a boxed number", [Object(1)], "blob[0]", "Number"],
  ["a boxed boolean", boxed.slice(0, 1), "blob[0]", "Boolean"],
  ["a boxed string", boxed.slice(1, 2), "blob[0]", "String"],
  ["a boxed bigint", boxed.slice(2, 3), "blob[0]", "BigInt"],
  ["a boxed symbol", boxed.slice(3, 4), "blob[0]", "Symbol"],
  ["an object without a prototype", [Object.create(null)], "blob[0]", "without a prototype"],
  ["a promise", [Promise.resolve()], "blob[0]", "Promise"],
  ["a WeakMap", [new WeakMap()], "blob[0]", "WeakMap"],
  ["a generator", [(function* () {})()], "blob[0]", "an instance of"],
  ["an iterator", [[1].values()], "blob[0]", "an instance of"],
  ["what only inherits from Map", [Object.create(Map.prototype)], "blob[0]", "imitation of Map"],
  ["what only inherits from Date", [Object.create(Date.prototype)], "blob[0]", "imitation of Date"],
  ["a proxy of a Set", [new Proxy(new Set(), {})], "blob[0]", "proxy"],
  [
    "an array of no Array",
    [Object.setPrototypeOf([1], Object.prototype)],
    "blob[0]",
    "instance of",
  ],
  ["a hole", { list: sparse }, "blob.list", "hole at 0", "undefined"],
  ["an array with a property", { tagged }, "blob.tagged", '"note" beside its contents'],
  [
    "a long array with a property",
    [Object.assign(Array(5_000).fill(0), { note: 1 })],
    "blob[0]",
    '"note" beside',
  ],
  ["a getter", [getter], "blob[0]", '"now" is computed', "its value"],
  ["a setter", [setter], "blob[0]", '"on" is computed'],
  ["an item with a getter", [itemGetter], "blob[0]", '"1" is computed'],
  ["a hidden property", [hidden], "blob[0]", 'hidden property, "secret"', "enumerable"],
  ["a hidden item", [hiddenItem], "blob[0]", "hidden"],
  ["shared memory", [new Uint8Array(new SharedArrayBuffer(4))], "blob[0]", "shared memory", "copy"],
  ["a SharedArrayBuffer", [new SharedArrayBuffer(4)], "blob[0]", "shared memory", "copy"],
  ["a view on a resizable buffer", [new Uint8Array(resizable)], "blob[0]", "resizable", "copy"],
  ["a resizable buffer", { b: resizable }, "blob.b", "resizable", "copy"],
  ["a view on a detached buffer", [detached], "blob[0]", "detached", "copy"],
  ["a detached buffer", detached.buffer, "blob", "detached", "copy"],
  ["a typed array with a property", [Object.assign(new Uint8Array(1), { x: 1 })], "blob[0]", '"x"'],
  ["a long one with a property", [Object.assign(many(), { x: 1 })], "blob[0]", '"x" beside'],
  [
    "a long one with a symbol",
    [Object.assign(many(), { [Symbol("s")]: 1 })],
    "blob[0]",
    "Symbol(s)",
  ],
  [
    "a long one with a hidden one",
    [Object.defineProperty(many(), "h", odd)],
    "blob[0]",
    '"h" beside',
  ],
  [
    "a long one that calls itself something else",
    Object.defineProperty(many(), Symbol.toStringTag, { value: "Int8Array" }),
    "blob",
    "toStringTag",
  ],
  ["a Map with a property", [Object.assign(new Map(), { x: 1 })], "blob[0]", '"x"'],
  ["a Set with a property", [Object.assign(new Set(), { x: 1 })], "blob[0]", '"x"'],
  ["a Date with a property", [Object.assign(new Date(), { x: 1 })], "blob[0]", '"x"'],
  ["a buffer with a property", [Object.assign(new ArrayBuffer(1), { x: 1 })], "blob[0]", '"x"'],
  ["a shape with a hole", { shape: holedShape, data: new Int8Array(2) }, "blob.shape", "hole at 0"],
  [
    "a shape of a class",
    { t: { shape: Sizes.from([2]), data: new Int8Array(2) } },
    "blob.t.shape",
    "Sizes",
  ],
  ["a tensor of a Buffer", { shape: [1], data: Buffer.from([1]) }, "blob.data", "Buffer"],
  [
    "a tensor on shared memory",
    [{ shape: [1], data: new Int8Array(new SharedArrayBuffer(1)) }],
    "blob[0].data",
    "shared",
  ],
  ["deep nesting", deep, "blob" + "[0]".repeat(500), "500 deep", "flatter"],
  ["an odd key", { "a b": [Symbol()] }, 'blob["a b"][0]', "symbol"],
  ["a long key", { ["k".repeat(1e5)]: Symbol() }, `blob["${"k".repeat(40)}…"]`, "symbol"],
];

for (const [what, value, path, found, mend = ""] of REFUSED) {
  Deno.test(`value: ${what} is refused, with its path`, () => {
    const error = assertThrows(() => encodeValue(value, { name: "blob" }), UnsupportedValueError);
    assertEquals([error.path, error.blob], [path, "blob"]);
    assertStringIncludes(error.found, found);
    assertStringIncludes(error.message, `Cannot save ${path}: it is ${error.found}`);
    assertStringIncludes(error.message, mend);
    assert(error.message.length < 1_800);
    assertThrows(() => cloneValue(value), UnsupportedValueError);
  });
}

Deno.test("value: long arrays without anything odd are not refused", () => {
  for (const length of [1_023, 1_024, 1_025, 100_000]) {
    encodeValue([Array(length).fill(1), new Float32Array(length), new BigInt64Array(length)]);
    encodeValue([Array(length).fill({}).map(() => ({})), new Uint8ClampedArray(length)]);
    encodeValue([new Float32Array(2 * length).subarray(length), new Float16Array(length)]);
  }
});

Deno.test("value: no code of the value runs while it is looked at", () => {
  const get = () => {
    throw new Error("was called");
  };
  const value: object = Object.defineProperty({ data: 1 }, "shape", { get, enumerable: true });
  for (const holder of [value, [value], { a: value }]) {
    assertThrows(() => encodeValue(holder), UnsupportedValueError, "accessor");
    assertThrows(() => cloneValue(holder), UnsupportedValueError, "accessor");
  }
});
