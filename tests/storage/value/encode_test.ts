import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeValue, UnsupportedValueError } from "../../../storage/value/mod.ts";
import { ValueWriter } from "../../../storage/value/writer.ts";
import { join } from "./arbitrary.ts";

const GOLDEN: readonly (readonly [unknown, string])[] = [
  [0, "00"],
  [-0, "fb8000000000000000"],
  [NaN, "fb7ff8000000000000"],
  [1.5, "fb3ff8000000000000"],
  [-1, "20"],
  [24, "1818"],
  [2 ** 40, "1b0000010000000000"],
  [2 ** 53, "fb4340000000000000"],
  [-(2 ** 53) + 1, "3b001ffffffffffffe"],
  [0n, "c240"],
  [1n, "c24101"],
  [-1n, "c340"],
  [-(2n ** 64n), "c348ffffffffffffffff"],
  ["é", "62c3a9"],
  ["a".repeat(24), "7818" + "61".repeat(24)],
  ["\ud800", "d9011143eda080"],
  [undefined, "f7"],
  [new Date(1500), "c1fb3ff8000000000000"],
  [new Date(NaN), "c1fb7ff8000000000000"],
  [new Date(-4_496_196_411_110_553), "d903e9a2013b00000416da309ee6221901bf"],
  [new Map([[1, 2]]), "d90103a10102"],
  [new Set(["a"]), "d90102816161"],
  [{ b: 1, a: [true, null] }, "a26162016161" + "82f5f6"],
  [JSON.parse('{"__proto__":1}'), "a1695f5f70726f746f5f5f01"],
  [[new Uint16Array([1, 2])], "81d8454401000200"],
  [[{ shape: [1, 2], data: new Int8Array([3, 4]) }], "81d82882820102d848420304"],
  [[new DataView(new ArrayBuffer(1))], "81d9acdc4100"],
  [[new ArrayBuffer(2)], "81420000"],
];

Deno.test("value: these bytes are this format's, for ever", () => {
  for (const [value, hex] of GOLDEN) assertEquals(join(encodeValue(value).parts).toHex(), hex);
});

Deno.test("value: each typed array has its tag", () => {
  const tags: readonly (readonly [ArrayBufferView, number])[] = [
    [new Uint8Array(1), 64],
    [new Uint8ClampedArray(1), 68],
    [new Uint16Array(1), 69],
    [new Uint32Array(1), 70],
    [new BigUint64Array(1), 71],
    [new Int8Array(1), 72],
    [new Int16Array(1), 77],
    [new Int32Array(1), 78],
    [new BigInt64Array(1), 79],
    [new Float16Array(1), 84],
    [new Float32Array(1), 85],
    [new Float64Array(1), 86],
  ];
  for (const [array, tag] of tags) {
    assertEquals(encodeValue(array).type, { kind: "array", tag });
    const nested = join(encodeValue([array]).parts);
    assertEquals([...nested.subarray(0, 3)], [0x81, 0xd8, tag]);
  }
});

Deno.test("value: arrays and buffers are their own bytes, not copied", () => {
  const weights = new Float32Array([1, 2, 3, 4]);
  const part = weights.subarray(1, 3);
  const { type, parts, byteLength } = encodeValue(part);
  assertEquals([type, parts.length, byteLength], [{ kind: "array", tag: 85 }, 1, 8]);
  assert(parts[0]?.buffer === weights.buffer && parts[0].byteOffset === 4);
  const { buffer } = new Uint8Array([7, 8]);
  assertEquals(encodeValue(buffer).type, { kind: "bytes" });
  assert(encodeValue(buffer).parts[0]?.buffer === buffer);
  const tensor = encodeValue({ shape: [2, 2], data: weights });
  assertEquals(tensor.type, { kind: "array", tag: 85, shape: [2, 2] });
  assert(tensor.parts[0]?.buffer === weights.buffer);
  assertEquals(encodeValue(new Float32Array(0)).parts, []);
});

Deno.test("value: large arrays inside a value are not copied", () => {
  const weights = new Float32Array(100_000);
  const { parts, byteLength } = encodeValue({ weights });
  assert(parts.some((part) => part.buffer === weights.buffer));
  assert(byteLength < weights.byteLength + 32);
});

Deno.test("value: what was encoded earlier stays as it is", () => {
  const first = encodeValue(["first", 1, 2, 3]);
  const before = join(first.parts);
  for (let i = 0; i < 50; i++) encodeValue([`other ${i}`, i, { x: "y".repeat(i) }]);
  assertEquals(join(first.parts), before);
});

Deno.test("value: whatever is encoded meanwhile, each value keeps bytes of its own", () => {
  const large = new Uint8Array(5000).fill(7);
  const values = [1, "a".repeat(300), [large, "b", large.slice()], [
    "c".repeat(200),
    "d".repeat(200),
  ]];
  const alone = values.map((value) => join(encodeValue(value).parts));
  const together = values.map((value) => encodeValue(value).parts);
  assertEquals(together.map(join), alone);
  const outer = new ValueWriter("outer", 1000);
  outer.leaf("outer");
  const inner = new ValueWriter("inner", 1000);
  inner.leaf("inner");
  outer.leaf("again");
  assertEquals(join(inner.finish()), join(encodeValue("inner").parts));
  const expected = ["outer", "again"].flatMap((text) => [...join(encodeValue(text).parts)]);
  assertEquals([...join(outer.finish())], expected);
});

Deno.test("value: only an object with just a shape and its data is a tensor", () => {
  const data = new Float32Array(4);
  for (
    const value of [
      { shape: [2, 3], data },
      { shape: [4], data, name: "w" },
      { data, shape: [4] },
      { shape: [4, -0], data: new Float32Array(0) },
      { shape: [-4, -1], data },
      { shape: [8, 0.5], data },
      { shape: Array(33).fill(1), data: new Float32Array(1) },
      { shape: [4], data: [1, 2, 3, 4] },
      { shape: "4", data },
    ]
  ) assertEquals(encodeValue(value).type, { kind: "cbor", is: "object" });
});

Deno.test("value: more plain bytes than allowed are refused; arrays do not count", () => {
  const limited = (value: unknown) => encodeValue(value, { name: "log", maxPlainBytes: 10_000 });
  for (
    const value of ["x".repeat(20_000), "é".repeat(9_000), Array(30_000).fill(0), 2n ** 90_000n]
  ) {
    const error = assertThrows(() => limited(value), UnsupportedValueError, "over 10000 bytes");
    assertEquals([error.path, error.blob], ["log", "log"]);
  }
  limited(["x".repeat(9_000), new Uint8Array(1e6)]);
  limited(new Uint8Array(1e6));
  assertThrows(() => encodeValue(1, { maxPlainBytes: -1 }), RangeError, "-1");
});

Deno.test("value: a bigint may have 16 MiB, and no more", () => {
  const most = 2n ** (8n * 2n ** 24n) - 1n;
  assertEquals(encodeValue(most).byteLength, 2 ** 24 + 6);
  assertThrows(() => encodeValue(most + 1n), UnsupportedValueError, "bigint of over 16777216");
});
