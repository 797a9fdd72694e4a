import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { blob, codec, epochs, job, JobError, parallel, task } from "../../../dsl/mod.ts";
import { BlobNotSetError, UnknownNameError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, recorded, turns, untilAborted } from "../helpers.ts";

const x = blob<number>("x");
const list = blob<number[]>("list");

Deno.test("session: options are checked", () => {
  for (const concurrency of [0, -1, NaN, 1.5]) {
    assertThrows(() => new LocalSession({ concurrency }), RangeError, String(concurrency));
  }
  assertThrows(() => new LocalSession({ grace: "soon" as "1s" }));
});

Deno.test("session: feed takes a copy, by token and by name, on its node", async () => {
  await using session = new LocalSession();
  for (const what of [list, "other"] as const) {
    const value = [1];
    await session.feed(what as typeof list, value, { node: "n" });
    value.push(2);
    assertEquals(await session.fetch(what as typeof list, { node: "n" }), [1]);
  }
  await session.feed(x, 1);
  assertInstanceOf(await errorOf(session.fetch(list)), BlobNotSetError);
});

Deno.test("session: fetch of what is not set, and of what nobody knows", async () => {
  await using session = new LocalSession();
  await session.run(task("t", { writes: { x } }).run(() => ({ x: 1 })));
  assertEquals([await session.fetch(x), await session.fetch("x")], [1, 1]);
  assertInstanceOf(await errorOf(session.fetch("xx")), UnknownNameError);
  await session.feed(x, 1, { node: "trainer_0" });
  for (const what of [x, "x"] as const) {
    const error = await errorOf(session.fetch(what as typeof x, { node: "trainer0" }));
    assertInstanceOf(error, UnknownNameError);
    assertEquals(error.message, 'Unknown node "trainer0": the nearest are trainer_0, main');
  }
  await using empty = new LocalSession();
  assertInstanceOf(await errorOf(empty.fetch(x)), BlobNotSetError);
});

Deno.test("session: blobs outlive a run, and initial values come where nothing is set", async () => {
  await using session = new LocalSession();
  const count = blob("count", { initial: () => 10 });
  const add = task("add", { reads: { count }, writes: { count } })
    .run(({ count }) => ({ count: count + 1 }));
  await session.run(add);
  await session.run(add);
  assertEquals(await session.fetch(count), 12);
});

Deno.test("session: what is wrong with a group's order is a JobError", async () => {
  await using session = new LocalSession();
  const one = task("one", { writes: { x } }).run(() => ({ x: 1 }));
  const two = task("two", { writes: { x } }).run(() => ({ x: 2 }));
  assertInstanceOf(await errorOf(session.run(parallel(one, two))), JobError);
});

Deno.test("session: closing it stops what runs, and waits for it", async () => {
  const session = new LocalSession();
  let ended = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const t = task("t").run(async (_, { signal }) => {
    resolve();
    await untilAborted(signal).catch(() => {});
    await turns(3);
    ended = true;
  });
  const running = errorOf(session.run(t));
  await promise;
  await session[Symbol.asyncDispose]();
  assert(ended, "it was closed beside a running task");
  assertEquals((await running).name, "AbortError");
  assertEquals((await errorOf(session.run(t))).name, "AbortError");
});

Deno.test("session: closing it stops a job", async () => {
  const session = new LocalSession();
  const { promise, resolve } = Promise.withResolvers<void>();
  const wait = task("wait").run((_, { signal }) => {
    resolve();
    return untilAborted(signal);
  });
  const waiting = job("waiting", {
    epoch: [wait],
    until: epochs(1),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  const running = errorOf(new JobRunner(waiting).run(session));
  await promise;
  await session[Symbol.asyncDispose]();
  await running;
});

Deno.test("session: two groups may run at once", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const first = Promise.withResolvers<void>();
  const one = session.run(task("one").run(() => first.promise));
  await session.run(task("two").run(() => first.resolve()));
  await one;
  assertEquals(seen.of("task-finished").map((e) => e.task).sort(), ["one", "two"]);
});

Deno.test("session: what it holds is freed when it is closed", async () => {
  const freed: number[] = [];
  const handle = blob("handle", {
    codec: codec({
      encode: (value: { id: number }) => value.id,
      decode: (id: number) => ({ id }),
      dispose: ({ id }) => void freed.push(id),
    }),
  });
  {
    await using session = new LocalSession();
    session.workspace("main").declare(handle);
    session.workspace("main").set("handle", { id: 7 });
    assertEquals(freed, []);
  }
  assertEquals(freed, [7]);
});
