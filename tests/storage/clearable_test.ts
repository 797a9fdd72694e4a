// What of the garbage somebody would remove, by who removes it.
import { assertEquals } from "@std/assert";
import { clearableBy } from "../../storage/clearable.ts";
import { MemoryStore } from "../../storage/mod.ts";
import { overriding } from "./sample.ts";

const NONCE = "0".repeat(32);
const packs = [1, 2, 3].map((attempt) => `packs/a00000${attempt}/e000009.main.${NONCE}.pack`);
const logs = [1, 2, 3].map((attempt) => `tasks/a00000${attempt}.e000000.000009.log`);
const removals = [1, 2, 3].map((attempt) => `removals/a00000${attempt}.${NONCE}.cbor`);
/** What killed writes have left, or other processes are writing: an attempt's, this process' own, and a pin. */
const leftovers = ["epochs/.left.tmp", "epochs/.own.tmp", "pins/.left.tmp"];

Deno.test("whoever removes garbage takes that of earlier attempts, and beside others no file that they may be writing", () => {
  const store = overriding(new MemoryStore(), { isOwn: (name) => name.includes(".own.") });
  const found = { garbage: packs, logs, leftovers, removals };
  const earlier = {
    ...{ garbage: packs.slice(0, 1), logs: logs.slice(0, 1), removals: removals.slice(0, 1) },
  };
  assertEquals(clearableBy(store, { attempt: 2, isBeside: true }, found), {
    ...earlier,
    leftovers: leftovers.slice(0, 1),
  });
  assertEquals(clearableBy(store, { attempt: 2, isBeside: false }, found), {
    ...earlier,
    leftovers,
  });
});
