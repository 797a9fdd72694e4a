import { assertEquals, assertNotEquals } from "@std/assert";
import { MemoryStore } from "../../storage/mod.ts";
import { testStore } from "../conformance/store.ts";

testStore({
  name: "memory:",
  make: () => {
    const name = crypto.randomUUID();
    return Promise.resolve({
      store: new MemoryStore(name),
      reopen: () => new MemoryStore(name),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

Deno.test("memory stores without a name are stores of their own", async () => {
  const [a, b] = [new MemoryStore(), new MemoryStore()];
  await a.put("x.cbor", Uint8Array.of(1));
  assertEquals(await b.list(""), []);
  assertNotEquals(a.place, b.place);
});
