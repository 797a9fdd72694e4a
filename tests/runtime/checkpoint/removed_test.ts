import { assertEquals, assertRejects } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import { lookingAgain } from "../../../runtime/checkpoint/look_again.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { NothingToResumeError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { CheckpointNotFoundError, MemoryStore } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";

const small = blob<number>("small");

Deno.test("the newest epoch is looked for again where it is removed while it is loaded, a named one is missed", async () => {
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
  await assertRejects(() => session.run(loading([name(1)]).load(1)), CheckpointNotFoundError);
  const gone = loading([name(0)]);
  await assertRejects(() => session.run(gone.load("latest")), NothingToResumeError);
});

Deno.test("a load that is called off while it reads ends, and leaves all as it was", async () => {
  const large = blob<Uint8Array>("large");
  const store = new MemoryStore();
  await using session = new LocalSession();
  const manager = new CheckpointManager("x", "memory", { store });
  await session.feed(large, new Uint8Array(1_000_000).fill(1));
  await session.run(manager.init());
  await session.run(manager.save(0));
  await session.feed(large, new Uint8Array(1_000_000).fill(2));
  const controller = new AbortController();
  const calling = overriding(store, {
    open: (name, options) => {
      controller.abort(new Error("called off"));
      return store.open(name, options);
    },
  });
  const other = new CheckpointManager("x", "memory", { store: calling });
  const loading = () => session.run(other.load(0), { signal: controller.signal });
  await assertRejects(loading, Error, "called off");
  assertEquals((await session.fetch(large))[0], 2);
});

Deno.test("where the newest epoch is removed again and again, a load ends at last", async () => {
  let looks = 0;
  const gone = new CheckpointNotFoundError("1@a1", "here", [], true);
  const act = () => {
    looks++;
    return Promise.reject(gone);
  };
  await assertRejects(() => lookingAgain("latest", act), CheckpointNotFoundError);
  assertEquals(looks, 10);
  await assertRejects(() => lookingAgain("1@a1", act), CheckpointNotFoundError);
  assertEquals(looks, 12);
});
