import { assert, assertEquals } from "@std/assert";
import { blob, type Context, group, task } from "../../../dsl/mod.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { recorded, turns } from "../helpers.ts";

Deno.test("context: says where the task runs, and can be taken apart", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  let context: Context | undefined;
  const t = task("t").run((_, given) => {
    context = given;
    const { log, rng } = given;
    log("hello", { n: 1 });
    rng("x")();
  });
  await session.run(t);
  assertEquals([context?.node, context?.epoch, context?.try, context?.replica], [
    "main",
    0,
    1,
    { index: 0, count: 1 },
  ]);
  assertEquals(
    seen.of("log").map(({ task, node, message, fields }) => [task, node, message, fields]),
    [
      ["t", "main", "hello", { n: 1 }],
    ],
  );
});

Deno.test("context: awaited progress lets timers fire", async () => {
  const { session } = recorded();
  await using _ = session;
  let fired = false;
  const t = task("t").run(async (_, { progress }) => {
    setTimeout(() => void (fired = true), 0);
    const end = performance.now() + 500;
    while (!fired && performance.now() < end) await progress(1);
  });
  await session.run(t);
  assert(fired, "progress gave the event loop no turn");
});

Deno.test("context: progress is told again only when 20 ms have gone by", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  // For each time it was told, a time before and one after.
  const told: { readonly before: number; readonly after: number }[] = [];
  const t = task("t").run(async (_, { progress }) => {
    while (told.length < 4) {
      const before = performance.now();
      const done = progress(1);
      if (seen.of("progress").length > told.length) told.push({ before, after: performance.now() });
      await done;
    }
  });
  await session.run(t);
  for (const [index, { after }] of told.slice(1).entries()) {
    const ms = after - (told[index]?.before ?? 0);
    assert(ms >= 20, `told again after ${ms} ms`);
  }
});

Deno.test("context: the last progress is always told", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  await session.run(
    task("t").run(async (_, { progress }) => {
      for (let n = 1; n <= 10; n++) await progress(n, 10);
    }),
  );
  assertEquals(seen.of("progress").at(-1)?.done, 10);
});

Deno.test("context: another task in the group does not shift a task's numbers", async () => {
  const out = blob<number>("out");
  const draw = task("draw", { writes: { out } }).run((_, { rng }) => ({ out: rng("a")() }));
  const other = task("other").run(async (_, { rng }) => {
    rng("a")();
    await turns(1);
  });
  const values = [];
  for (const steps of [[draw], [other, draw], [draw, other]]) {
    await using session = new LocalSession();
    await session.run(group(...steps));
    values.push(await session.fetch(out));
  }
  assertEquals(new Set(values).size, 1);
});
