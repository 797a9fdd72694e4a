// What a state has gone through is never forgotten, whoever saves what comes of it.
import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { blob, epochs, type Job, job, type Migration, migration, task } from "../../../dsl/mod.ts";
import { MigrationError } from "../../../runtime/change/errors.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { CheckpointStore, type ManifestRef, openStore } from "../../../storage/mod.ts";
import { at, makeOld } from "./old_states.ts";
import { everywhere, type World } from "./world.ts";

const length = blob("length", { initial: () => 2 });
const convert = migration("convert", { reads: { length }, writes: { length } })
  .run(({ length }) => ({ length: 100 * length }));
const other = migration("other", { reads: { gone: blob<number>("gone") }, writes: { length } })
  .run(({ gone }) => ({ length: gone }));
const use = task("use", { reads: { length } }).run(() => {});

function jobIn(world: World, until: number, migrate: readonly Migration[]): Job {
  return world.job({ init: [], epoch: [use], exit: [], until: epochs(until), plan: { migrate } });
}

everywhere(
  "migrate: one that is taken out of the plan and put back is not applied again",
  async (world) => {
    const plans = [[], [convert], [], [convert], [other], [other, convert]];
    const lengths: unknown[] = [];
    for (const [epoch, migrate] of plans.entries()) {
      const options = epoch === 0 ? {} : { resumeFromEpoch: "latest" } as const;
      const { values } = await world.run(jobIn(world, epoch + 1, migrate), options);
      lengths.push(...world.nodes.map((node) => values[node]?.["length"]));
    }
    assertEquals(new Set(lengths.slice(0, world.nodes.length)), new Set([2]));
    assertEquals(new Set(lengths.slice(world.nodes.length)), new Set([200]));
  },
);

/** Jobs at one place in memory. */
class Place {
  readonly db = crypto.randomUUID();
  readonly to = `memory:${this.db}`;

  async run(
    until: number,
    migrate: readonly Migration[],
    options: JobRunnerOptions = {},
  ): Promise<unknown> {
    await using session = new LocalSession();
    const all = { to: this.to, resumeFromEpoch: "auto", ...options } as const;
    await new JobRunner(this.job(until, migrate), all).run(session);
    return await session.fetch(length);
  }

  job(until: number, migrate: readonly Migration[]): Job {
    const checkpoint = { to: this.to, migrate };
    return job("world", { epoch: [use], until: epochs(until), checkpoint });
  }

  manager(): CheckpointManager {
    return new CheckpointManager(`${this.db}/world`, "memory");
  }

  async migrated(ref: ManifestRef, name = "world"): Promise<unknown> {
    const store = await CheckpointStore.open(openStore(`${this.to}/${name}`));
    return (await store.readManifest(ref)).run.migrated;
  }
}

/** Epoch 1 is saved without the migration, and epoch 2 with it. */
async function migrated(): Promise<Place> {
  const place = new Place();
  assertEquals([await place.run(1, []), await place.run(2, [convert])], [2, 200]);
  return place;
}

for (const isOld of [false, true]) {
  Deno.test(`migrate: what a script loads and saves keeps what it has gone through${isOld ? ", of an old state too" : ""}`, async () => {
    const place = await migrated();
    if (isOld) await makeOld(openStore(`${place.to}/world`), at(1, 1), at(2, 2));
    await using session = new LocalSession();
    const manager = place.manager();
    await session.run(manager.init(["main"], 2));
    await session.run(manager.load(2));
    await session.run(manager.save(3));
    assertEquals(await place.migrated(at(3, 3)), ["convert"]);
    assertEquals(await place.run(4, [convert]), 200);
  });
}

Deno.test("migrate: what a script saves of values of several epochs has gone through what both have, or nobody can tell", async () => {
  const place = await migrated();
  await using session = new LocalSession();
  const manager = place.manager();
  await session.run(manager.init(["main"], 2));
  await session.run(manager.load(2));
  await session.run(manager.loadBlobsFromCheckpoint([length], 2));
  await session.run(manager.save(3));
  assertEquals(await place.migrated(at(3, 3)), ["convert"]);
  await session.run(manager.loadBlobsFromCheckpoint([length], 1));
  await session.run(manager.save(4));
  assertEquals(await place.migrated(at(4, 3)), null);
  await assertRejects(() => place.run(5, [convert]), MigrationError, "Nobody can tell");
  assertEquals(await place.run(5, [convert], { migrated: [] }), 200);
});

Deno.test("migrate: what a script saves of one node has gone through what it has loaded of that one", async () => {
  const place = await migrated();
  await using session = new LocalSession();
  await session.feed(length, 7, { node: "beside" });
  const manager = place.manager();
  await session.run(manager.load(2));
  await session.run(manager.init());
  await session.run(manager.save(3));
  assertEquals(await place.migrated(at(3, 3)), ["convert"]);
  assertEquals(await place.run(4, [convert]), 200);
});

Deno.test("migrate: what a script's loadEpoch has migrated is saved as that", async () => {
  const place = await migrated();
  await using session = new LocalSession();
  const runner = new JobRunner(place.job(2, [convert]), { to: place.to });
  await runner.loadEpoch(1, session);
  assertEquals(await session.fetch(length), 200);
  const manager = runner.checkpoints;
  await session.run(manager.init(["main"]));
  await session.run(manager.save(3));
  assertEquals(await place.migrated(at(3, 3)), ["convert"]);
  assertEquals(await place.run(4, [convert]), 200);
});

Deno.test("migrate: of what a script saves that has loaded nothing nobody can tell", async () => {
  const place = new Place();
  await using session = new LocalSession();
  session.workspace("main").set("length", 2);
  const manager = place.manager();
  await session.run(manager.init(["main"]));
  await session.run(manager.save(0));
  const error = await assertRejects(() => place.run(1, [convert]));
  assertInstanceOf(error, MigrationError);
  assertStringIncludes(error.message, "epoch 0@a1 has gone through");
  // A job without migrations goes on.
  assertEquals(await place.run(1, []), 2);
  assertEquals(await place.run(2, [convert], { migrated: [] }), 200);
  assertEquals(await place.run(3, [convert]), 200);
});

Deno.test("migrate: a fork keeps what its epoch has gone through", async () => {
  const place = await migrated();
  for (const [index, migrate] of [[], [convert]].entries()) {
    const as = `other${index}`;
    await new JobRunner(place.job(2, migrate), { to: place.to }).fork(as);
    assertEquals(await place.migrated(at(2, 1), as), ["convert"]);
    assertEquals(await place.run(3, [convert], { as }), 200);
  }
});

Deno.test("migrate: a job that begins anew has gone through all that its plan has", async () => {
  const place = new Place();
  assertEquals(await place.run(1, [convert]), 2);
  assertEquals(await place.migrated(at(0, 1)), ["convert"]);
  assertEquals(await place.run(2, []), 2);
  assertEquals(await place.run(3, [convert]), 2);
});

Deno.test("migrate: what a phase's state has gone through is not that of its epoch", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  let dies = "fetch";
  const dying = (name: string) =>
    task(name, { reads: { length } }).run(() => {
      if (dies === name) throw new Error("dies");
    });
  const given = (migrate: readonly Migration[]): Job =>
    job("world", {
      ...{ epoch: [use], download: [dying("fetch")], exit: [dying("say")] },
      ...{ until: epochs(1), checkpoint: { to, migrate } },
    });
  const start = async (migrate: readonly Migration[]): Promise<unknown> => {
    await using session = new LocalSession();
    const runner = new JobRunner(given(migrate), { to, resumeFromEpoch: "auto" });
    await runner.run(session).catch(() => {});
    return await session.fetch(length);
  };
  assertEquals(await start([]), 2);
  dies = "say";
  assertEquals(await start([convert]), 200);
  dies = "";
  // The state of "download" is in centimetres, whatever the epoch before it and the plan now say.
  assertEquals(await start([]), 200);
  const store = await CheckpointStore.open(openStore(`${to}/world`));
  const end = (await store.history()).line.at(-1);
  assertEquals(end?.phase, "exit");
  const { run } = await store.readManifest(end ?? at(1, 1));
  assertEquals(run.migrated, ["convert"]);
});

for (const plan of [{}, { load: "lazy" }, { snapshot: "none" }] as const) {
  for (const size of [10, 40_000]) {
    everywhere(
      `migrate: a value of ${size} that is changed where it lies is saved so (${
        JSON.stringify(plan)
      })`,
      async (world) => {
        const w = blob<Float64Array>("w");
        const seen: number[] = [];
        const fill = task("fill", { writes: { w } })
          .run(() => ({ w: new Float64Array(size).fill(2) }));
        const look = task("look", { reads: { w } }).run(({ w }) => void seen.push(w[5]!));
        // It gives back the array that it was given.
        const grow = migration("grow", { reads: { w }, writes: { w } }).run(({ w }) => {
          w.forEach((value, at) => w[at] = 100 * value);
          return { w };
        });
        const run = (until: number, migrate: readonly Migration[]) => {
          const made = { init: [fill], epoch: [look], exit: [], until: epochs(until) };
          const job = world.job({ ...made, plan: { ...plan, migrate } });
          return world.run(job, until === 1 ? {} : { resumeFromEpoch: "latest" });
        };
        await run(1, []);
        for (const until of [2, 3, 4]) await run(until, [grow]);
        const each = world.nodes.length;
        assertEquals([seen.slice(0, each), seen.slice(each)].map((part) => [...new Set(part)]), [
          ...[[2], [200]],
        ]);
      },
    );
  }
}

everywhere(
  "migrate: one that renames is applied again to what the job without it has made anew",
  async (world) => {
    const metres = blob("metres", { initial: () => 2 });
    const cm = blob("cm", { initial: () => 0 });
    const tick = blob("tick", { initial: () => 0 });
    const old = blob<number>("metres");
    const rename = migration("rename", { reads: { old }, writes: { cm } })
      .run(({ old }) => ({ cm: 100 * old }));
    const count = task("count", { writes: { tick } }).run((_, { epoch }) => ({ tick: epoch }));
    const shape = (until: number) => ({ init: [], epoch: [count], until: epochs(until) });
    const older = (until: number) =>
      world.job({ ...shape(until), exit: [task("say", { reads: { metres } }).run(() => {})] });
    const newer = (until: number) => {
      const exit = [task("say", { reads: { cm } }).run(() => {})];
      return world.job({ ...shape(until), exit, plan: { migrate: [rename] } });
    };
    await world.run(older(1));
    const jobs = [[newer(2), 200], [older(3)], [older(4)], [newer(5), 200], [
      newer(6),
      200,
    ]] as const;
    for (const [made, expected] of jobs) {
      const { values } = await world.run(made, { resumeFromEpoch: "latest", allowChange: true });
      if (expected === undefined) continue;
      const found = world.nodes.map((node) => values[node]?.["cm"]);
      assertEquals(new Set(found), new Set([expected]));
    }
  },
);
