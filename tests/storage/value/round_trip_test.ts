import { assert, assertEquals } from "@std/assert";
import { decode as decodeByCborX } from "cbor-x/decode";
import { decode } from "cbor2";
import fc from "fast-check";
import {
  cloneValue,
  decodeValue,
  encodeValue,
  firstDifference,
  kindOf,
  kindOfType,
  ValueFormatError,
} from "../../../storage/value/mod.ts";
import { join, values } from "./arbitrary.ts";

function roundTrip(value: unknown): unknown {
  const { type, parts, byteLength } = encodeValue(value);
  const bytes = join(parts);
  assertEquals(bytes.byteLength, byteLength);
  return decodeValue(type, bytes);
}

Deno.test("value: whatever is encoded comes back the same", () => {
  fc.assert(
    fc.property(values, (value) => {
      assertEquals(firstDifference(value, roundTrip(value)), undefined);
      assertEquals(kindOfType(encodeValue(value).type), kindOf(value));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("value: a copy is the same, and shares nothing", () => {
  fc.assert(
    fc.property(values, (value) => {
      const before = join(encodeValue(value).parts);
      const copy = cloneValue(value);
      assertEquals(firstDifference(value, copy), undefined);
      scramble(copy);
      assertEquals(join(encodeValue(value).parts), before);
    }),
    { numRuns: 1_000 },
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
    }),
    { numRuns: 500 },
  );
});

Deno.test("value: broken bytes are refused, or are another value's", () => {
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(20), how: fc.nat(2) });
  fc.assert(
    fc.property(values, mutation, (value, { at, byte, cut, how }) => {
      const { type, parts } = encodeValue(value);
      const bytes = join(parts);
      if (bytes.length === 0) return;
      if (how === 0) bytes[at % bytes.length] = byte;
      const broken = how === 1 ? bytes.subarray(0, Math.max(0, bytes.length - 1 - cut)) : bytes;
      const longer = how === 2 ? join([broken, Uint8Array.of(byte)]) : broken;
      accepts(() => decodeValue(type, longer));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("value: any bytes at all are refused, or are some value's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      accepts(() => decodeValue({ kind: "cbor", is: "object" }, bytes));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("value: a length that the bytes do not have asks for no memory", () => {
  for (
    const head of ["9b00001fffffffffff", "5b00001fffffffffff", "bb00001fffffffffff", "9affffffff"]
  ) {
    const bytes = Uint8Array.fromHex(head);
    let error: unknown;
    try {
      decodeValue({ kind: "cbor", is: "Array" }, bytes);
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof ValueFormatError, head);
  }
  const deep = new Uint8Array(100_000).fill(0x81);
  assert(
    accepts(() => decodeValue({ kind: "cbor", is: "Array" }, deep)) instanceof ValueFormatError,
  );
});

Deno.test("value: these bytes are this format's, for ever", () => {
  const golden: [unknown, string][] = [
    [0, "00"],
    [-0, "fb8000000000000000"],
    [NaN, "fb7ff8000000000000"],
    [1.5, "fb3ff8000000000000"],
    [-1, "20"],
    [2 ** 40, "1b0000010000000000"],
    [1n, "c24101"],
    [-(2n ** 64n), "c348ffffffffffffffff"],
    ["é", "62c3a9"],
    ["\ud800", "d9011143eda080"],
    [undefined, "f7"],
    [new Date(1500), "c1fb3ff8000000000000"],
    [new Map([[1, 2]]), "d90103a10102"],
    [new Set(["a"]), "d90102816161"],
    [{ b: 1, a: [true, null] }, "a26162016161" + "82f5f6"],
    [[new Uint16Array([1, 2])], "81d8454401000200"],
    [[{ shape: [1, 2], data: new Int8Array([3, 4]) }], "81d82882820102d848420304"],
    [[new DataView(new ArrayBuffer(1))], "81d9acdc4100"],
    [[new ArrayBuffer(2)], "81420000"],
  ];
  for (const [value, hex] of golden) assertEquals(join(encodeValue(value).parts).toHex(), hex);
});

Deno.test("value: npm:cbor2 reads it too", () => {
  const value = {
    list: [1, -2, 1.5, "é", true, null, undefined, 12345678901234567890n],
    when: new Date(1_700_000_000_123),
    weights: new Float32Array([1, 2.5, -3]),
  };
  const read = decode<Record<string, unknown>>(join(encodeValue(value).parts));
  assertEquals(read["list"], value.list);
  assertEquals((read["when"] as Date).getTime(), value.when.getTime());
  assertEquals(Array.from(read["weights"] as Float32Array), [1, 2.5, -3]);
});

Deno.test("value: npm:cbor-x reads it too", () => {
  const value = { list: [1, -2, 1.5, "é", true, null], weights: new Float64Array([1, 2.5]) };
  const read = decodeByCborX(join(encodeValue(value).parts));
  assertEquals(read.list, value.list);
  assertEquals(Array.from(read.weights), [1, 2.5]);
});

Deno.test("value: large arrays inside a value are not copied", () => {
  const weights = new Float32Array(100_000);
  const { parts, byteLength } = encodeValue({ weights });
  assert(parts.some((part) => part.buffer === weights.buffer));
  assert(byteLength < weights.byteLength + 32);
});

/** Runs a decoding; gives its refusal, and fails on any other error. */
function accepts(run: () => unknown): unknown {
  try {
    const value = run();
    encodeValue(value);
    return undefined;
  } catch (error) {
    assert(error instanceof ValueFormatError, String(error));
    return error;
  }
}

/** Changes whatever in a value can be changed. */
function scramble(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Date) value.setTime(7);
  else if (value instanceof ArrayBuffer) new Uint8Array(value).fill(0x5a);
  else if (ArrayBuffer.isView(value)) {
    new Uint8Array(value.buffer, value.byteOffset, value.byteLength).fill(0x5a);
  } else if (value instanceof Map || value instanceof Set) {
    for (const part of value.values()) scramble(part);
    for (const part of value.keys()) scramble(part);
    value.clear();
  } else {
    for (const key of Object.keys(value)) {
      scramble((value as Record<string, unknown>)[key]);
      Object.defineProperty(value, key, { value: "changed" });
    }
  }
}
