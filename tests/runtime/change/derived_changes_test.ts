/** How edits of what derives blobs are judged: their digests decide. */
import { assertEquals } from "@std/assert";
import { blob, epochs, type Job, job, type JobOptions, resource, task } from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { started } from "./edited_job.ts";

const images = blob<number[]>("images", { derived: true });
const saved = blob<number[]>("images");
const total = blob("total", { initial: () => 0 });
const data = resource("data", { open: () => [1, 2] });
const read = task("read", { reads: { data }, writes: { images } }).run(({ data }) => ({
  images: data,
}));
const add = task("add", { reads: { images, total }, writes: { total } })
  .run(({ images, total }) => ({ total: total + images.length }));

function jobOf(changes: Partial<JobOptions> = {}): Job {
  const base = {
    init: [read],
    epoch: [add],
    until: epochs(2),
    checkpoint: { to: "memory:unused" },
  };
  return job("derived-edits", { ...base, ...changes });
}

async function changed(now: Job, before: Job = jobOf()): Promise<string[]> {
  const { changes } = await new JobRunner(now, { to: await started(before) }).changesSince();
  return changes.map(({ what, why, verdict }) => `${verdict}: ${what}: ${why}`);
}

Deno.test("nothing has changed", async () => assertEquals(await changed(jobOf()), []));

Deno.test("an edit of a task that derives is harmless, and said", async () => {
  const edited = task("read", { reads: { data }, writes: { images } })
    .run(({ data }) => ({ images: [...data] }));
  assertEquals(await changed(jobOf({ init: [edited] })), [
    'harmless: the code of task "read" was edited: it runs again, and what it derives must have the ' +
    "digest that was saved",
  ]);
});

Deno.test("so is one of a resource that nothing else uses", async () => {
  const other = resource("data", { open: () => [1, 1 + 1] });
  const again = (data: typeof other) =>
    task("read", { reads: { data }, writes: { images } }).run(({ data }) => ({ images: data }));
  const used = task("use", { reads: { data } }).run(() => {});
  const usedOther = task("use", { reads: { data: other } }).run(() => {});
  assertEquals(await changed(jobOf({ init: [again(other)] })), [
    'harmless: the code of resource "data" was edited: who uses it runs again, and what that derives must ' +
    "have the digest that was saved",
  ]);
  const before = jobOf({ epoch: [add, used] });
  assertEquals(await changed(jobOf({ init: [again(other)], epoch: [add, usedOther] }), before), [
    'to be allowed: the code of resource "data" was edited: later epochs may come out otherwise than they ' +
    "would have",
  ]);
});

Deno.test("a blob becomes derived, or is so no longer", async () => {
  const same = task("read", { reads: { data }, writes: { images: saved } })
    .run(({ data }) => ({ images: data }));
  const added = task("add", { reads: { images: saved, total }, writes: { total } })
    .run(({ images, total }) => ({ total: total + images.length }));
  const plain = jobOf({ init: [same], epoch: [added] });
  assertEquals(await changed(jobOf(), plain), [
    'harmless: blob "images" is no longer saved: it is derived: made again, it must be what was saved',
  ]);
  assertEquals(await changed(plain), [
    'harmless: blob "images" is saved: it was derived',
    'impossible: blob "images" of node "main" is not in the checkpoint: task "add" reads it before ' +
    "anything writes it",
  ]);
});

Deno.test("a task that derives something new runs", async () => {
  const more = blob<number>("more", { derived: true });
  const make = task("make", { writes: { more } }).run(() => ({ more: 1 }));
  assertEquals(await changed(jobOf({ init: [read, make] })), [
    'harmless: task "make" of init is new: it runs, and what it derives is compared from then on',
  ]);
});
