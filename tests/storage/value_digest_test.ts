import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";
import {
  decodeValue,
  digestValue,
  encodeValue,
  firstDifference,
  UnsupportedValueError,
} from "../../storage/mod.ts";
import { join, values } from "./value/arbitrary.ts";

const MIB = 1024 * 1024;

Deno.test("a digest is that of the type as a record has it, and of the bytes", async () => {
  // {"tag": 64, "kind": "array"}, keys by their length
  const type = [0xa2, 0x63, ..."tag", 0x18, 64, 0x64, ..."kind", 0x65, ..."array"]
    .map((byte) => typeof byte === "string" ? byte.charCodeAt(0) : byte);
  const sum = createHash("sha256").update(Uint8Array.from([...type, 1, 2, 3])).digest("hex");
  assertEquals(await digestValue(Uint8Array.of(1, 2, 3)), sum);
});

Deno.test("digests are what they were: checkpoints hold them", async () => {
  const values = {
    bytes: new Uint8Array(70_000).fill(7),
    floats: Float32Array.of(1.5, -0, NaN),
    tensor: { shape: [2, 1], data: Float64Array.of(1, Infinity) },
    plain: { list: [1, -1n, "text", null], map: new Map([["a", new Int8Array(2)]]) },
    buffer: new ArrayBuffer(3),
  };
  const digests = await Promise.all(
    Object.entries(values).map(async (
      [name, value],
    ) => [name, (await digestValue(value)).slice(0, 16)]),
  );
  // Computed by another program, from FORMAT.md.
  assertEquals(Object.fromEntries(digests), {
    bytes: "74d2f6f49b354d75",
    floats: "53b47d15479e26fd",
    tensor: "8e08fcd679882f4b",
    plain: "6375cdcd597f1594",
    buffer: "80722062b6c97de9",
  });
});

Deno.test("values that are the same have one digest, and no others", async () => {
  await fc.assert(fc.asyncProperty(values, values, async (value, other) => {
    const { type, parts } = encodeValue(value);
    const bytes = join(parts);
    const copy = decodeValue(type, bytes);
    assertEquals(await digestValue(copy), await digestValue(value));
    if (firstDifference(value, other) === undefined) return;
    assertNotEquals(await digestValue(other), await digestValue(value));
  }));
});

Deno.test("all NaNs are alike, wherever and in however large an array they are", async () => {
  const odd = [0xfe01, 0xffc0_0001, 0xfff8_0000_0000_0001n] as const;
  const makes = [
    (length: number) => {
      const floats = new Float16Array(length);
      return {
        floats,
        spoil: (at: number) => new DataView(floats.buffer).setUint16(2 * at, odd[0], true),
      };
    },
    (length: number) => {
      const floats = new Float32Array(length);
      return {
        floats,
        spoil: (at: number) => new DataView(floats.buffer).setUint32(4 * at, odd[1], true),
      };
    },
    (length: number) => {
      const floats = new Float64Array(length);
      return {
        floats,
        spoil: (at: number) => new DataView(floats.buffer).setBigUint64(8 * at, odd[2], true),
      };
    },
  ];
  for (const make of makes) {
    for (const length of [3, 5000, 5 * MIB]) {
      const [one, other] = [make(length), make(length)];
      const at = length - 2;
      one.floats[at] = NaN;
      other.spoil(at);
      const before = other.floats.buffer.slice(0);
      for (const shape of [(of: unknown) => of, (of: unknown) => ({ deep: [of, 1] })]) {
        const digest = await digestValue(shape(one.floats));
        assertEquals(await digestValue(shape(other.floats)), digest);
        one.floats[at] = 0;
        assertNotEquals(await digestValue(shape(one.floats)), digest);
        one.floats[at] = NaN;
      }
      assertEquals(firstDifference(other.floats.buffer, before), undefined);
    }
  }
});

Deno.test("a large value leaves the event loop its turns, and can be called off", async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error("enough")), 1);
  const large = new Uint8Array(512 * MIB);
  await assertRejects(() => digestValue(large, { signal: abort.signal }), Error, "enough");
});

Deno.test("what cannot be told from others is refused by its name and place", async () => {
  const error = await assertRejects(
    () => digestValue({ run: () => 1 }, { name: "model" }),
    UnsupportedValueError,
  );
  assertEquals(error.message.includes("model.run"), true, error.message);
});
