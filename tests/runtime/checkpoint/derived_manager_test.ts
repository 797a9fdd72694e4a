/** What managers, forks and scripts see of derived blobs. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { blob, epochs, type Job, job, task } from "../../../dsl/mod.ts";
import { MultiNodeCheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { DerivedChangedError, DerivedNotSavedError } from "../../../runtime/derived/errors.ts";
import { BlobNotSetError, SaveError, UnknownNameError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { recorded } from "../helpers.ts";

const images = blob<Float32Array>("images", { derived: true });
const total = blob("total", { initial: () => 0 });
const part = blob<Float32Array>("part");
const read = task("read", { writes: { images } })
  .run((_, { rng }) => ({ images: Float32Array.from({ length: 5000 }, () => rng("x")()) }));
const add = task("add", { reads: { images, total }, writes: { total } })
  .run(({ images, total }, { epoch }) => ({ total: total + (images[epoch] ?? NaN) }));

function jobOf(to: string): Job {
  return job("derives", { init: [read], epoch: [add], until: epochs(4), checkpoint: { to } });
}

/** A job that has finished, and a session with its blobs. */
async function finished() {
  const to = `memory:${crypto.randomUUID()}`;
  const own = recorded();
  const runner = new JobRunner(jobOf(to));
  await runner.run(own.session);
  own.seen.clear();
  return { ...own, to, runner, checkpoints: runner.checkpoints };
}

Deno.test("an epoch that is loaded has nothing that is derived, and says so", async () => {
  const { session, seen, checkpoints } = await finished();
  await using _ = session;
  assertEquals((await session.fetch(images)).length, 5000);
  assertEquals(checkpoints.blobList(), ["total"]);
  await session.run(checkpoints.load(2));
  const error = await assertRejects(() => session.fetch(images), BlobNotSetError);
  assertStringIncludes(error.message, "it is derived, and in no checkpoint: load the epoch");
  assertEquals(seen.of("notice").map(({ message }) => message), [
    "epoch 2 holds digests alone of what is derived, so that it is not set: images; the job " +
    "runner's loadEpoch makes it again",
  ]);
  await session.run(read);
  assertEquals((await session.fetch(images)).length, 5000);
});

Deno.test("so does an epoch that a session without the job has loaded, by the blob's name", async () => {
  const { session: own, checkpoints } = await finished();
  await own[Symbol.asyncDispose]();
  const { session } = recorded();
  await using _ = session;
  await session.run(checkpoints.load(2));
  const error = await assertRejects(() => session.fetch("images"), BlobNotSetError);
  assertStringIncludes(error.message, "it is derived, and in no checkpoint: load the epoch");
  await assertRejects(() => session.fetch("image"), UnknownNameError);
  await session.feed("images", 1);
  assertEquals(await session.fetch("images"), 1);
});

Deno.test("a derived blob of an epoch cannot be loaded, and the error says why", async () => {
  const { session, checkpoints } = await finished();
  await using _ = session;
  const error = await assertRejects(
    () => session.run(checkpoints.loadBlobsFromCheckpoint([total, images], 2)),
    DerivedNotSavedError,
  );
  assertStringIncludes(
    error.message,
    'Blob "images" of epoch 2 is derived: no checkpoint holds it',
  );
  await session.run(checkpoints.loadBlobsFromCheckpoint([total], 2));
});

Deno.test("a runner loads an epoch with what is derived, as a run would have it", async () => {
  const { session, runner, to } = await finished();
  const made = (await session.fetch(images)).slice();
  await session[Symbol.asyncDispose]();
  const own = recorded();
  await using _ = own.session;
  await runner.loadEpoch(2, own.session);
  assertEquals(await own.session.fetch(images), made);
  assertEquals(await own.session.fetch(total), (made[1] ?? NaN) + (made[2] ?? NaN));
  assertEquals(own.seen.of("task-started").map(({ id }) => id), ["read@main"]);
  assertEquals(own.seen.of("derived").map(({ outcome }) => outcome), ["same"]);
  const other = task("read", { writes: { images } })
    .run(() => ({ images: new Float32Array(5000) }));
  const checkpoint = { to };
  const shape = { init: [other], epoch: [add], until: epochs(4), checkpoint };
  const edited = new JobRunner(job("derives", shape));
  const error = await assertRejects(
    () => edited.loadEpoch("latest", own.session),
    DerivedChangedError,
  );
  assertStringIncludes(error.message, 'the code of task "read" was edited');
  // Nothing of it is recorded.
  assertEquals((await runner.changesSince()).changes, []);
  assertEquals(await new JobRunner(jobOf(to), { resumeFromEpoch: "auto" }).run(own.session), 4);
});

Deno.test("a manager without a job saves no derived blob, and keeps what is known of it", async () => {
  const { session, to } = await finished();
  await using _ = session;
  const db = `${to.slice("memory:".length)}/derives`;
  const checkpoints = new MultiNodeCheckpointManager(db, "memory");
  await session.run(checkpoints.load(4));
  await session.feed(images, new Float32Array(3));
  await session.run(checkpoints.init());
  assertEquals(checkpoints.blobList(), ["total"]);
  await session.run(checkpoints.save(5));
  const { nodes, run } = await checkpoints.engine.archive.readEpoch(5);
  assertEquals(Object.keys(nodes["main"] ?? {}), ["total"]);
  assertEquals(run.derived?.["main"]?.["images"]?.length, 64);
});

Deno.test("a fork makes the same again", async () => {
  const { session, runner } = await finished();
  await session[Symbol.asyncDispose]();
  const fork = await runner.fork("other", 2);
  const own = recorded();
  await using _ = own.session;
  assertEquals(await fork.run(own.session), 4);
  assertEquals(own.seen.of("derived").map(({ outcome }) => outcome), ["same"]);
});

Deno.test("an older epoch is gone on with from the same", async () => {
  const { session, to } = await finished();
  const wanted = await session.fetch(total);
  await session[Symbol.asyncDispose]();
  const own = recorded();
  await using _ = own.session;
  await new JobRunner(jobOf(to), { resumeFromEpoch: 1 }).run(own.session);
  assertEquals(await own.session.fetch(total), wanted);
  assertEquals(own.seen.of("derived").map(({ outcome }) => outcome), ["same"]);
});

Deno.test("memory that a saved blob shares with a derived one is refused", async () => {
  const take = task("take", { reads: { images }, writes: { part } })
    .run(({ images }, { epoch }) => ({
      part: epoch < 2 ? new Float32Array(4) : images.subarray(0, 4),
    }));
  const sharing = job("sharing", {
    init: [read],
    epoch: [take],
    until: epochs(2),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  for (const resumeFromEpoch of [undefined, "latest"] as const) {
    const { session } = recorded();
    await using _ = session;
    const options = resumeFromEpoch === undefined ? {} : { resumeFromEpoch };
    const error = await assertRejects(
      () => new JobRunner(sharing, options).run(session),
      SaveError,
    );
    assertStringIncludes(error.message, "it shares memory with images");
    assert(error.message.includes("part"), error.message);
  }
});
