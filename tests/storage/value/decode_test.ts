import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  decodeValue,
  encodeValue,
  kindOf,
  ValueFormatError,
  type ValueType,
} from "../../../storage/value/mod.ts";
import { join, values } from "./arbitrary.ts";

const KINDS = ["object", "Array", "Map", "Set", "Date", "number", "string", "bigint", "boolean"];

/** Decodes: it must be refused, or be a value whose encoding is these very bytes. */
function isAccepted(type: ValueType, bytes: Uint8Array): boolean {
  let value: unknown;
  try {
    value = decodeValue(type, bytes);
  } catch (error) {
    assert(error instanceof ValueFormatError, String(error));
    assert(error.offset >= 0 && error.offset <= bytes.byteLength);
    assert(error.message.length < 300, error.message);
    return false;
  }
  const again = encodeValue(value);
  assertEquals(again.type, type);
  assertEquals(join(again.parts), bytes);
  return true;
}

/** The refusal of one CBOR item. */
function refusal(hex: string, is = "Array"): ValueFormatError {
  const bytes = Uint8Array.fromHex(hex);
  return assertThrows(() => decodeValue({ kind: "cbor", is }, bytes), ValueFormatError, "", hex);
}

Deno.test("value: broken bytes are refused, or are just another value's", () => {
  let accepted = 0;
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(20), how: fc.nat(3) });
  fc.assert(
    fc.property(values, mutation, (value, { at, byte, cut, how }) => {
      const { type, parts } = encodeValue(value);
      let bytes = join(parts);
      if (bytes.length === 0) return;
      if (how === 0) bytes[at % bytes.length] = byte;
      if (how === 1) bytes[at % bytes.length]! ^= 1 << byte % 8;
      if (how === 2) bytes = bytes.slice(0, Math.max(0, bytes.length - 1 - cut));
      if (how === 3) bytes = join([bytes, Uint8Array.of(byte)]);
      if (isAccepted(type, bytes)) accepted++;
    }),
    { numRuns: 6_000 },
  );
  assert(accepted > 0);
});

Deno.test("value: any bytes at all are refused, or are just some value's", () => {
  // Heads that lead on are more common here than in bytes by chance.
  const head = fc.constantFrom(
    ...[0x81, 0x82, 0xa1, 0xa2, 0xc1, 0xc2, 0xc3, 0xfb, 0x41, 0x44, 0x61, 0x18, 0x20, 0x02],
    ...[0xf7, 0x9f, 0xff],
  ).map((byte) => [byte]);
  const tag = fc.constantFrom(40, 64, 69, 85, 84).map((tag) => [0xd8, tag]);
  const longTag = fc.constantFrom(258, 259, 273, 1001, 44_252).map((n) => [0xd9, n >> 8, n & 255]);
  const bytes = fc.array(fc.oneof(head, tag, longTag, fc.nat(255).map((byte) => [byte])), {
    maxLength: 30,
  }).map((pieces) => Uint8Array.from(pieces.flat()));
  let accepted = 0;
  fc.assert(
    fc.property(bytes, (bytes) => {
      let is = "Array";
      try {
        decodeValue({ kind: "cbor", is: "?" }, bytes);
      } catch (error) {
        if (error instanceof ValueFormatError && error.expected === "?") is = error.found;
      }
      // A raw kind is another type than plain CBOR, and has no CBOR of its own at the top.
      if (!KINDS.includes(is)) return;
      if (isAccepted({ kind: "cbor", is }, bytes)) accepted++;
    }),
    { numRuns: 20_000 },
  );
  assert(accepted > 10);
});

Deno.test("value: a length that the bytes do not have asks for no memory", () => {
  for (
    const head of [
      "9b00001fffffffffff",
      "5b00001fffffffffff",
      "7b00001fffffffffff",
      "bb00001fffffffffff",
      "9affffffff",
      "d901029b00001fffffffffff",
      "d90103bb00001fffffffffff",
      "d8555b00001fffffffffff",
      "d828829b00001fffffffffff",
      "c25b00001fffffffffff",
    ]
  ) assert(refusal(head).message.includes("more bytes"), head);
});

Deno.test("value: bytes that nest without end are refused before the stack ends", () => {
  const heads = [
    "81",
    "a100",
    "a161",
    "c1",
    "c2",
    "d828",
    "d82882",
    "d9010281",
    "d90103a1",
    "d903e9",
  ];
  for (const head of [...heads, "d90111", "d90103a100", "a16161"]) {
    const bytes = Uint8Array.fromHex(head.repeat(50_000));
    assertThrows(() => decodeValue({ kind: "cbor", is: "Array" }, bytes), ValueFormatError);
  }
});

Deno.test("value: an array may not say that it has more items than any can", () => {
  const zeros = new Uint8Array(2 ** 26 + 6);
  zeros.set([0x9a, 0x04, 0, 0, 1]);
  assertThrows(
    () => decodeValue({ kind: "cbor", is: "Array" }, zeros),
    ValueFormatError,
    "at most 67108864 items",
  );
  zeros.set([0xc2, 0x5a, 0x04, 0, 0, 0, 1]);
  assertThrows(
    () => decodeValue({ kind: "cbor", is: "bigint" }, zeros),
    ValueFormatError,
    "at most 16777216 bytes",
  );
});

Deno.test("value: each refusal says where, what was expected, and what is there", () => {
  const cases: readonly (readonly [string, number, string, string])[] = [
    ["", 0, "1 more byte", "the end"],
    ["8100" + "00", 2, "the end", "1 more bytes"],
    ["8118", 2, "1 more bytes", "0 left"],
    ["811817", 1, "the shortest form", "23 in a longer one"],
    ["81190017", 1, "the shortest form", "23 in a longer one"],
    ["811a0000ffff", 1, "the shortest form", "65535 in a longer one"],
    ["811b00000000ffffffff", 1, "the shortest form", "4294967295 in a longer one"],
    ["811b0020000000000000", 1, "a safe integer", "9007199254740992"],
    ["813b001fffffffffffff", 1, "a safe integer", "-2^53"],
    ["9fff", 0, "a definite length", "additional information 31"],
    ["811c", 1, "a definite length", "additional information 28"],
    ["81f8ff", 1, "a known simple value", "0xf8"],
    ["81f93c00", 1, "a known simple value", "0xf9"],
    ["81fb3ff0000000000000", 1, "an integer in its shortest form", "a float"],
    ["81fb7ff8000000000001", 1, "the usual NaN", "another"],
    ["816180", 2, "UTF-8", "other bytes"],
    ["8161ff", 2, "UTF-8", "other bytes"],
    ["8163eda080", 2, "UTF-8", "other bytes"],
    ["81a10001", 2, "a text key", "number"],
    ["81a14001", 2, "a primitive", "an object (0x40)"],
    ["81a2616100616100", 5, "each key once", '"a" again'],
    ["81a2616100613000", 5, "keys in their order", '"0"'],
    ["81a2623130006139" + "00", 6, "keys in their order", '"9"'],
    ["81a2657368617065810164646174" + "61d8404100", 1, "tag 40 on a tensor", "none"],
    ["81d8634100", 1, "a known tag", "tag 99"],
    ["81d8406161", 1, "major type 2 behind the tag", "0x61"],
    ["81d84543000000", 1, "a multiple of 2 bytes", "3"],
    ["81d828818102", 1, "two items", "another number"],
    ["81d828828102d8404100", 1, "a shape of 1 elements", "one of 1 dimensions: 2"],
    ["81d828828120d8404100", 1, "a shape of 1 elements", "one of 1 dimensions: -1"],
    ["81d828828161" + "61d8404100", 1, "a shape of 1 elements", "one of 1 dimensions: string"],
    ["81d8288281fb8000000000000000d84040", 1, "a shape of 0 elements", "one of 1 dimensions: 0"],
    ["81d82882" + "8101" + "d9010280", 6, "a known tag", "tag 258"],
    ["81c1fb3ff0000000000001", 1, "a date", "another item"],
    ["81c1fb7ff0000000000000", 1, "a date", "another item"],
    ["81c16161", 1, "a date", "another item"],
    ["81d903e9a201012218" + "64", 1, "seconds and milliseconds", "another item"],
    ["81c2420001", 1, "a bigint without leading zeros", "one with"],
    ["81d901028200" + "00", 1, "each item of a set once", "one twice"],
    ["81d90102" + "81fb8000000000000000", 5, "0", "-0"],
    ["81d90103a200000000", 1, "each key of a map once", "one twice"],
    ["81d90103a1fb800000000000000000", 5, "0", "-0"],
    ["81d9011141" + "61", 1, "WTF-8 of half a surrogate pair", "others"],
    ["81d9011145c080eda080", 1, "WTF-8 of half a surrogate pair", "others"],
    ["81d9011149eda080edb080eda080", 1, "WTF-8 of half a surrogate pair", "others"],
    ["81d9011142eda0", 1, "WTF-8 of half a surrogate pair", "others"],
    ["81d9011144f8808080", 1, "WTF-8 of half a surrogate pair", "others"],
  ];
  for (const [hex, offset, expected, found] of cases) {
    const error = refusal(hex);
    assertEquals([error.offset, error.found], [offset, found], hex);
    assert(error.expected.startsWith(expected), `${hex}: ${error.expected}`);
    assert(error.message.includes(`byte ${offset}`) && error.message.includes(found));
  }
});

Deno.test("value: a value of another kind than its type says is refused", () => {
  const { parts } = encodeValue(new Map([[1, 2]]));
  const error = assertThrows(
    () => decodeValue({ kind: "cbor", is: "Set" }, join(parts)),
    ValueFormatError,
  );
  assertEquals([error.expected, error.found], ["Set", "Map"]);
});

Deno.test("value: a type that its bytes do not fit is refused", () => {
  const bad: readonly (readonly [ValueType, number, string])[] = [
    [{ kind: "array", tag: 85 }, 6, "a multiple of 4 bytes"],
    [{ kind: "array", tag: 1 }, 4, "a known tag"],
    [{ kind: "array", tag: 65 }, 4, "a known tag"], // big-endian
    [{ kind: "array", tag: 64, shape: [3] }, 2, "a shape of 2 elements"],
    [{ kind: "array", tag: 64, shape: [-1, -2] }, 2, "a shape of 2 elements"],
    [{ kind: "array", tag: 64, shape: [0.5, 4] }, 2, "a shape of 2 elements"],
    [{ kind: "array", tag: 64, shape: Array(33).fill(1) }, 1, "a shape of 1 elements"],
    [{ kind: "array", tag: 64, shape: [2 ** 32, 2 ** 32] }, 0, "a shape of 0 elements"],
  ];
  for (const [type, length, expected] of bad) {
    assertThrows(() => decodeValue(type, new Uint8Array(length)), ValueFormatError, expected);
  }
});

Deno.test("value: transfer takes over memory only where nothing else is in it", () => {
  const type: ValueType = { kind: "array", tag: 85 };
  const bytes = new Uint8Array(8);
  assert((decodeValue(type, bytes, { transfer: true }) as Float32Array).buffer === bytes.buffer);
  assert((decodeValue(type, bytes) as Float32Array).buffer !== bytes.buffer);
  const part = new Uint8Array(16).subarray(4, 12);
  const copy = decodeValue(type, part, { transfer: true }) as Float32Array;
  assertEquals(copy.buffer.byteLength, 8);
  const buffer = decodeValue({ kind: "bytes" }, bytes, { transfer: true });
  assert(buffer === bytes.buffer);
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  const own = decodeValue(type, shared, { transfer: true }) as Float32Array;
  assert(own.buffer instanceof ArrayBuffer);
  assertEquals(kindOf(decodeValue({ ...type, shape: [2, 1] }, bytes)), "tensor Float32Array");
});
