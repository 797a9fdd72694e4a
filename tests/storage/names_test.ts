import { assertEquals, assertThrows } from "@std/assert";
import { checkName, InvalidNameError } from "../../storage/mod.ts";
import { checkPrefix } from "../../storage/names.ts";

Deno.test("names are safe on every system, or refused with the reason", () => {
  assertEquals(checkName("packs/a000001/e000007.node_0.0f.pack").length, 3);
  assertEquals(checkName("_x-1.cbor"), ["_x-1.cbor"]);
  for (
    const name of [
      "",
      ".",
      "..",
      "a/..",
      "/a",
      "a/",
      "a//b",
      "-x",
      "a:b",
      "COM1",
      "Aux.cbor",
      "a\n",
    ]
  ) {
    assertThrows(() => checkName(name), InvalidNameError);
  }
  assertThrows(() => checkName(`a/${"b/".repeat(7)}c`), InvalidNameError, "more than 8 parts");
  assertThrows(() => checkName(`${"x".repeat(200)}/`.repeat(3) + "x"), InvalidNameError, "500");
});

Deno.test("prefixes are empty or end in a slash", () => {
  assertEquals(checkPrefix(""), "");
  assertEquals(checkPrefix("packs/a000001/"), "packs/a000001");
  for (const prefix of ["a", "/", "../", "a//"]) {
    assertThrows(() => checkPrefix(prefix), InvalidNameError);
  }
});
