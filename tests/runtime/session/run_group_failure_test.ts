import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, group, on, task, when } from "../../../dsl/mod.ts";
import { TaskError, UnresponsiveTaskError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, meeting, recorded, turns, untilAborted } from "../helpers.ts";

const x = blob<number>("x");

Deno.test("run_group: a condition that throws says where, and keeps its cause", async () => {
  await using session = new LocalSession();
  await session.feed(x, 1);
  const cause = new Error("no such luck");
  const bad = when(x, () => {
    throw cause;
  });
  const byTask = await errorOf(session.run(task("t", { if: bad }).run(() => {})));
  assertInstanceOf(byTask, TaskError);
  assertEquals([byTask.site.task, byTask.cause], ["t", cause]);
  const byGroup = await errorOf(session.run(group({ if: bad }, task("t").run(() => {}))));
  assertInstanceOf(byGroup, TaskError);
  assertEquals(byGroup.cause, cause);
});

Deno.test("run_group: scratch is there within its group, and gone after it, also after a failure", async () => {
  await using session = new LocalSession();
  const scratch = blob<number>("scratch", { scratch: true });
  const made = task("made", { writes: { scratch } }).run(() => ({ scratch: 3 }));
  const use = task("use", { reads: { scratch }, writes: { x } }).run(({ scratch }) => ({
    x: scratch,
  }));
  await session.run(group(made, use));
  assertEquals(await session.fetch(x), 3);
  assertEquals((await errorOf(session.fetch(scratch))).name, "BlobNotSetError");
  const fail = task("fail", { reads: { scratch } }).run(() => {
    throw new Error("no");
  });
  await errorOf(session.run(group(made, fail)));
  assertEquals((await errorOf(session.fetch(scratch))).name, "BlobNotSetError");
});

Deno.test("run_group: one failing task cancels its siblings, waits for them, and starts no others", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  let cleaned = false;
  const cause = new Error("broken");
  const sibling = task("sibling").run(async (_, { signal }) => {
    await untilAborted(signal).catch(() => {});
    await turns(3);
    cleaned = true;
  });
  const fails = task("fails", { writes: { x } }).run(async () => {
    await turns(2);
    throw cause;
  });
  const later = task("later", { reads: { x } }).run(() => {});
  const error = await errorOf(session.run(group(sibling, fails, later)));
  assertInstanceOf(error, TaskError);
  assertEquals(error.cause, cause);
  assert(cleaned, "run settled before the sibling had ended");
  assertEquals(seen.started.includes("later@main"), false);
});

Deno.test("run_group: nothing of a failed task is set", async () => {
  await using session = new LocalSession();
  const list = blob<string[]>("writes");
  const a = task("a", { writes: { x, list } }).run(
    // @ts-expect-error a wrong output, as only plain JavaScript can give
    () => ({ x: 1 }),
  );
  await errorOf(session.run(a));
  assertEquals((await errorOf(session.fetch(x))).name, "BlobNotSetError");
});

Deno.test("run_group: a sibling that goes on past the grace period is what the run says", async () => {
  await using session = new LocalSession({ grace: "5ms" });
  const release = Promise.withResolvers<void>();
  const deaf = task("deaf").run(() => release.promise);
  const cause = new Error("broken");
  const fails = task("fails").run(() => {
    throw cause;
  });
  const error = await errorOf(session.run(group(deaf, fails)));
  assertInstanceOf(error.cause, UnresponsiveTaskError);
  assertStringIncludes(error.message, '"deaf"');
  const again = await errorOf(session.run(task("more").run(() => {})));
  assertInstanceOf(again, UnresponsiveTaskError);
  release.resolve();
});

Deno.test("run_group: a signal reaches every running task, and the run ends with its reason", async () => {
  await using session = new LocalSession();
  const meet = meeting(4);
  const stop = new AbortController();
  const heard: unknown[] = [];
  const tasks = ["a", "b", "c"].map((name) =>
    task(name).run(async (_, { signal }) => {
      meet();
      await untilAborted(signal).catch((reason) => void heard.push(reason));
      throw new Error("a consequence");
    })
  );
  const running = session.run(on("n", ...tasks), { signal: stop.signal });
  const all = meet();
  await all;
  const reason = new Error("enough");
  stop.abort(reason);
  assertEquals(await errorOf(running), reason);
  assertEquals(heard, [reason, reason, reason]);
});

Deno.test("run_group: an aborted signal starts nothing", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const reason = new Error("before");
  const error = await errorOf(
    session.run(task("t").run(() => {}), { signal: AbortSignal.abort(reason) }),
  );
  assertEquals(error, reason);
  assertEquals(seen.started, []);
});

Deno.test("run_group: a task that ends well after its signal was aborted does not count", async () => {
  await using session = new LocalSession();
  const stop = new AbortController();
  const reason = new Error("enough");
  const stubborn = task("stubborn", { writes: { x } }).run(async () => {
    stop.abort(reason);
    await turns(2);
    return { x: 1 };
  });
  assertEquals(await errorOf(session.run(stubborn, { signal: stop.signal })), reason);
  assertEquals((await errorOf(session.fetch(x))).name, "BlobNotSetError");
});
