// What is asked of a runner that holds the job.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { keepLast, task } from "../../../dsl/mod.ts";
import { prune, type Pruned, repair, type Repaired } from "../../../runtime/checkpoint/tidy.ts";
import { JobHeldError } from "../../../runtime/errors.ts";
import {
  type Ask,
  dropAsks,
  formatRef,
  leaveAsk,
  listAsks,
  type Store,
  StoreError,
  verifyStore,
} from "../../../storage/mod.ts";
import { keepingEpochs, overriding } from "../../storage/sample.ts";
import { errorOf } from "../helpers.ts";
import { everywhere, notices, World } from "./world.ts";

const BY = { attempt: 1, pid: 7, host: "elsewhere", createdAtMs: 0 };
const REPAIR: Ask = { asked: { what: "repair" }, ...BY };
const KEEP_ONE: Ask = {
  asked: { what: "prune", rules: [{ rule: "last", n: 1 }], sideLines: false, full: false },
  ...BY,
};
const LEFT = "epochs/.00000000-0000-0000-0000-000000000000.tmp";
const GARBAGE = `packs/a000001/e000009.main.${"0".repeat(32)}.pack`;

/** A job with a task that does something in one epoch, on one node. */
function jobThat(world: World, at: number, act: () => Promise<void>) {
  const meddle = task("meddle").run(async (_, { epoch, node }) => {
    if (epoch === at && node === world.node) await act();
  });
  return world.job({ epoch: [meddle] });
}

async function engineOf(world: World) {
  const { engine } = world.manager();
  await engine.archive.open("world", []);
  return engine;
}

everywhere("a runner that is asked to prune does it with its next save", async (world) => {
  const asked: Pruned[] = [];
  const { seen } = await world.run(jobThat(world, 3, async () => {
    const engine = await engineOf(world);
    const dry = await prune(engine, [keepLast(1)], { dryRun: true });
    assertEquals([dry.removed.map(formatRef), dry.asked], [["0@a1", "1@a1"], undefined]);
    assertEquals(await listAsks(world.store()), []);
    asked.push(await prune(engine, [keepLast(1)], { dryRun: false }));
    assertEquals((await listAsks(world.store())).length, 1);
    assertEquals((await world.epochs()).length, 3);
  }));
  const [{ asked: outcome, removed } = {}] = asked;
  assertEquals([outcome?.isGone, outcome?.holder.pid], [false, Deno.pid]);
  assertEquals(removed?.map(formatRef), ["0@a1", "1@a1"]);
  assertEquals(await world.epochs(), ["3@a1", "4@a1"]);
  assertEquals(await listAsks(world.store()), []);
  const said = notices(seen).filter((text) => text.includes("asked for"));
  assertEquals(said.length, 1);
  assertStringIncludes(said[0]!, `prune, which process ${Deno.pid}`);
  assertStringIncludes(said[0]!, "asked for: removed 0@a1, 1@a1, 2@a1");
  assertEquals(seen.of("removed").map(({ epochs }) => epochs), [[0, 1, 2]]);
  assertEquals((await verifyStore(await (await engineOf(world)).archive.store())).damaged, []);
});

everywhere(
  "what a run has resumed from may go once it has saved something itself",
  async (world) => {
    await world.run();
    const given = jobThat(world, 2, async () =>
      void await leaveAsk(world.store(), {
        ...KEEP_ONE,
        attempt: 2,
        asked: { what: "prune", rules: [{ rule: "last", n: 1 }], sideLines: true, full: true },
      }));
    const { epoch } = await world.run(given, { resumeFromEpoch: 1, allowChange: true });
    assertEquals(epoch, 4);
    assertEquals(await world.epochs(), ["2@a2", "3@a2", "4@a2"]);
  },
);

everywhere("a runner that is asked to repair removes what killed runs have left", async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 1 });
  const store = world.store();
  await store.put(GARBAGE, new Uint8Array(10), { durability: "none" });
  await store.put(`removals/a000001.${"0".repeat(32)}.cbor`, new Uint8Array(3), {
    durability: "none",
  });
  const isFile = world.folder !== undefined;
  const asked: Repaired[] = [];
  const given = jobThat(world, 3, async () => {
    // The start has removed what it could; this comes later.
    await store.put(GARBAGE, new Uint8Array(10), { durability: "none" });
    if (isFile) {
      for (const name of [LEFT, LEFT.replace("epochs", "pins")]) {
        await Deno.mkdir(`${world.db}/pins`, { recursive: true });
        await Deno.writeTextFile(`${world.db}/${name}`, "x");
      }
    }
    asked.push(await repair(await engineOf(world), { dryRun: false }));
  });
  const { seen } = await world.run(given, { resumeFromEpoch: "latest", allowChange: true });
  assertEquals(asked.map(({ asked }) => asked?.isGone), [false]);
  const count = isFile ? "2 files" : "1 file";
  const said = notices(seen).find((text) => text.startsWith("repair, which"));
  assertStringIncludes(said ?? "", `removed ${count} that nothing needs`);
  const engine = await engineOf(world);
  const { garbage, leftovers, asks } = await verifyStore(await engine.archive.store());
  // Somebody might be pinning something.
  assertEquals([garbage, asks], [[], []]);
  assertEquals(leftovers, isFile ? [LEFT.replace("epochs", "pins")] : []);
  await repair(engine, { dryRun: false });
  assertEquals((await verifyStore(await engine.archive.store())).leftovers, []);
});

everywhere(
  "an ask that nobody has done is not done by the next run, but cleared",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 2 });
    const store = world.store();
    await leaveAsk(store, KEEP_ONE);
    const engine = await engineOf(world);
    const { asks } = await verifyStore(await engine.archive.store());
    assertEquals(asks.map(({ ask }) => ask), [KEEP_ONE]);
    const { seen } = await world.run(world.job(), { resumeFromEpoch: "latest" });
    assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1", "3@a2", "4@a2"]);
    const told = "prune, which process 7 on elsewhere asked attempt 1 for, is not done";
    assertEquals(notices(seen).filter((text) => text.startsWith(told)).length, 1);
    assertEquals(await listAsks(store), []);
    await leaveAsk(store, KEEP_ONE);
    await leaveAsk(store, REPAIR);
    await prune(engine, [keepLast(2)], { dryRun: false });
    assertEquals((await verifyStore(await engine.archive.store())).asks.map(({ ask }) => ask), [
      REPAIR,
    ]);
    await leaveAsk(store, KEEP_ONE);
    const { asked } = await repair(engine, { dryRun: false });
    assertEquals([asked, await listAsks(store)], [undefined, []]);
    assertEquals(await world.epochs(), ["3@a2", "4@a2"]);
  },
);

everywhere("what a later attempt is asked is left to it", async (world) => {
  const store = world.store();
  const later: Ask = { ...KEEP_ONE, attempt: 2 };
  const { seen } = await world.run(
    jobThat(world, 2, async () => void await leaveAsk(store, later)),
  );
  const { asks } = await verifyStore(await (await engineOf(world)).archive.store());
  assertEquals(asks.map(({ ask }) => ask), [later]);
  assertEquals(notices(seen).filter((text) => text.includes("asked attempt")), []);
  assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1", "3@a1", "4@a1"]);
});

everywhere("asks that are damaged, too many or of another kind are bounded", async (world) => {
  const store = world.store();
  const given = jobThat(world, 1, async () => {
    await store.put(`asks/${"0".repeat(32)}.cbor`, new Uint8Array(70_000), { durability: "none" });
    await store.put(`asks/${"1".repeat(32)}.cbor`, new Uint8Array(7), { durability: "none" });
    await store.put("asks/mine.txt", new Uint8Array(7), { durability: "none" });
    for (let count = 0; count < 20; count++) await leaveAsk(store, REPAIR);
  });
  const { seen } = await world.run(given);
  const warnings = seen.of("notice").filter(({ level }) => level === "warning");
  assertEquals(warnings.map(({ message }) => message.split(":")[0]), [
    ...["an ask cannot be read, and was removed", "an ask cannot be read, and was removed"],
  ]);
  const perSave: number[] = [];
  for (const event of seen.events) {
    if (event.type === "save-committed") perSave.push(0);
    if (event.type === "notice" && event.message.startsWith("repair, which")) {
      perSave[perSave.length - 1]!++;
    }
  }
  assertEquals(perSave.slice(0, 4), [0, 8, 8, 4]);
  assertEquals(await listAsks(store), []);
  assertEquals(await store.list("asks/"), ["asks/mine.txt"]);
});

Deno.test("what an ask fails with is a warning, said once, and is tried again", async () => {
  await using world = await World.make("file", 1);
  let failures = 0;
  const inner = world.store();
  const store: Store = overriding(inner, {
    remove: async (names, options) => {
      if (names.some((name) => name.startsWith("epochs/")) && failures++ < 2) {
        throw new StoreError("remove", "epochs", "the disk says no");
      }
      await inner.remove(names, options);
    },
  });
  const given = jobThat(world, 1, async () => void await leaveAsk(inner, KEEP_ONE));
  const { seen } = await world.run(given, { checkpoints: world.manager({ store }) });
  const warnings = seen.of("notice").filter(({ level }) => level === "warning");
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!.message, "which the next save tries again: Cannot remove");
  assertEquals([failures > 2, await listAsks(inner)], [true, []]);
  assertEquals(await world.epochs(), ["3@a1", "4@a1"]);
});

Deno.test("an ask that fails again and again is given up", async () => {
  await using world = await World.make("file", 1);
  const inner = world.store();
  const store: Store = keepingEpochs(inner);
  const given = jobThat(world, 1, async () => {
    await leaveAsk(inner, KEEP_ONE);
  });
  const { seen } = await world.run(given, { checkpoints: world.manager({ store }) });
  const warnings = seen.of("notice").filter(({ level }) => level === "warning");
  assertEquals(warnings.some(({ message }) => message.includes("3 times, and is given up")), true);
  assertEquals(await listAsks(inner), []);
});

Deno.test("whoever waits is told what went, or does it once the holder has ended", async () => {
  await using world = await World.make("file", 1);
  const waiting: Promise<Pruned>[] = [];
  const given = jobThat(world, 2, async () => {
    waiting.push(prune(await engineOf(world), [keepLast(1)], { dryRun: false, waitMs: 60_000 }));
    while ((await listAsks(world.store())).length === 0) await new Promise((r) => setTimeout(r, 5));
  });
  await world.run(given);
  const [done] = await Promise.all(waiting);
  assertEquals([done?.asked?.isGone, done?.removed.map(formatRef)], [true, ["0@a1", "1@a1"]]);
  const engine = await engineOf(world);
  const hold = await world.store().hold!({
    ...{ purpose: "run", pid: 5, host: undefined, sinceMs: 0 },
  });
  assert("hold" in hold);
  const late = await prune(engine, [keepLast(1)], { dryRun: false, waitMs: 1 });
  assertEquals([late.asked?.isGone, (await listAsks(world.store())).length], [false, 1]);
  const patient = prune(engine, [keepLast(1)], { dryRun: false, waitMs: 60_000 });
  while ((await listAsks(world.store())).length < 2) await new Promise((r) => setTimeout(r, 5));
  await hold.hold.release();
  const { asked, removed } = await patient;
  assertEquals([asked, removed.map(formatRef)], [undefined, ["2@a1", "3@a1"]]);
  assertEquals([await world.epochs(), await listAsks(world.store())], [["4@a1"], []]);
});

Deno.test("whoever waits for what is dropped undone is told what is still there", async () => {
  await using world = await World.make("file", 1);
  await world.run();
  const engine = await engineOf(world);
  const store = world.store();
  await store.put(GARBAGE, new Uint8Array(10), { durability: "none" });
  const hold = await store.hold!({
    ...{ purpose: "run", pid: 5, host: undefined, sinceMs: Date.now() },
  });
  assert("hold" in hold);
  const waitMs = 60_000;
  const pruned = prune(engine, [keepLast(3)], { dryRun: false, waitMs });
  const repaired = repair(engine, { dryRun: false, waitMs });
  while ((await listAsks(store)).length < 2) await new Promise((r) => setTimeout(r, 5));
  await dropAsks(store, await listAsks(store));
  const { asked, removed, left } = await pruned;
  assertEquals([asked?.isGone, removed, left?.map(formatRef)], [true, [], ["0@a1", "1@a1"]]);
  const { report, left: garbage } = await repaired;
  assertEquals([report.garbage, garbage], [[], 1]);
  await hold.hold.release();
});

Deno.test("whoever only tidies up is not asked, unless somebody waits", async () => {
  await using world = await World.make("file", 1);
  await world.run();
  const engine = await engineOf(world);
  const hold = await world.store().hold!({
    ...{ purpose: "repair", pid: 5, host: undefined, sinceMs: 0 },
  });
  assert("hold" in hold);
  const error = await errorOf(prune(engine, [keepLast(1)], { dryRun: false }));
  assertInstanceOf(error, JobHeldError);
  assertEquals(await listAsks(world.store()), []);
  await hold.hold.release();
  await dropAsks(world.store(), []);
});
