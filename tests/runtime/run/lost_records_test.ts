// A place whose records of attempts are lost, as behind a copy that was not whole.
import { assert, assertEquals } from "@std/assert";
import { CheckpointStore, formatRef, verifyStore } from "../../../storage/mod.ts";
import { task } from "../../../dsl/mod.ts";
import type { EpochRef } from "../../../runtime/checkpoint/epoch_ref.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { listSaved } from "../../../runtime/cli/list.ts";
import { everywhere, notices, start, total, World } from "./world.ts";

async function lose(world: World, isLost: (name: string) => boolean): Promise<void> {
  const store = world.store();
  await store.remove((await store.list("attempts/")).filter(isLost));
}

async function damages(world: World): Promise<readonly string[]> {
  const { damaged } = await verifyStore(await CheckpointStore.open(world.store()));
  return damaged.map(({ object }) => object).sort();
}

everywhere(
  "what is saved says where it belongs where no record of an attempt is left",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 1 });
    await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch: 3 });
    await lose(world, () => true);
    const names = [1, 2].flatMap((number) => {
      const name = `attempts/00000${number}`;
      return [`${name}.cbor`, `${name}.parent.cbor`];
    });
    assertEquals(await damages(world), names);
    const { line, sides } = await (await CheckpointStore.open(world.store())).history();
    assertEquals([line.map(formatRef), sides], [["0@a1", "1@a1", "2@a2", "3@a2"], []]);
    const { values, seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
    assertEquals(seen.of("loaded").map(({ epoch }) => epoch), [3]);
    await using other = await World.make("memory", world.nodes.length === 1 ? 1 : 3);
    assertEquals(values, (await other.run(other.job())).values);
  },
);

everywhere("an attempt that has saved goes on though its own record is lost", async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 1 });
  await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch: 3 });
  await lose(world, (name) => name === "attempts/000002.parent.cbor");
  assertEquals(await damages(world), ["attempts/000002.parent.cbor"]);
  const { seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
  assert(seen.of("loaded").some(({ epoch }) => epoch === 3));
  assertEquals((await world.epochs()).at(-1), "4@a3");
});

everywhere(
  "an attempt that others went on from was here, though it has no record",
  async (world) => {
    for (const stopAfterEpoch of [1, 2, 3]) {
      await world.run(world.job(), { resumeFromEpoch: "auto", stopAfterEpoch });
    }
    await lose(world, (name) => name.startsWith("attempts/000002"));
    const { line, sides, attempts } = await (await CheckpointStore.open(world.store())).history();
    assertEquals([line.map(formatRef), sides], [["0@a1", "1@a1", "2@a2", "3@a3"], []]);
    assertEquals(attempts.map(({ attempt }) => attempt), [1, 2, 3]);
  },
);

everywhere(
  "the newest attempt is gone on from without its records, as what it saved first says where it began",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 1 });
    for (const stopAfterEpoch of [2, 3]) {
      await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch });
    }
    await lose(world, (name) => !name.startsWith("attempts/000001"));
    const { line, sides, unrecorded } = await (await CheckpointStore.open(world.store())).history();
    assertEquals([line.map(formatRef), sides, unrecorded], [
      ["0@a1", "1@a1", "2@a2", "3@a3"],
      [],
      [],
    ]);
    const { seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
    assertEquals(seen.of("loaded").map(({ epoch }) => epoch), [3]);
    assertEquals(notices(seen).filter((text) => text.includes("neither of its records")), []);
  },
);

everywhere(
  "what no record places lies beside the line, which is said until another goes on",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 1 });
    await world.run(world.job(), { resumeFromEpoch: "latest" });
    await lose(world, (name) => name.startsWith("attempts/000002"));
    // Without the first that it saved nothing tells where it began.
    await world.store().remove(["epochs/e000002.a000002.cbor"]);
    const runner = new JobRunner(world.job(), { checkpoints: world.manager() });
    const isSaid = (said: readonly string[]): boolean =>
      said.some((text) =>
        text.startsWith("attempt 2 has saved 3@a2 to 4@a2 (exit), but neither") &&
        text.endsWith("; or resume with --from 4@a2, on a new line")
      );
    const foreseen = async (from: EpochRef) => isSaid((await runner.changesSince(from)).warnings);
    assertEquals([await foreseen("latest"), await foreseen("3@a2"), await foreseen(1)], [
      ...[true, false, false],
    ]);
    const listed = await listSaved(runner.checkpoints.engine.archive, { all: true });
    assertEquals(listed.lines.map(({ attempt, recorded }) => [attempt, recorded]), [
      [1, true],
      [2, false],
    ]);
    // One that is refused says so too.
    const on = world.session();
    const edited = world.job({ epoch: [start] });
    const refused = new JobRunner(edited, {
      checkpoints: world.manager(),
      resumeFromEpoch: "auto",
    });
    await refused.run(on.session).catch(() => {});
    assertEquals([isSaid(notices(on.seen)), refused.result], [true, undefined]);
    const options = { resumeFromEpoch: "auto", stopAfterEpoch: 2 } as const;
    const first = await world.run(world.job(), options);
    assertEquals(isSaid(notices(first.seen)), true);
    // That attempt has gone on from elsewhere.
    const next = await world.run(world.job(), { resumeFromEpoch: "auto", stopAfterEpoch: 3 });
    assertEquals(isSaid(notices(next.seen)), false);
    // Whoever goes on from there says with it that the attempt was here.
    const last = await world.run(world.job(), { resumeFromEpoch: "3@a2" });
    assertEquals([isSaid(notices(last.seen)), last.epoch], [false, 4]);
    const { line, unrecorded } = await (await CheckpointStore.open(world.store())).history();
    assertEquals([line.map(formatRef)[0], unrecorded], ["3@a2", []]);
  },
);

everywhere("a number that only logs have left is not taken again", async (world) => {
  let isDying = false;
  const pay = task("pay", { reads: { total }, writes: { total } })
    .run(async ({ total }, { step, epoch }) => {
      let sum = total;
      for (let number = 0; number < 3; number++) {
        sum += await step(`s${number}`, () => number);
        if (isDying && epoch === 2 && number === 1) throw new Error("dies here");
      }
      return { total: sum };
    });
  const given = world.job({ init: [], epoch: [pay], exit: [], plan: { grain: "task" } });
  await world.run(given, { stopAfterEpoch: 1 });
  isDying = true;
  await world.fail(given, { resumeFromEpoch: "auto" });
  isDying = false;
  await lose(world, (name) => name.startsWith("attempts/000002"));
  const { values } = await world.run(given, { resumeFromEpoch: "auto" });
  assertEquals((await world.epochs()).at(-1), "4@a3");
  await using other = await World.make("memory", world.nodes.length === 1 ? 1 : 3);
  assertEquals(values, (await other.run(given)).values);
});

everywhere("what a stray file says is beside the line, whoever put it there", async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 1 });
  await using other = await World.make("memory", world.nodes.length === 1 ? 1 : 3);
  for (const stopAfterEpoch of [1, 2, 3]) {
    await other.run(other.job(), { resumeFromEpoch: "auto", stopAfterEpoch });
  }
  const store = world.store();
  const copied = (await other.store().list("epochs/")).at(-1) ?? "";
  const durability = { durability: "none" } as const;
  await store.put(copied, await other.store().get(copied), durability);
  await store.put("epochs/e000009.a000009.cbor", new Uint8Array(), durability);
  const opened = await CheckpointStore.open(store);
  const { line, sides, attempts } = await opened.history();
  assertEquals(line.map(formatRef), ["0@a1", "1@a1"]);
  assertEquals(sides.map(({ refs }) => refs.map(formatRef)), [["9@a9"], ["3@a3"]]);
  assertEquals(attempts.map(({ attempt }) => attempt), [1]);
  const { seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
  assertEquals(seen.of("loaded").map(({ epoch }) => epoch), [1]);
});

everywhere("an attempt whose record is lost and whose states are torn is none", async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 1 });
  await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch: 2 });
  await lose(world, (name) => name === "attempts/000002.parent.cbor");
  const store = world.store();
  await store.remove(["epochs/e000002.a000002.cbor"]);
  await store.put("epochs/e000002.a000002.cbor", new Uint8Array(3), { durability: "none" });
  const { seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
  assertEquals(seen.of("loaded").map(({ epoch }) => epoch), [1]);
});
