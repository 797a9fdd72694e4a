// What a repair says that it removes, or has removed.
import { assertEquals } from "@std/assert";
import { task } from "../../../dsl/mod.ts";
import { whatWent } from "../../../runtime/checkpoint/garbage.ts";
import { repair, type Repaired } from "../../../runtime/checkpoint/tidy.ts";
import { listAsks, verifyStore } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";
import { everywhere, type World } from "./world.ts";

const NONCE = "0".repeat(32);

/** A pack that no manifest names. */
const packOf = (attempt: number, node: string) =>
  `packs/a00000${attempt}/e000009.${node}.${NONCE}.pack`;
/** The record of a removal that is not finished. */
const removalOf = (attempt: number) => `removals/a00000${attempt}.${NONCE}.cbor`;

async function engineOf(world: World, store = world.store()) {
  const { engine } = world.manager({ store });
  await engine.archive.open("world", []);
  return engine;
}

function toldOf({ report: { garbage, garbageBytes, logs, removals } }: Repaired) {
  return { garbage, garbageBytes, logs, removals };
}

const NOTHING = { garbage: [], garbageBytes: 0, logs: [], removals: [] };

everywhere("repair: what a runner is writing and removing itself is no garbage", async (world) => {
  const store = world.store();
  const objects = [packOf(1, world.node), "tasks/a000001.e000000.000009.log", removalOf(1)];
  const meddle = task("meddle").run(async (_, { epoch, node }) => {
    if (epoch !== 2 || node !== world.node) return;
    for (const name of objects) await store.put(name, new Uint8Array(10), { durability: "none" });
    for (const dryRun of [true, false]) {
      const repaired = await repair(await engineOf(world), { dryRun, waitMs: 60_000 });
      assertEquals([toldOf(repaired), repaired.asked], [NOTHING, undefined]);
    }
    assertEquals(await listAsks(store), []);
    // What an earlier one has left is, which is told of alone.
    for (const name of [packOf(0, world.node), removalOf(0)]) {
      await store.put(name, new Uint8Array(10), { durability: "none" });
    }
    const repaired = await repair(await engineOf(world), { dryRun: false });
    const garbage = [packOf(0, world.node)];
    assertEquals(toldOf(repaired), {
      ...{ garbage, garbageBytes: 10, logs: [], removals: [removalOf(0)] },
    });
    assertEquals(repaired.asked?.isGone, false);
    await store.remove(objects);
  });
  await world.run(world.job({ epoch: [meddle] }));
  const { garbage, removals } = await verifyStore(await (await engineOf(world)).archive.store());
  assertEquals([garbage, removals, await listAsks(store)], [[], [], []]);
});

everywhere("repair: what is needed by now has not gone, and is not left either", async (world) => {
  await world.run();
  const store = world.store();
  const checkpoints = await (await engineOf(world)).archive.store();
  const found = await verifyStore(checkpoints);
  const [needed = "none"] = (await store.list("packs/a000001/")).toSorted();
  const [gone, left] = [packOf(1, world.node), packOf(1, "other")];
  await store.put(left, new Uint8Array(7), { durability: "none" });
  const names = [needed, gone, left];
  const sizes = new Map(names.map((name, at) => [name, 10 ** at]));
  const report = { ...found, garbage: names, removals: [removalOf(1)] };
  const went = await whatWent(checkpoints, { report, sizes, spared: 0 });
  assertEquals(toldOf(went), {
    ...{ garbage: [gone], garbageBytes: 10, logs: [], removals: [removalOf(1)] },
  });
  assertEquals([went.left, went.spared], [1, 0]);
});

everywhere(
  "repair: a removal that somebody else has finished before is not told of",
  async (world) => {
    await world.run();
    const inner = world.store();
    const [garbage, removal] = [packOf(1, world.node), removalOf(1)];
    for (const name of [garbage, removal]) {
      await inner.put(name, new Uint8Array(10), { durability: "none" });
    }
    const store = overriding(inner, {
      put: async (name, ...rest) => {
        if (name === "attempts/000002.cbor") await inner.remove([removal]);
        await inner.put(name, ...rest);
      },
    });
    const engine = await engineOf(world, store);
    const dry = await repair(engine, { dryRun: true });
    assertEquals(dry.report.removals, [removal]);
    const done = await repair(engine, { dryRun: false });
    assertEquals(toldOf(done), { ...NOTHING, garbage: [garbage], garbageBytes: 10 });
  },
);
