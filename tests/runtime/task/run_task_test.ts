import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, from, on, parallel, task, when } from "../../../dsl/mod.ts";
import { TaskError, TaskOutputError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf, recorded, turns } from "../helpers.ts";

const x = blob<number>("x");
const list = blob<number[]>("list");

Deno.test("errors carry the task, node, epoch, attempt, try and cause", async () => {
  await using session = new LocalSession();
  const cause = new Error("out of ink");
  const t = task("print", { retry: { attempts: 2 } }).run(() => {
    throw cause;
  });
  const error = await errorOf(session.run(on("press", t)));
  assertInstanceOf(error, TaskError);
  assertEquals(error.site, { task: "print", node: "press", epoch: 0, attempt: 0, try: 2 });
  assertEquals(error.cause, cause);
  for (const part of ['"print"', '"press"', "epoch 0", "attempt 0", "try 2", "out of ink"]) {
    assertStringIncludes(error.message, part);
  }
});

Deno.test("errors: what is thrown need not be an Error", async () => {
  await using session = new LocalSession();
  const t = task("t").run(() => {
    throw "just text";
  });
  const error = await errorOf(session.run(t));
  assertEquals(error.cause, "just text");
  assertStringIncludes(error.message, "just text");
});

Deno.test("errors: a blob that is not set names itself and its node, its own or another's", async () => {
  await using session = new LocalSession();
  const own = await errorOf(session.run(on("n", task("t", { reads: { x } }).run(() => {}))));
  assertStringIncludes(own.message, '"x" of node "n"');
  const other = task("t", { reads: { x: from("far", x) } }).run(() => {});
  assertStringIncludes((await errorOf(session.run(other))).message, '"x" of node "far"');
});

Deno.test("errors: an `if` that reads a blob that is not set is the task's error", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const t = task("t", { if: when(x, (x) => x > 0) }).run(() => {});
  const error = await errorOf(session.run(t));
  assertInstanceOf(error, TaskError);
  assertEquals(seen.of("task-failed").map((e) => e.error.name), ["BlobNotSetError"]);
});

Deno.test("errors: each failure is one event, with its causes", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const t = task("t").run(() => {
    throw new Error("outer", { cause: new TypeError("inner") });
  });
  await errorOf(session.run(t));
  assertEquals(seen.of("task-failed").map((e) => e.error), [
    { name: "Error", message: "outer", cause: { name: "TypeError", message: "inner" } },
  ]);
  assertEquals(seen.of("task-finished"), []);
});

Deno.test("outputs: wrong keys fail the task and are named", async () => {
  await using session = new LocalSession();
  const y = blob<number>("y");
  const cases: [() => unknown, string][] = [
    [() => ({ x: 1 }), "no y"],
    [() => ({ x: 1, y: 2, z: 3, w: 4 }), "also z, w"],
    [() => undefined, "undefined"],
    [() => [1, 2], "writes: x, y"],
    [() => null, "null"],
  ];
  for (const [body, part] of cases) {
    const t = task("t", { writes: { x, y } }).run(body as () => { x: number; y: number });
    const error = await errorOf(session.run(t));
    assertInstanceOf(error.cause, TaskOutputError);
    assertStringIncludes(error.cause.message, part);
  }
});

Deno.test("outputs: a returned update replaces the object, one left out keeps it", async () => {
  await using session = new LocalSession();
  await session.feed(list, [1]);
  await session.run(task("keep", { updates: { list } }).run(({ list }) => void list.push(2)));
  assertEquals(await session.fetch(list), [1, 2]);
  await session.run(task("replace", { updates: { list } }).run(() => ({ list: [9] })));
  assertEquals(await session.fetch(list), [9]);
});

Deno.test("cancellation: progress that is never awaited throws synchronously once stopped", async () => {
  await using session = new LocalSession();
  let isBroken = false;
  let steps = 0;
  const fails = task("fails").run(() => {
    isBroken = true;
    throw new Error("broken");
  });
  const loops = task("loops").run(async (_, { progress }) => {
    for (; steps < 1000; steps++) {
      if (steps % 10 === 0) await turns(1);
      progress(steps);
    }
  });
  const error = await errorOf(session.run(parallel(loops, fails)));
  assert(isBroken);
  assertEquals((error as TaskError).site.task, "fails");
  assert(steps < 1000, "progress did not throw");
});

Deno.test("cancellation: nothing runs after run has settled", async () => {
  await using session = new LocalSession();
  let ticks = 0;
  const ticker = task("ticker").run(async (_, { signal }) => {
    while (!signal.aborted) {
      ticks++;
      await turns(1);
    }
  });
  const fails = task("fails").run(async () => {
    await turns(3);
    throw new Error("broken");
  });
  await errorOf(session.run(parallel(ticker, fails)));
  const then = ticks;
  await turns(5);
  assertEquals(ticks, then);
});
