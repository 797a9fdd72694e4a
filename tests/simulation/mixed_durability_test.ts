// What is saved under "power" on top of what had to outlive less.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  blob,
  epochs,
  job,
  JobRunner,
  type JobRunnerOptions,
  LocalSession,
  MultiNodeCheckpointManager,
  task,
} from "../../mod.ts";
import {
  CheckpointStore,
  type Durability,
  FencedError,
  FileStore,
  type ManifestRef,
  RemovedError,
  type SavedPhase,
  verifyStore,
} from "../../storage/mod.ts";
import { encodeRemoval } from "../../storage/job_record.ts";
import { newRemovalName } from "../../storage/layout.ts";
import { randomFrom } from "../crash/trials.ts";
import { begin, noise, overriding, save, START, value } from "../storage/sample.ts";
import { Disk } from "./disk.ts";
import { ROOT } from "./runner.ts";
import { statesAfter } from "./states.ts";

const STATES = () => ({ most: 400, random: randomFrom(1) });

async function open(disk: Disk<unknown>, durability: Durability): Promise<CheckpointStore> {
  const store = new FileStore(ROOT, { fileSystem: disk.process() });
  return await CheckpointStore.open(store, { job: "job", durability });
}

/** Checks that in all states that a power cut may leave these can be restored, and lie on the line. */
async function checkStates(disk: Disk<unknown>, refs: readonly ManifestRef[]): Promise<void> {
  const { images } = statesAfter(disk.now, STATES());
  assert(images.length > 0);
  for (const image of images) {
    const store = await open(new Disk<unknown>(image), "power");
    const { line } = await store.history();
    for (const { epoch, attempt, phase } of refs) {
      assert(
        line.some((ref) => ref.epoch === epoch && ref.attempt === attempt && ref.phase === phase),
      );
      const manifest = await store.readManifest({ epoch, attempt, phase });
      const blobs = await store.readBlobs(manifest, () => true);
      assertEquals((blobs.get("main")?.get("a") as Uint8Array).length, 9000);
    }
  }
}

/** Checks that in all states that a power cut may leave nothing is damaged. */
async function checkWhole(disk: Disk<unknown>): Promise<void> {
  for (const image of statesAfter(disk.now, STATES()).images) {
    const { damaged } = await verifyStore(await open(new Disk<unknown>(image), "power"));
    assertEquals(damaged, []);
  }
}

for (const durability of ["none", "process", "power"] as const) {
  Deno.test(`an epoch saved under "power" on top of one under "${durability}" is there`, async () => {
    const disk = new Disk<unknown>();
    const first = await begin(await open(disk, durability));
    const zero = await save(first, 0, { main: { a: value(noise(9000)) } });
    const second = await begin(await open(disk, "power"), zero);
    const carry = zero.nodes["main"]?.["a"];
    assert(carry !== undefined);
    await checkStates(disk, [await save(second, 1, { main: { a: { carry } } })]);
  });

  Deno.test(`so are a phase on top of one under "${durability}", and the epochs before`, async () => {
    const disk = new Disk<unknown>();
    const first = await begin(await open(disk, "power"));
    const zero = await save(first, 0, { main: { a: value(noise(9000)) } });
    const second = await begin(await open(disk, durability), zero);
    const one = await save(second, 1, { main: { a: value(noise(9000, 2)) } });
    const carry = one.nodes["main"]?.["a"];
    assert(carry !== undefined);
    const download = await save(second, 1, { main: { a: { carry } } }, { phase: "download" });
    const third = await begin(await open(disk, "power"), download);
    const exit = await save(third, 1, { main: { a: { carry } } }, { phase: "exit" });
    await checkStates(disk, [zero, one, exit]);
  });

  Deno.test(`so is a pinned epoch under "${durability}"`, async () => {
    const disk = new Disk<unknown>();
    const first = await begin(await open(disk, durability));
    await save(first, 0, { main: { a: value(noise(9000)) } });
    const one = await save(first, 1, { main: { a: value(noise(9000, 2)) } });
    await (await open(disk, "power")).pin(one);
    await checkStates(disk, [one]);
  });

  Deno.test(`so are the records of attempts that ran nothing under "${durability}"`, async () => {
    const disk = new Disk<unknown>();
    await begin(await open(disk, durability));
    await begin(await open(disk, durability));
    const saved = await save(await begin(await open(disk, durability)), 0, {
      main: { a: value(noise(9000)) },
    });
    await (await open(disk, "power")).pin(saved);
    await checkStates(disk, [saved]);
    await checkWhole(disk);
    const next = await begin(await open(disk, "power"), saved);
    const carry = saved.nodes["main"]?.["a"];
    assert(carry !== undefined);
    await checkStates(disk, [saved, await save(next, 1, { main: { a: { carry } } })]);
    await checkWhole(disk);
  });

  Deno.test(`so is a line that was under "power", and then under "${durability}"`, async () => {
    const disk = new Disk<unknown>();
    const saved: ManifestRef[] = [];
    for (const asked of ["power", "power", durability, durability, "power"] as const) {
      // What another line has left lies between.
      await begin(await open(disk, durability));
      const attempt = await begin(await open(disk, asked), saved.at(-1));
      saved.push(await save(attempt, saved.length, { main: { a: value(noise(9000)) } }));
    }
    await checkStates(disk, saved.filter(({ epoch }) => epoch !== 2));
  });

  Deno.test(`so is one on top of what was saved aside under "${durability}", by one that was late`, async () => {
    const disk = new Disk<unknown>();
    const blobs = { main: { a: value(noise(9000)) } };
    const zero = await save(await begin(await open(disk, "power")), 0, blobs);
    const late = await (await open(disk, durability)).begin(START);
    await begin(await open(disk, "power"), zero);
    await late.recordParent(zero);
    await assertRejects(() => save(late, 1, blobs), FencedError);
    const aside: ManifestRef = { epoch: 1, attempt: late.number, phase: "epoch" };
    const two = await save(await begin(await open(disk, "power"), aside), 2, blobs);
    await checkStates(disk, [zero, aside, two]);
    await checkWhole(disk);
  });

  Deno.test(`so is one where a runner under "${durability}" made the job's record meanwhile`, async () => {
    const disk = new Disk<unknown>();
    const other = await open(disk, durability);
    const own = await open(disk, "power");
    await begin(other);
    await checkStates(disk, [await save(await begin(own), 0, { main: { a: value(noise(9000)) } })]);
  });

  Deno.test(`the record of an attempt under "${durability}" that came between is whole`, async () => {
    const disk = new Disk<unknown>();
    await begin(await open(disk, "power"));
    const files = new FileStore(ROOT, { fileSystem: disk.process() });
    let isBetween = true;
    const racing = overriding(files, {
      list: async (prefix, options) => {
        const names = await files.list(prefix, options);
        if (prefix === "attempts/" && isBetween) {
          isBetween = false;
          await begin(await open(disk, durability));
        }
        return names;
      },
    });
    const own = await CheckpointStore.open(racing, { job: "job", durability: "power" });
    const attempt = await begin(own);
    assertEquals(attempt.number, 3);
    const saved = await save(attempt, 0, { main: { a: value(noise(9000)) } });
    await checkStates(disk, [saved]);
    await checkWhole(disk);
  });
}

Deno.test("a removal that spares a pinned epoch does not come back with a power cut", async () => {
  const disk = new Disk<unknown>();
  const first = await begin(await open(disk, "power"));
  const zero = await save(first, 0, { main: { a: value(noise(9000)) } });
  const one = await save(first, 1, { main: { a: value(noise(9000, 2)) } });
  // It was killed before it looked for pins, and the system writes all by itself.
  const files = new FileStore(ROOT, { fileSystem: disk.process() });
  await files.put(newRemovalName(1), encodeRemoval(1, [zero]), { durability: "process" });
  await assertRejects(async () => await (await open(disk, "power")).pin(zero), RemovedError);
  disk.settle();
  const store = await open(disk, "power");
  const next = await store.begin(START);
  const { removals } = await store.history();
  await next.recordParent(one, { removals });
  const two = await save(next, 2, { main: { a: value(noise(9000, 3)) } });
  await next.sweep();
  await (await open(disk, "power")).pin(zero);
  await checkStates(disk, [zero, one, two]);
});

Deno.test("a run that finds nothing to do tells of an epoch that is there to stay", async () => {
  const disk = new Disk<unknown>();
  const count = blob<number>("count");
  const add = task("add", { writes: { count } }).run((_, { epoch }) => ({ count: epoch }));
  const run = async (durability: Durability, more: JobRunnerOptions) => {
    const store = new FileStore(ROOT, { fileSystem: disk.process() });
    const checkpoints = new MultiNodeCheckpointManager(ROOT, "file", { store, durability });
    const checkpoint = { to: "memory:unused" };
    const made = job("job", { epoch: [add], until: epochs(2), checkpoint });
    const runner = new JobRunner(made, { checkpoints, resumeFromEpoch: "auto", ...more });
    await using session = new LocalSession();
    return await runner.run(session);
  };
  const has = async (phase: SavedPhase) => {
    const { images } = statesAfter(disk.now, STATES());
    assert(images.length > 0);
    for (const image of images) {
      const store = await open(new Disk<unknown>(image), "power");
      const newest = (await store.history()).line.at(-1);
      assertEquals(newest?.phase, phase);
      await store.check(await store.readManifest(newest!));
    }
  };
  await run("process", { stopAfterEpoch: 1 });
  assertEquals(await run("power", { stopAfterEpoch: 1 }), 1);
  await has("epoch");
  await run("process", {});
  assertEquals(await run("power", {}), 2);
  await has("exit");
});
