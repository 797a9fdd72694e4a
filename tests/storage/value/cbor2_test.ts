import { assertEquals } from "@std/assert";
import { decode as decodeByCborX } from "cbor-x/decode";
import { decode, Tag } from "cbor2";
import fc from "fast-check";
import { encodeValue, firstDifference, type ValueType } from "../../../storage/value/mod.ts";
import { join, values } from "./arbitrary.ts";

// Another reader, written from FORMAT.md over nothing but cbor2.

const ARRAYS = new Map<number, new (buffer: ArrayBuffer) => ArrayBufferView>([
  [64, Uint8Array],
  [68, Uint8ClampedArray],
  [69, Uint16Array],
  [70, Uint32Array],
  [71, BigUint64Array],
  [72, Int8Array],
  [77, Int16Array],
  [78, Int32Array],
  [79, BigInt64Array],
  [84, Float16Array],
  [85, Float32Array],
  [86, Float64Array],
  [44_252, DataView],
]);

function rebuild(type: ValueType, bytes: Uint8Array): unknown {
  if (type.kind === "cbor") {
    const options = { ignoreGlobalTags: true, preferMap: true, maxDepth: 2_000 };
    return plain(decode(bytes, options));
  }
  const buffer = bytes.slice().buffer as ArrayBuffer;
  if (type.kind === "bytes") return buffer;
  const data = new (ARRAYS.get(type.tag)!)(buffer);
  return type.shape === undefined ? data : { shape: type.shape, data };
}

function plain(item: unknown): unknown {
  if (item instanceof Uint8Array) return item.slice().buffer;
  if (Array.isArray(item)) return item.map(plain);
  if (item instanceof Tag) return tagged(Number(item.tag), item.contents);
  if (!(item instanceof Map)) return item;
  const object = {};
  for (const [key, value] of item) {
    const property = { value: plain(value), enumerable: true, writable: true, configurable: true };
    Object.defineProperty(object, plain(key) as string, property);
  }
  return object;
}

function tagged(tag: number, contents: unknown): unknown {
  switch (tag) {
    case 1:
      return new Date(Math.round(Number(contents) * 1000));
    case 2:
    case 3: {
      const value = BigInt(`0x0${(contents as Uint8Array).toHex()}`);
      return tag === 2 ? value : -1n - value;
    }
    case 40: {
      const [shape, data] = contents as [number[], unknown];
      return { shape, data: plain(data) };
    }
    case 258:
      return new Set((contents as unknown[]).map(plain));
    case 259:
      return new Map(
        [...contents as Map<unknown, unknown>].map(([key, of]) => [plain(key), plain(of)]),
      );
    case 273:
      return wtf8(contents as Uint8Array);
    case 1001: {
      const parts = contents as Map<number, number>;
      return new Date(parts.get(1)! * 1000 + parts.get(-3)!);
    }
  }
  return new (ARRAYS.get(tag)!)((contents as Uint8Array).slice().buffer as ArrayBuffer);
}

/** By code units: each surrogate that WTF-8 has is three bytes, as if it were a character. */
function wtf8(bytes: Uint8Array): string {
  const text = new TextDecoder();
  let all = "";
  let from = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0xed || bytes[at + 1]! < 0xa0) continue;
    all += text.decode(bytes.slice(from, at)) +
      String.fromCharCode(0xd000 | (bytes[at + 1]! & 63) << 6 | bytes[at + 2]! & 63);
    from = at + 3;
  }
  return all + text.decode(bytes.slice(from));
}

Deno.test("value: a second reader over npm:cbor2 rebuilds every value", () => {
  fc.assert(
    fc.property(values, (value) => {
      const { type, parts } = encodeValue(value);
      assertEquals(firstDifference(value, rebuild(type, join(parts))), undefined);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("value: npm:cbor2 reads common values without any help", () => {
  const value = {
    list: [1, -2, 1.5, "é", true, null, undefined, 12345678901234567890n],
    when: new Date(1_700_000_000_123),
    names: new Set(["a"]),
    weights: new Float32Array([1, 2.5, -3]),
  };
  const read = decode<Record<string, unknown>>(join(encodeValue(value).parts));
  assertEquals(read["list"], value.list);
  assertEquals(read["when"], value.when);
  assertEquals(read["names"], value.names);
  assertEquals(Array.from(read["weights"] as Float32Array), [1, 2.5, -3]);
});

Deno.test("value: npm:cbor-x reads common values without any help", () => {
  const value = { list: [1, -2, 1.5, "é", true, null], weights: new Float64Array([1, 2.5]) };
  const read = decodeByCborX(join(encodeValue(value).parts));
  assertEquals(read.list, value.list);
  assertEquals(Array.from(read.weights), [1, 2.5]);
});
