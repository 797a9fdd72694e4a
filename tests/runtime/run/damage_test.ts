import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { type CheckpointPlan, task } from "../../../dsl/mod.ts";
import { DamagedError, StoreError } from "../../../storage/mod.ts";
import { FaultyStore } from "./faulty_store.ts";
import { actions, everywhere, notices, start, total, weights, type World } from "./world.ts";

const add = task("add", { reads: { total }, updates: { weights }, writes: { total } })
  .run(({ total, weights }) => {
    weights[0] = total;
    return { total: total + 1 };
  });

function adding(world: World, plan: Partial<CheckpointPlan> = {}) {
  return world.job({
    ...{ name: "adding", init: [start], epoch: [add], exit: [] },
    plan,
  });
}

/** Flips one byte in the middle of an object. */
async function spoil(world: World, prefix: string): Promise<string[]> {
  const store = world.store();
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const names = (await store.list(folder)).filter((name) => name.startsWith(prefix));
  assert(names.length > 0, `nothing under ${prefix}`);
  for (const name of names) {
    const bytes = await store.get(name);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await store.remove([name]);
    await store.put(name, bytes, { durability: "none" });
  }
  return names;
}

everywhere("damage: a resume goes back to the nearest good epoch, and says so", async (world) => {
  await world.run(adding(world), { stopAfterEpoch: 3 });
  await spoil(world, "epochs/e000003");
  const { values, seen } = await world.run(adding(world), { resumeFromEpoch: "latest" });
  assertEquals(actions(seen).slice(0, 2), ["load 2", "epoch 3"]);
  assert(
    notices(seen).some((t) => t.includes("3@a1") && t.includes("damaged")),
    notices(seen).join(),
  );
  assertEquals(values[world.node]?.["total"], 4);
});

everywhere("damage: in a pack as well", async (world) => {
  await world.run(adding(world), { stopAfterEpoch: 3 });
  await spoil(world, "packs/a000001/e000003");
  const { values, seen } = await world.run(adding(world), { resumeFromEpoch: "latest" });
  assert(
    notices(seen).some((t) => t.includes("3@a1") && t.includes("damaged")),
    notices(seen).join(),
  );
  assertEquals(values[world.node]?.["total"], 4);
});

everywhere("damage: in the epoch behind recorded phases, which is named once", async (world) => {
  const finish = task("finish", { reads: { total } }).run(() => {});
  const given = world.job({ download: [finish], exit: [finish] });
  const whole = await world.run(given);
  await spoil(world, "epochs/e000004");
  const { seen, values } = await world.run(given, { resumeFromEpoch: "latest" });
  const said = notices(seen).filter((text) => text.includes("is damaged"));
  assertEquals(said.length, 1, said.join());
  assertStringIncludes(said[0] ?? "", "4@a1 is damaged, so that the job goes back to 3@a1");
  assertEquals(values, whole.values);
});

everywhere("damage: in the record of a phase, which is then done again", async (world) => {
  const whole = await world.run();
  await spoil(world, "phases/");
  const { runner, seen, values } = await world.run(world.job(), { resumeFromEpoch: "auto" });
  assert(
    notices(seen).some((t) => t.includes("exit") && t.includes("damaged")),
    notices(seen).join(),
  );
  assertEquals(actions(seen).filter((a) => !a.startsWith("load")), ["exit 4", "save exit 4"]);
  assertEquals([runner.result?.outcome, values], ["finished", whole.values]);
});

everywhere('damage: an epoch named, or onDamaged "stop", is not gone back from', async (world) => {
  await world.run(adding(world), { stopAfterEpoch: 3 });
  await spoil(world, "packs/a000001/e000003");
  const named = await world.fail(adding(world), { resumeFromEpoch: 3 });
  assertInstanceOf(named.error, DamagedError);
  const stop = await world.fail(adding(world, { onDamaged: "stop" }), {
    resumeFromEpoch: "latest",
  });
  assertInstanceOf(stop.error, DamagedError);
  assertEquals((await world.epochs()).length, 4);
});

everywhere("damage: a read that fails is none, and stops the resume", async (world) => {
  await world.run(adding(world), { stopAfterEpoch: 3 });
  for (const prefix of ["packs/", "epochs/e000003"]) {
    const store = new FaultyStore(world.store());
    store.fault = (op, name) => {
      if (op === "read" && name.startsWith(prefix)) throw new StoreError("read", name, "EIO");
    };
    const { error, seen } = await world.fail(adding(world), {
      checkpoints: world.manager({ store }),
      resumeFromEpoch: "latest",
    });
    assertInstanceOf(error, StoreError);
    assertStringIncludes(error.message, "EIO");
    assertEquals(seen.of("notice"), []);
  }
});
