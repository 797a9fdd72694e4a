import { assertEquals, assertThrows } from "@std/assert";
import { parseEpoch } from "../../../runtime/checkpoint/epoch_ref.ts";

Deno.test("epoch_ref: numbers, latest, and an attempt's epoch", () => {
  assertEquals(parseEpoch(0), { epoch: 0, attempt: undefined });
  assertEquals(parseEpoch("12"), { epoch: 12, attempt: undefined });
  assertEquals(parseEpoch("latest"), { epoch: undefined, attempt: undefined });
  assertEquals(parseEpoch("4@a3"), { epoch: 4, attempt: 3 });
});

Deno.test("epoch_ref: anything else is refused, quoted", () => {
  for (const ref of ["", "-1", "1.5", "4@3", "4@a", "1e3", "9999999999", "newest", " 1"]) {
    assertThrows(() => parseEpoch(ref), RangeError, `"${ref}"`);
  }
  assertThrows(() => parseEpoch(NaN), RangeError);
});
