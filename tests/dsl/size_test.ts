import { assertEquals, assertThrows } from "@std/assert";
import { parseSize, type Size } from "../../dsl/mod.ts";

Deno.test("sizes are numbers with a unit", () => {
  assertEquals(parseSize("1 KiB"), 1024);
  assertEquals(parseSize("0.5 MiB"), 524_288);
  assertEquals(parseSize("20 GiB"), 20 * 1024 ** 3);
  assertEquals(parseSize("2 TiB"), 2 * 1024 ** 4);
});

Deno.test("what is no size is refused", () => {
  for (const text of ["", "1", "1GiB", "1 GB", "-1 GiB", "1e3 KiB", "x KiB", "9999999 TiB"]) {
    assertThrows(() => parseSize(text as Size), RangeError, "Cannot parse size");
  }
});
