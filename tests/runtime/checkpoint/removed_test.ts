import { assertEquals, assertRejects } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { CheckpointNotFoundError, MemoryStore } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";

const small = blob<number>("small");

Deno.test("an epoch that is removed while it is loaded is looked for once more", async () => {
  const store = new MemoryStore();
  const manager = new CheckpointManager("x", "memory", { store });
  await using session = new LocalSession();
  for (const epoch of [0, 1, 2]) {
    await session.feed(small, epoch * 10);
    if (epoch === 0) await session.run(manager.init());
    await session.run(manager.save(epoch));
  }
  const loading = (names: readonly string[]): CheckpointManager => {
    const left = [...names];
    const other = overriding(store, {
      stat: async (name, options) => {
        // Another process removes it between the listing and the look at it.
        if (name === left[0]) await store.remove([left.shift() ?? ""]);
        return await store.stat(name, options);
      },
    });
    return new CheckpointManager("x", "memory", { store: other });
  };
  const name = (epoch: number) => `epochs/e00000${epoch}.a000001.cbor`;
  await session.run(loading([name(2)]).load("latest"));
  assertEquals(await session.fetch(small), 10);
  const gone = loading([name(1), name(0)]);
  await assertRejects(() => session.run(gone.load("latest")), CheckpointNotFoundError);
});
