import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode as decodeByOther } from "cbor2";
import fc from "fast-check";
import {
  decodeRecord,
  encodeHead,
  joinBytes,
  MAX_DEPTH,
  RecordSyntaxError,
  type RecordValue,
} from "../../storage/record_cbor.ts";
import { RecordBoundError } from "../../storage/mod.ts";
import { encodeRecord } from "../../storage/record_writer.ts";

const values: fc.Arbitrary<RecordValue> = fc.letrec<{ value: RecordValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.double(),
    fc.maxSafeInteger(),
    fc.constant(-0),
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 30 }),
    fc.array(fc.tuple(fc.string({ unit: "grapheme" }), tie("value"))).map((pairs) =>
      new Map(pairs)
    ),
  ),
})).value;

Deno.test("records come back equal, and are encoded in one way only (property)", () => {
  fc.assert(fc.property(values, (value) => {
    let bytes: Uint8Array;
    try {
      bytes = encodeRecord(value);
      const back = decodeRecord(bytes);
      assertEquals(back, value);
      assertEquals(encodeRecord(back), bytes);
    } catch (error) {
      if (!(error instanceof RecordSyntaxError && /nested/.test(error.message))) throw error;
    }
  }));
});

Deno.test("another library reads the same (property)", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.double(), fc.maxSafeInteger(), fc.uint8Array())), (value) => {
      const other = decodeByOther(encodeRecord(value)) as unknown[];
      other.forEach((item, index) => {
        const own = value[index];
        assert(own instanceof Uint8Array ? `${item}` === `${own}` : Object.is(item, own), `${own}`);
      });
    }),
  );
});

Deno.test("no bytes crash the reader, or are read in two ways (property)", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let value: RecordValue;
      try {
        value = decodeRecord(bytes);
      } catch (error) {
        assert(error instanceof RecordSyntaxError, String(error));
        return;
      }
      // A NaN has many forms, and integral floats have two; all else has one.
      if (!bytes.includes(0xfb)) assertEquals(encodeRecord(value), bytes);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("what records do not have is refused", () => {
  const cases: readonly (readonly number[])[] = [
    [],
    [0x18, 0x17],
    [0x19, 0x00, 0xff],
    [0x1a, 0, 0, 0xff, 0xff],
    [0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    [0x1b, 0x00, 0x20, 0, 0, 0, 0, 0, 0],
    [0x1f],
    [0x5f, 0x41, 0x00, 0xff],
    [0x9f, 0xff],
    [0xbf, 0xff],
    [0xc1, 0x00],
    [0xf7],
    [0xf9, 0x3c, 0x00],
    [0xf8, 0x20],
    [0x61, 0xff],
    [0xa1, 0x01, 0x01],
    [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x02],
    [0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02],
    [0x00, 0x00],
    [0x9b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0xbb, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x5b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    Array.from({ length: MAX_DEPTH + 3 }, () => 0x81),
  ];
  for (const bytes of cases) {
    assertThrows(() => decodeRecord(Uint8Array.from(bytes)), RecordSyntaxError);
  }
  assertThrows(() => encodeRecord("\ud800"), RangeError, "lone surrogate");
});

Deno.test("heads have their shortest form", () => {
  const heads = [[23, 1], [24, 2], [255, 2], [256, 3], [65_535, 3], [65_536, 5], [
    2 ** 32,
    9,
  ]] as const;
  for (const [argument, length] of heads) assertEquals(encodeHead(2, argument).length, length);
});

/** An array of very many items, each of these bytes. */
function many(item: readonly number[], count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 + item.length * count);
  bytes[0] = 0x9a;
  new DataView(bytes.buffer).setUint32(1, count);
  for (let at = 5; at < bytes.length; at += item.length) bytes.set(item, at);
  return bytes;
}

Deno.test("what an item takes of memory is bounded by the record's bytes", () => {
  const count = 200_000;
  // Empty ones are all the same.
  for (const [item, isShared] of [[[0xa0], true], [[0x80], true], [[0x40], true]] as const) {
    const decoded = decodeRecord(many(item, count)) as readonly unknown[];
    assertEquals([decoded.length, new Set(decoded).size === 1], [count, isShared]);
  }
  for (const item of [[0xa1, 0x60, 0], [0x81, 0], [0x41, 0]]) {
    assertThrows(() => decodeRecord(many(item, count)), RecordSyntaxError, "more than");
  }
  // A block of a manifest takes thirteen bytes at least.
  const block = [0x84, 0, 0, 0x1a, 0, 4, 0, 0, 0x1a, 1, 2, 3, 4];
  assertEquals((decodeRecord(many(block, 300_000)) as readonly unknown[]).length, 300_000);
});

Deno.test("no writer puts more parts into a record than a reader takes", () => {
  const parts = (count: number) => Array.from({ length: count }, () => [1]);
  const most = 100_000 + Math.floor(2 * 100_000 / 12);
  assertEquals(decodeRecord(encodeRecord(parts(most))), parts(most));
  assertThrows(() => encodeRecord(parts(2 * most)), RecordBoundError, "arrays, maps");
});

Deno.test("a message shows a damaged record's long key in part", () => {
  const key = encodeRecord("k".repeat(60_000));
  const bytes = joinBytes([Uint8Array.of(0xa2), key, Uint8Array.of(0), key, Uint8Array.of(0)]);
  const error = assertThrows(() => decodeRecord(bytes), RecordSyntaxError, "twice");
  assert(error.message.length < 2000);
});
