import { assertEquals, assertInstanceOf } from "@std/assert";
import { keepLast, task } from "../../../dsl/mod.ts";
import { prune, repair } from "../../../runtime/checkpoint/tidy.ts";
import { JobHeldError } from "../../../runtime/errors.ts";
import { formatRef, verifyStore } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { everywhere, notices, total, type World } from "./world.ts";

/** The engine of a manager that has opened the place. */
async function engineOf(world: World) {
  const { engine } = world.manager();
  await engine.archive.open("world", []);
  return engine;
}

everywhere(
  "prune: what the plan does not keep goes, and the job stands where it stood",
  async (world) => {
    await world.run();
    const engine = await engineOf(world);
    const dry = await prune(engine, [keepLast(2)], { dryRun: true });
    assertEquals(dry.removed.map(formatRef), ["0@a1", "1@a1", "2@a1"]);
    assertEquals((await world.epochs()).length, 5);
    assertEquals((await world.names("attempts/")).length, 2);
    const done = await prune(engine, [keepLast(2)], { dryRun: false });
    assertEquals(done.removed, dry.removed);
    assertEquals(await world.epochs(), ["3@a1", "4@a1"]);
    const { runner, epoch } = await world.run(world.job(), { resumeFromEpoch: "auto" });
    assertEquals([runner.result?.outcome, epoch], ["already finished", 4]);
    const again = await world.run(world.job(), { resumeFromEpoch: 3 });
    assertEquals([again.runner.result?.epoch, again.seen.of("loaded")[0]?.epoch], [4, 3]);
    const { garbage, damaged } = await verifyStore(await engine.archive.store(), { full: true });
    assertEquals([garbage, damaged], [[], []]);
  },
);

everywhere(
  "prune: side lines go where that is asked for, but for what is pinned",
  async (world) => {
    await world.run();
    await world.run(world.job(), { resumeFromEpoch: 1 });
    await world.run(world.job(), { resumeFromEpoch: 2 });
    const engine = await engineOf(world);
    const store = await engine.archive.store();
    await store.pin({ epoch: 3, attempt: 1 });
    const plain = await prune(engine, [keepLast(9)], { dryRun: true });
    assertEquals(plain.removed, []);
    const { removed } = await prune(engine, [keepLast(9)], { dryRun: false, sideLines: true });
    assertEquals(removed.map(formatRef).sort(), [
      ...["2@a1", "3@a2", "4@a1", "4@a1 (exit)", "4@a2", "4@a2 (exit)"],
    ]);
    assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a2", "3@a1", "3@a3", "4@a3"]);
    assertEquals((await verifyStore(store, { full: true })).damaged, []);
  },
);

for (const what of ["epochs/e000004", "packs"]) {
  everywhere(
    `prune: the newest that is not damaged stays, with the damaged (${what})`,
    async (world) => {
      await world.run(world.job({ exit: [] }));
      const store = world.store();
      const names = what === "packs"
        ? await store.list("packs/a000001/")
        : await store.list("epochs/");
      await store.remove(names.filter((name) => name.includes("e000004")));
      if (what !== "packs") await store.put("epochs/e000004.a000001.cbor", new Uint8Array(9));
      const engine = await engineOf(world);
      const dry = await prune(engine, [keepLast(1)], { dryRun: true });
      assertEquals(dry.removed.map(formatRef), ["0@a1", "1@a1", "2@a1"]);
      assertEquals(dry.unmet, ["4@a1: damaged, and so not counted (verify says how)"]);
      const done = await prune(engine, [keepLast(1)], { dryRun: false });
      assertEquals([done.removed, done.unmet], [dry.removed, dry.unmet]);
      assertEquals(await world.epochs(), ["3@a1", "4@a1"]);
      const { seen, epoch } = await world.run(world.job(), { resumeFromEpoch: "auto" });
      assertEquals([seen.of("loaded")[0]?.epoch, epoch], [3, 4]);
    },
  );
}

everywhere(
  "prune: where the current line has nothing good, what lies beside it stays",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 1 });
    await world.run(world.job(), { stopAfterEpoch: 1 });
    const store = world.store();
    const own = (await store.list("epochs/")).filter((name) => name.includes("a000002"));
    await store.remove(own);
    for (const name of own) await store.put(name, new Uint8Array(9));
    const engine = await engineOf(world);
    const options = { dryRun: false, sideLines: true };
    const { removed, unmet } = await prune(engine, [keepLast(9)], options);
    assertEquals([removed, unmet.length], [[], 2]);
    assertEquals(await world.epochs(), ["0@a1", "0@a2", "1@a1", "1@a2"]);
  },
);

everywhere("a manager that is used beside a runner is refused", async (world) => {
  const errors: unknown[] = [];
  const meddle = task("meddle").run(async (_, { epoch, node }) => {
    if (epoch !== 3 || node !== world.node) return;
    // It would fence the runner.
    const { session } = world.session();
    const other = world.manager();
    await session.run(other.init([...world.nodes]));
    errors.push(await errorOf(Promise.resolve(session.run(other.save(9)))));
  });
  await world.run(world.job({ epoch: [meddle] }));
  for (const error of errors) assertInstanceOf(error, JobHeldError);
  assertEquals([errors.length, (await world.epochs()).length], [1, 5]);
});

everywhere(
  "repair: attempts that only tidy up are not taken for starts that saved nothing",
  async (world) => {
    const add = task("add", { reads: { total }, writes: { total } }).run(({ total }) => {
      if (isFailing) throw new Error("fails");
      return { total: total + 1 };
    });
    let isFailing = false;
    const given = world.job({ init: [], epoch: [add], exit: [] });
    await world.run(given, { stopAfterEpoch: 2 });
    isFailing = true;
    for (let start = 0; start < 2; start++) {
      const { seen } = await world.fail(given, { resumeFromEpoch: "latest" });
      assertEquals(notices(seen).filter((text) => text.includes("in a row")), []);
      const engine = await engineOf(world);
      const { store } = await engine.archive.store();
      await store.put(`removals/a000001.${"0".repeat(32)}.cbor`, new Uint8Array(3));
      await repair(engine, { dryRun: false });
      assertEquals(await store.list("removals/"), []);
    }
    const { seen } = await world.fail(given, { resumeFromEpoch: "latest" });
    assertEquals(notices(seen).filter((text) => text.includes("in a row")).length, 1);
    assertEquals((await world.names("attempts/")).length, 2 * (1 + 3 + 2));
  },
);

everywhere("repair: task logs that nobody goes on from go, and no others", async (world) => {
  const engine = await engineOf(world);
  const before = world.job({ plan: { grain: "task" } });
  await world.run(before, { stopAfterEpoch: 2 });
  const { store } = await engine.archive.store();
  const names = ["a000001.e000001.000009.log", "a000001.e000001.000009.000001.pack"];
  const needed = "a000001.e000002.000009.log";
  for (const name of [...names, needed]) await store.write(`tasks/${name}`, [new Uint8Array(3)]);
  const left = names.map((name) => `tasks/${name}`);
  assertEquals((await repair(engine, { dryRun: true })).report.logs, left);
  assertEquals((await repair(engine, { dryRun: false })).report.logs, left);
  assertEquals(await store.list("tasks/"), [`tasks/${needed}`]);
  assertEquals((await world.names("attempts/")).length, 4);
  await repair(engine, { dryRun: false });
  assertEquals((await world.names("attempts/")).length, 4);
});

everywhere(
  "a plan's keep lets go of what a run was resumed from, once it has saved",
  async (world) => {
    const given = world.job({ plan: { keep: [keepLast(1)] } });
    await world.run(given, { stopAfterEpoch: 1 });
    const { seen } = await world.run(given, { resumeFromEpoch: "latest", stopAfterEpoch: 2 });
    assertEquals(seen.of("removed").map(({ epochs }) => epochs), [[1]]);
    assertEquals(await world.epochs(), ["2@a2"]);
  },
);

everywhere(
  "prune: what a running job was resumed from is not said to go before it has saved",
  async (world) => {
    const seen: (readonly string[])[] = [];
    let isResumed = false;
    const look = task("look").run(async (_, { epoch, node }) => {
      if (!isResumed || epoch < 2 || epoch > 3 || node !== world.node) return;
      const engine = await engineOf(world);
      for (const readsLate of [false, true]) {
        const options = { dryRun: true, readsLate };
        const { removed, verdicts } = await prune(engine, [keepLast(1)], options);
        const ofParent = verdicts.find(({ ref }) => formatRef(ref) === "1@a1");
        seen.push(removed.map(formatRef), ofParent?.reasons ?? []);
      }
    });
    const given = world.job({ epoch: [look] });
    await world.run(given, { stopAfterEpoch: 1 });
    isResumed = true;
    await world.run(given, { resumeFromEpoch: "latest" });
    assertEquals(seen, [
      ...[["0@a1"], ["among the last 1", "the newest", "in use"]],
      ...[["0@a1"], ["among the last 1", "the newest", "in use"]],
      ...[["0@a1", "1@a1"], []],
      // Some of it may still be to be read.
      ...[["0@a1"], ["in use"]],
    ]);
  },
);
