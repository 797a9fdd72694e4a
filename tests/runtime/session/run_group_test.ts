import { assert, assertEquals } from "@std/assert";
import {
  blob,
  from,
  gather,
  group,
  parallel,
  previous,
  repeat,
  replicate,
  sequence,
  task,
  when,
} from "../../../dsl/mod.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { meeting, recorded, turns } from "../helpers.ts";

const x = blob<number>("x");
const y = blob<number>("y");
const flag = blob<boolean>("flag");

Deno.test("run_group: tasks that share no blob run at once", async () => {
  await using session = new LocalSession();
  const meet = meeting(3);
  const names = ["a", "b", "c"] as const;
  const tasks = names.map((name) =>
    task(name, { writes: { out: blob<string>(name) } }).run(async () => {
      await meet();
      return { out: name };
    })
  );
  await session.run(group(...tasks));
  for (const name of names) assertEquals(await session.fetch(name), name);
});

Deno.test("run_group: readers of one blob run at once, its next writer waits for both", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const meet = meeting(2);
  const read = (name: string) =>
    task(name, { reads: { x }, writes: { out: blob<number>(name) } }).run(async ({ x }) => {
      await meet();
      return { out: x };
    });
  await session.feed(x, 1);
  await session.run(group(
    read("r1"),
    read("r2"),
    task("write", { writes: { x } }).run(() => ({ x: 2 })),
  ));
  assertEquals([await session.fetch("r1"), await session.fetch("r2")], [1, 1]);
  const order = seen.events.flatMap((e) =>
    e.type === "task-started" || e.type === "task-finished" ? [`${e.type} ${e.task}`] : []
  );
  const write = order.indexOf("task-started write");
  assert(write > order.indexOf("task-finished r1") && write > order.indexOf("task-finished r2"));
});

Deno.test("run_group: write after write and read after write keep list order", async () => {
  await using session = new LocalSession();
  const slow = task("slow", { writes: { x } }).run(async () => {
    await turns(4);
    return { x: 1 };
  });
  const add = task("add", { reads: { x }, writes: { y } }).run(({ x }) => ({ y: x + 10 }));
  const fast = task("fast", { writes: { x } }).run(() => ({ x: 2 }));
  await session.run(group(slow, add, fast));
  assertEquals([await session.fetch(x), await session.fetch(y)], [2, 11]);
});

Deno.test("run_group: at most `concurrency` tasks run at once, and as many as that do", async () => {
  await using session = new LocalSession({ concurrency: 2 });
  const meet = meeting(2);
  let running = 0;
  let most = 0;
  const tasks = Array.from({ length: 6 }, (_, i) =>
    task(`t${i}`).run(async () => {
      most = Math.max(most, ++running);
      if (i < 2) await meet();
      await turns(2);
      running--;
    }));
  await session.run(group(...tasks));
  assertEquals(most, 2);
});

Deno.test("run_group: `after` orders tasks that share nothing", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const first = task("first").run(() => turns(3));
  const second = task("second", { after: [first] }).run(() => {});
  await session.run(group(first, second));
  assertEquals(
    seen.events.flatMap((e) =>
      e.type.startsWith("task-") && "task" in e ? [`${e.type} ${e.task}`] : []
    ),
    ["task-started first", "task-finished first", "task-started second", "task-finished second"],
  );
});

Deno.test("run_group: `if` on a task skips it, and leaves its blobs as they are", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  await session.feed(flag, false);
  await session.feed(x, 1);
  const change = task("change", { writes: { x }, if: when(flag, (on) => on) }).run(() => ({
    x: 2,
  }));
  await session.run(change);
  assertEquals(await session.fetch(x), 1);
  assertEquals(seen.of("task-skipped").map((e) => e.task), ["change"]);
  await session.feed(flag, true);
  await session.run(change);
  assertEquals(await session.fetch(x), 2);
});

Deno.test("run_group: a group's `if` is judged once, before its first task", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  await session.feed(flag, true);
  await session.feed(x, 0);
  const turnOff = task("off", { writes: { flag } }).run(() => ({ flag: false }));
  const add = task("add", { updates: {}, reads: { x }, writes: { x } }).run(({ x }) => ({
    x: x + 1,
  }));
  const gated = group({ if: when(flag, (on) => on) }, turnOff, add);
  await session.run(gated);
  assertEquals([await session.fetch(x), await session.fetch(flag)], [1, false]);
  seen.clear();
  await session.run(gated);
  assertEquals(await session.fetch(x), 1);
  assertEquals(seen.of("task-skipped").map((e) => e.task).sort(), ["add", "off"]);
});

Deno.test("run_group: a gate within a closed gate is not judged", async () => {
  await using session = new LocalSession();
  await session.feed(flag, false);
  let judged = 0;
  const inner = when(flag, () => ++judged > 0);
  await session.run(
    group({ if: when(flag, (on) => on) }, group({ if: inner }, task("t").run(() => {}))),
  );
  assertEquals(judged, 0);
});

Deno.test("run_group: a sequence is a barrier for all tasks of a step", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const quick = task("quick").run(() => {});
  const slow = task("slow").run(() => turns(4));
  const next = task("next").run(() => {});
  await session.run(sequence(parallel(quick, slow), next));
  const order = seen.events.flatMap((e) =>
    e.type === "task-started" || e.type === "task-finished" ? [`${e.type} ${e.task}`] : []
  );
  assertEquals(order.slice(-3), ["task-finished slow", "task-started next", "task-finished next"]);
});

Deno.test("run_group: repeat runs its steps again, with numbers of their own in each turn", async () => {
  const { session, seen } = recorded();
  await using _ = session;
  const drawn = blob<number[]>("drawn");
  await session.feed(drawn, []);
  const draw = task("draw", { updates: { drawn } }).run(({ drawn }, { rng, idempotencyKey }) => {
    drawn.push(rng("n")());
    keys.add(idempotencyKey);
  });
  const keys = new Set<string>();
  await session.run(repeat(3, draw));
  const values = await session.fetch(drawn);
  assertEquals(new Set(values).size, 3);
  assertEquals(keys.size, 3);
  assertEquals(seen.started, ["draw@main#0", "draw@main#1", "draw@main#2"]);
});

Deno.test("run_group: replicas run at once on their nodes and know their index", async () => {
  await using session = new LocalSession();
  const meet = meeting(3);
  const where = blob<string>("where");
  const place = task("place", { writes: { where } }).run(async (_, { node, replica }) => {
    await meet();
    return { where: `${node} ${replica.index}/${replica.count}` };
  });
  await session.run(replicate(["a", "b", "c"], place));
  for (const [i, node] of ["a", "b", "c"].entries()) {
    assertEquals(await session.fetch(where, { node }), `${node} ${i}/3`);
  }
});

Deno.test("run_group: from and gather wait for the other nodes, in order, and give copies", async () => {
  await using session = new LocalSession();
  const list = blob<number[]>("list");
  const make = task("make", { writes: { list } }).run(async (_, { replica: { index } }) => {
    await turns(3 - index);
    return { list: [index] };
  });
  const all = blob<number[][]>("all");
  const collect = task("collect", {
    reads: { parts: gather(["a", "b"], list), one: from("b", list) },
    writes: { all },
  }).run(({ parts, one }) => {
    const values = [...parts, one].map((part) => [...part]);
    (one as number[]).push(99);
    for (const part of parts) (part as number[]).push(99);
    return { all: values };
  });
  await session.run(group(replicate(["a", "b"], make), collect));
  assertEquals(await session.fetch(all), [[0], [1], [1]]);
  assertEquals(await session.fetch(list, { node: "a" }), [0]);
  assertEquals(await session.fetch(list, { node: "b" }), [1]);
});

Deno.test("run_group: previous is the value from before the group, also of what is updated in place", async () => {
  await using session = new LocalSession();
  const list = blob<number[]>("list");
  const seenBefore = blob<number[]>("seen");
  const push = task("push", { updates: { list } }).run(({ list }) => void list.push(1));
  const look = task("look", { reads: { before: previous(list, []) }, writes: { seen: seenBefore } })
    .run(({ before }) => ({ seen: [...before] }));
  await session.run(group(look));
  assertEquals(await session.fetch(seenBefore), []);
  await session.feed(list, [0]);
  await session.run(sequence(push, look));
  assertEquals(await session.fetch(seenBefore), [0]);
  assertEquals(await session.fetch(list), [0, 1]);
});

Deno.test("run_group: an empty group ends at once", async () => {
  await using session = new LocalSession();
  await session.run(group());
});
