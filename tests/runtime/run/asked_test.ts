// Who is asked, and what whoever asks is told.
import { assert, assertEquals } from "@std/assert";
import { epochs, keepLast, task } from "../../../dsl/mod.ts";
import { prune, type Pruned, repair } from "../../../runtime/checkpoint/tidy.ts";
import { dropAsks, formatRef, listAsks, type Store, StoreError } from "../../../storage/mod.ts";
import { keepingEpochs, overriding } from "../../storage/sample.ts";
import { notices, World } from "./world.ts";

const KEEP = [keepLast(1)] as const;

async function engineOf(world: World) {
  const { engine } = world.manager();
  await engine.archive.open("world", []);
  return engine;
}

async function untilAsked(world: World, count = 1): Promise<void> {
  while ((await listAsks(world.store())).length < count) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("a run that still loads is asked too, and does it with its first save", async () => {
  await using world = await World.make("file", 1);
  await world.run(world.job());
  const inner = world.store();
  let asked: Pruned["asked"];
  const store: Store = overriding(inner, {
    put: async (name, bytes, options) => {
      if (name === "attempts/000002.cbor") {
        asked = (await prune(await engineOf(world), KEEP, { dryRun: false })).asked;
      }
      await inner.put(name, bytes, options);
    },
  });
  const { seen } = await world.run(world.job({ until: epochs(6) }), {
    ...{ resumeFromEpoch: "auto", checkpoints: world.manager({ store }) },
  });
  assertEquals(asked?.isGone, false);
  assert(
    notices(seen).some((text) => text.includes("asked for: removed 0@a1, 1@a1, 2@a1, 3@a1, 4@a1")),
  );
  assertEquals(await world.epochs(), ["5@a2", "6@a2"]);
  assertEquals(await listAsks(world.store()), []);
});

Deno.test("what a run was asked that ends before its attempt is not done by the next", async () => {
  await using world = await World.make("file", 1);
  await world.run(world.job());
  const inner = world.store();
  let isAsked = false;
  const store: Store = overriding(inner, {
    put: async (name, bytes, options) => {
      if (name === "attempts/000002.cbor" && !isAsked) {
        isAsked = true;
        await prune(await engineOf(world), KEEP, { dryRun: false });
        throw new StoreError("write", name, "the disk says no");
      }
      await inner.put(name, bytes, options);
    },
  });
  const given = world.job({ until: epochs(6) });
  await world.fail(given, { resumeFromEpoch: "auto", checkpoints: world.manager({ store }) });
  assertEquals((await listAsks(world.store())).length, 1);
  const { seen } = await world.run(given, { resumeFromEpoch: "auto" });
  assert(notices(seen).some((text) => text.includes("is not done: that has ended")));
  assertEquals((await world.epochs()).length, 7);
  assertEquals(await listAsks(world.store()), []);
});

Deno.test("whoever waits for what is given up is told what is still there", async () => {
  await using world = await World.make("file", 1);
  const inner = world.store();
  const store: Store = keepingEpochs(inner);
  const waiting: Promise<Pruned>[] = [];
  const meddle = task("meddle").run(async (_, { epoch }) => {
    if (epoch !== 2) return;
    waiting.push(prune(await engineOf(world), KEEP, { dryRun: false, waitMs: 60_000 }));
    await untilAsked(world);
  });
  const given = world.job({ epoch: [meddle], until: epochs(7) });
  await world.run(given, { checkpoints: world.manager({ store }) });
  const [pruned] = await Promise.all(waiting);
  assertEquals([pruned?.asked?.isGone, pruned?.removed], [true, []]);
  assertEquals(pruned?.left?.map(formatRef), ["0@a1"]);
});

Deno.test("whoever waits beside a repair, which clears asks away, does it himself behind it", async () => {
  await using world = await World.make("file", 1);
  await world.run(world.job());
  const engine = await engineOf(world);
  const store = world.store();
  const hold = await store.hold!({ ...{ purpose: "repair", pid: 5, host: undefined, sinceMs: 0 } });
  assert("hold" in hold);
  const pruning = prune(engine, KEEP, { dryRun: false, waitMs: 60_000 });
  await untilAsked(world);
  await store.remove(await listAsks(store));
  await untilAsked(world);
  await hold.hold.release();
  const { asked, removed } = await pruning;
  assertEquals([asked, removed.map(formatRef)], [undefined, ["0@a1", "1@a1", "2@a1", "3@a1"]]);
  assertEquals([await world.epochs(), await listAsks(store)], [["4@a1"], []]);
});

Deno.test("whoever waits beside a repair that is under way does it himself behind it", async () => {
  await using world = await World.make("file", 1);
  await world.run();
  const inner = world.store();
  const garbage = `packs/a000001/e000009.main.${"0".repeat(32)}.pack`;
  await inner.put(garbage, new Uint8Array(10), { durability: "none" });
  let pruned: Promise<Pruned> | undefined;
  let isBegun = false;
  const store: Store = overriding(inner, {
    put: async (name, ...rest) => {
      await inner.put(name, ...rest);
      isBegun ||= name === "attempts/000002.parent.cbor";
    },
    list: async (name, options) => {
      if (isBegun && pruned === undefined) {
        pruned = prune(await engineOf(world), KEEP, { dryRun: false, waitMs: 60_000 });
        await untilAsked(world);
      }
      return await inner.list(name, options);
    },
  });
  const { engine } = world.manager({ store });
  await engine.archive.open("world", []);
  await repair(engine, { dryRun: false });
  const done = await pruned;
  const names = ["0@a1", "1@a1", "2@a1", "3@a1"];
  assertEquals([done?.asked, done?.removed.map(formatRef)], [undefined, names]);
  assertEquals([await world.epochs(), await listAsks(inner)], [["4@a1"], []]);
});

Deno.test("what is kept by now is not said to be left", async () => {
  await using world = await World.make("file", 1);
  await world.run();
  const hold = await world.store().hold!({
    ...{ purpose: "run", pid: 5, host: undefined, sinceMs: 0 },
  });
  assert("hold" in hold);
  const engine = await engineOf(world);
  const pruning = prune(engine, [keepLast(3)], { dryRun: false, waitMs: 60_000 });
  await untilAsked(world);
  await (await engine.archive.store()).pin({ epoch: 0, attempt: 1 });
  await dropAsks(world.store(), await listAsks(world.store()));
  assertEquals((await pruning).left?.map(formatRef), ["1@a1"]);
  await hold.hold.release();
});
