// The times of holds by which whoever asks may mean a process.
import { assertEquals } from "@std/assert";
import { Archive } from "../../../runtime/checkpoint/archive.ts";
import { Holding } from "../../../runtime/checkpoint/holding.ts";
import { MemoryStore } from "../../../storage/mod.ts";

Deno.test("holding: whom a job was taken over from is forgotten with the next hold", async () => {
  const store = new MemoryStore();
  const before = await store.hold({ purpose: "run", pid: 7, host: undefined, sinceMs: 5 });
  const holding = new Holding(new Archive("x", "memory", { store }));
  await holding.take("run", { takeOver: true });
  assertEquals(holding.heldSince, { ownMs: undefined, takenFromMs: 5 });
  await holding.release();
  if ("hold" in before) await before.hold.release();
  await holding.take("run");
  const { ownMs, takenFromMs } = holding.heldSince;
  assertEquals([typeof ownMs, takenFromMs], ["number", undefined]);
  await holding.release();
});
