import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, from, gather, job, type Step, task } from "../../../dsl/mod.ts";
import { AliasedUpdateError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf } from "../helpers.ts";

const list = blob("list", { initial: () => Float64Array.of(1, 2, 3) });
const view = blob<Float64Array>("view", { scratch: true });
const seen = blob<number[]>("seen");

function jobOf(...epoch: Step[]) {
  return job("shared", {
    epoch,
    until: epochs(1),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
}

const change = task("change", { updates: { view } }).run(({ view }) => void (view[0] = 9));

Deno.test("a scratch blob that is the object of another blob cannot be updated", async () => {
  for (const how of [(all: Float64Array) => all, (all: Float64Array) => all.subarray(0, 1)]) {
    const show = task("show", { reads: { list }, writes: { view } })
      .run(({ list }) => ({ view: how(list) }));
    await using session = new LocalSession();
    const error = await errorOf(new JobRunner(jobOf(show, change)).run(session));
    assertInstanceOf(error.cause, AliasedUpdateError);
    for (const part of ['"change"', '"view"', '"list"', "structuredClone"]) {
      assertStringIncludes(error.message, part);
    }
    assertEquals(await session.fetch(list), Float64Array.of(1, 2, 3));
  }
});

Deno.test("it may be read; and parts of one buffer that do not overlap may be updated", async () => {
  const all = new Float64Array(4);
  const rest = blob<Float64Array>("rest", { scratch: true });
  const split = task("split", { writes: { view, rest } })
    .run(() => ({ view: all.subarray(0, 2), rest: all.subarray(2) }));
  await using session = new LocalSession();
  assertEquals(await new JobRunner(jobOf(split, change)).run(session), 1);
  const show = task("show", { reads: { list }, writes: { view } }).run(({ list }) => ({
    view: list,
  }));
  const look = task("look", { reads: { view }, writes: { seen } }).run(({ view }) => ({
    seen: [...view],
  }));
  assertEquals(await new JobRunner(jobOf(show, look)).run(session), 1);
});

Deno.test("under check reads, memory of another blob within a blob that is updated is found", async () => {
  type Holder = { v: Float64Array };
  const holder = blob<Holder>("holder", { scratch: true });
  const other = blob<Holder[]>("other", { scratch: true });
  const show = (how: (list: Float64Array) => Float64Array) =>
    task("show", { reads: { list }, writes: { holder, other } })
      .run(({ list }) => ({ holder: { v: how(list) }, other: [] }));
  const alter = task("alter", { updates: { holder } }).run(({ holder }) => void (holder.v[0] = 9));
  const jobOf = (how: (list: Float64Array) => Float64Array, last: Step) =>
    job("within", {
      epoch: [show(how), last],
      until: epochs(1),
      checkpoint: { to: `memory:${crypto.randomUUID()}`, check: "reads" },
    });
  for (const how of [(list: Float64Array) => list, (list: Float64Array) => list.subarray(1)]) {
    await using session = new LocalSession();
    const error = await errorOf(new JobRunner(jobOf(how, alter)).run(session));
    assertInstanceOf(error.cause, AliasedUpdateError);
    for (const part of ['"alter"', '"holder"', "holder.v", "list"]) {
      assertStringIncludes(error.message, part);
    }
    assertEquals(await session.fetch(list), Float64Array.of(1, 2, 3));
  }
  // A copy may be changed, and so may what another blob holds, where the task updates both.
  await using session = new LocalSession();
  assertEquals(await new JobRunner(jobOf((list) => list.slice(), alter)).run(session), 1);
  const both = task("both", { updates: { holder, list } }).run(({ holder }) => {
    holder.v[0] = 9;
  });
  assertEquals(await new JobRunner(jobOf((list) => list, both)).run(session), 1);
  assertEquals(await session.fetch(list), Float64Array.of(9, 2, 3));
});

Deno.test("from and gather of the own node keep what they read, though the task changes it", async () => {
  const both = task("both", {
    reads: { one: from("main", list), all: gather(["main"], list) },
    updates: { list },
    writes: { seen },
  }).run(({ one, all, list }) => {
    list[0] = 9;
    return { seen: [...one, ...all.flatMap((each) => [...each])] };
  });
  await using session = new LocalSession();
  await new JobRunner(jobOf(both)).run(session);
  assertEquals(await session.fetch(seen), [1, 2, 3, 1, 2, 3]);
  assertEquals(await session.fetch(list), Float64Array.of(9, 2, 3));
});
