import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { blob, type CheckpointPlan, from, type Step, task, when } from "../../../dsl/mod.ts";
import { DamagedError, StoreError } from "../../../storage/mod.ts";
import { DamagedStartError } from "../../../runtime/run/damaged_start_error.ts";
import { FaultyStore } from "./faulty_store.ts";
import { seenEarlier } from "./seen_earlier.ts";
import { spoil } from "./spoil.ts";
import { actions, everywhere, notices, start, total, weights, type World } from "./world.ts";

const add = task("add", { reads: { total }, updates: { weights }, writes: { total } })
  .run(({ total, weights }) => {
    weights[0] = total;
    return { total: total + 1 };
  });

const tell = task("tell", { reads: { total } }).run(() => {});

function adding(world: World, plan: Partial<CheckpointPlan> = {}, exit: readonly Step[] = []) {
  return world.job({
    ...{ name: "adding", init: [start], epoch: [add], exit },
    plan,
  });
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

everywhere(
  "damage: in a pack that the epoch and its phases name, which is told once",
  async (world) => {
    const given = adding(world, {}, [tell]);
    const whole = await world.run(given);
    const packs = await world.store().list("packs/a000001/");
    const pack = packs.find((name) => name.includes(`e000004.${world.node}`)) ?? "";
    await world.store().remove([pack]);
    const { seen, values } = await world.run(given, { resumeFromEpoch: "latest" });
    const said = notices(seen).filter((text) => text.includes("is damaged"));
    assertEquals(said.length, 1, said.join());
    assertStringIncludes(said[0] ?? "", "4@a1 is damaged, so that the job goes back to 3@a1");
    assertEquals(values, whole.values);
  },
);

everywhere("damage: found when a stop condition first reads what is loaded late", async (world) => {
  const far = (weights: Float64Array) => (weights[0] ?? 0) >= 5;
  const given = world.job({
    ...{ name: "adding", init: [start], epoch: [add], exit: [] },
    until: world.nodes.length === 1 ? when(weights, far) : when(from(world.node, weights), far),
    plan: { load: "lazy" },
  });
  await world.run(given, { stopAfterEpoch: 3 });
  await spoil(world, `packs/a000001/e000003.${world.node}`);
  const { seen, values } = await world.run(given, { resumeFromEpoch: "latest" });
  assertStringIncludes(notices(seen).join(), "3@a1 is damaged, so that the job goes back to 2@a1");
  assertEquals(values[world.node]?.["total"], 6);
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

const out = blob<Float64Array>("out");

/** A job whose download or exit has written what is damaged now: attempt 2 did nothing else. */
async function endingDamaged(world: World, phase: "download" | "exit") {
  let cut = "write";
  const write = task("write", { reads: { total }, writes: { out } }).run(({ total }) => {
    if (cut === "write") throw new Error("cut");
    return { out: new Float64Array(2000).fill(total) };
  });
  const bye = task("bye", { reads: { out } }).run(() => {
    if (cut === "bye") throw new Error("cut");
  });
  const steps = phase === "download" ? { download: [write], exit: [bye] } : { exit: [write] };
  const ending = (plan: Partial<CheckpointPlan> = {}) => world.job({ ...steps, plan });
  await world.fail(ending());
  cut = "bye";
  const second = world.run(ending(), { resumeFromEpoch: "auto" });
  await (phase === "download" ? assertRejects(() => second) : second);
  await spoil(world, "packs/a000002/");
  cut = "";
  const begun = phase === "download" ? ["download 4", "save download 4"] : [];
  return { ending, does: [...begun, "exit 4", "save exit 4"] };
}

for (const phase of ["download", "exit"] as const) {
  everywhere(`damage: in what ${phase} has written, which is then done again`, async (world) => {
    const { ending, does } = await endingDamaged(world, phase);
    const { runner, seen, values } = await world.run(ending(), { resumeFromEpoch: "auto" });
    const said = notices(seen).filter((text) => text.includes("is damaged"));
    assertEquals(said.length, 1, said.join());
    assertStringIncludes(said[0] ?? "", `checkpoint 4@a2 (${phase}) is damaged`);
    assertStringIncludes(said[0] ?? "", "the job goes back to 4@a1");
    assertEquals(actions(seen).filter((action) => !action.startsWith("load")), does);
    assertEquals(runner.result?.outcome, "finished");
    await using beside = await world.beside();
    assertEquals(values, (await beside.run(ending())).values);
    const again = await world.run(ending(), { resumeFromEpoch: "auto" });
    assertEquals([again.runner.result?.outcome, again.values], ["already finished", values]);
  });
}

everywhere('damage: of a phase under onDamaged "stop": what is advised helps', async (world) => {
  const { ending, does } = await endingDamaged(world, "download");
  const stop = ending({ onDamaged: "stop" });
  const { error } = await world.fail(stop, { resumeFromEpoch: "latest" });
  assertInstanceOf(error, DamagedStartError);
  assertStringIncludes(error.message, "resume --from 4");
  const { seen } = await world.run(stop, { resumeFromEpoch: 4 });
  assertEquals(actions(seen).filter((action) => !action.startsWith("load")), does);
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

everywhere(
  "damage: what was seen while another took over is looked at again before it is said",
  async (world) => {
    await world.run(adding(world), { stopAfterEpoch: 2 });
    await world.run(adding(world), { stopAfterEpoch: 3 });
    await spoil(world, "packs/a000001/");
    const store = seenEarlier(world.store(), "000001");
    const options = { checkpoints: world.manager({ store }), resumeFromEpoch: "auto" } as const;
    const { seen, values, runner } = await world.run(adding(world), options);
    assertEquals(notices(seen).filter((text) => text.includes("damaged")), []);
    assertEquals([runner.result?.epoch, values[world.node]?.["total"]], [4, 4]);
  },
);
