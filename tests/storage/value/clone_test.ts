import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  AliasedValueError,
  cloneValue,
  encodeValue,
  firstDifference,
  UnsupportedValueError,
} from "../../../storage/value/mod.ts";
import { join, values } from "./arbitrary.ts";

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

Deno.test("value: of a view, a copy has only the bytes it shows", () => {
  const all = new Float32Array(1_000);
  assertEquals(cloneValue(all.subarray(10, 12)).buffer.byteLength, 8);
  assertEquals(cloneValue({ part: new DataView(all.buffer, 4, 3) }).part.buffer.byteLength, 3);
});

Deno.test("value: what cannot be saved is not copied either", () => {
  assertThrows(() => cloneValue(() => 1), UnsupportedValueError, "value: it is a function");
  assertThrows(() => cloneValue(Symbol()), UnsupportedValueError, "a symbol");
  const shared = [1];
  assertThrows(() => cloneValue(new Map([["a", shared], ["b", shared]])), AliasedValueError);
});

Deno.test("value: the bits of a NaN in an array are copied as they are", () => {
  const odd = new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn]).buffer);
  assertEquals(new BigUint64Array(cloneValue([odd])[0]!.buffer)[0], 0x7ff8_0000_dead_beefn);
  assertEquals(new BigUint64Array(cloneValue(odd).buffer)[0], 0x7ff8_0000_dead_beefn);
});

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
