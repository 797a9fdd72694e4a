import { assertEquals, assertThrows } from "@std/assert";
import { FileStore, MemoryStore, openStore, PlaceError } from "../../storage/mod.ts";

const root = (place: string, base?: string) => {
  const store = openStore(place, base === undefined ? {} : { base });
  return store instanceof FileStore ? store.root : undefined;
};

Deno.test("places of files are paths, relative to a base", () => {
  assertEquals(root("file:checkpoints/digits"), "checkpoints/digits");
  assertEquals(root("file:checkpoints", "/jobs"), "/jobs/checkpoints");
  assertEquals(root("file:/data/ck", "/jobs"), "/data/ck");
  assertEquals(root("file:///data/my%20job"), "/data/my job");
  assertEquals(root("file:./a/../b"), "b");
});

Deno.test("memory stores of one name are one store", async () => {
  const [a, b] = [openStore("memory:shared-by-name"), openStore("memory:shared-by-name")];
  await a.put("x.cbor", Uint8Array.of(1), { durability: "none" });
  assertEquals(await b.get("x.cbor"), Uint8Array.of(1));
  assertEquals(a instanceof MemoryStore, true);
});

Deno.test("an unknown kind lists the known ones", () => {
  const message = 'Unknown kind of store "s4" in place "s4:bucket": the known are file, memory';
  assertThrows(() => openStore("s4:bucket"), PlaceError, message);
  assertThrows(() => openStore("toString:x"), PlaceError);
  for (const place of ["", "checkpoints", "file:", ":x"]) {
    assertThrows(() => openStore(place), PlaceError, "write a kind (file, memory) and a path");
  }
  assertThrows(() => openStore("file:a\0b"), PlaceError);
});
