import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { tokensOf } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import { layOut } from "../../dsl/layout.ts";
import {
  all,
  blob,
  codec,
  cursor,
  drained,
  epochs,
  from,
  gather,
  group,
  job,
  keepBest,
  on,
  optional,
  param,
  plateau,
  prefix,
  previous,
  repeat,
  resource,
  saved,
  task,
  when,
} from "../../dsl/mod.ts";

const loss = blob<number>("loss");

Deno.test("tokens and tasks of every kind are renamed, wherever they stand", () => {
  const rate = param("rate", 0.1, { min: 0, max: 1 });
  const path = param("path", "a", { choices: ["a", "b"] });
  const rows = resource("rows", {
    reads: { path },
    open: () => [1],
    close: () => {},
    stamp: () => 1,
  });
  const next = cursor("next", { over: rows, take: rate });
  const parts = prefix("p", {
    rate,
    rows,
    next,
    views: {
      previous: previous(loss, 0),
      optional: optional(loss),
      from: from("worker", loss),
      gather: gather(["worker"], loss),
      saved: saved(loss, { max: loss }),
    },
    list: [[loss, { deep: loss }]] as const,
  });
  assertEquals([parts.rate.name, parts.rows.name, parts.next.name], ["p.rate", "p.rows", "p.next"]);
  assertEquals([parts.rate.min, parts.rate.max, parts.rate.default], [0, 1, 0.1]);
  assertEquals(parts.rows.reads["path"]?.name, "p.path");
  assertStrictEquals(parts.rows.open, rows.open);
  assertStrictEquals(parts.next.take, parts.rate);
  assertStrictEquals(parts.next.over, parts.rows);
  const [[one, { deep }]] = parts.list;
  assertEquals(one.name, "p.loss");
  assertStrictEquals(deep, one);
  for (const view of Object.values(parts.views)) assertStrictEquals(view.blob, one);
  assertStrictEquals(metricOf(parts.views.saved.by).blob, one);
  assertEquals([parts.views.from.node, parts.views.gather.nodes], ["worker", ["worker"]]);
  assertEquals(loss.name, "loss");
});

Deno.test("one token in two places stands for one copy, in tasks and groups too", () => {
  const times = param("times", 2);
  const first = task("first", { writes: { loss } }).run(() => ({ loss: 1 }));
  const second = task("second", {
    reads: { before: previous(loss), all: [loss, loss] },
    after: [first],
    if: when({ loss, times }, () => true),
    retry: { attempts: 2 },
  }).run(() => {});
  const made = prefix("p", {
    loss,
    first,
    steps: group({ if: when(loss, () => true) }, repeat(times, first), on("node", second)),
    until: all(
      drained(cursor("next", { over: blob<number[]>("rows"), take: times })),
      epochs(times),
    ),
    stop: plateau({ min: loss }, { epochs: 2 }),
    keep: keepBest({ min: loss }),
  });
  const [repeated, placed] = made.steps.steps;
  assert(repeated?.kind === "group" && placed?.kind === "group");
  assertStrictEquals(repeated.steps[0], made.first);
  assertEquals(typeof repeated.times === "object" && repeated.times.name, "p.times");
  const [copy] = placed.steps;
  assert(copy?.kind === "task");
  assertEquals([copy.name, placed.nodes, copy.declaration.retry], [
    "p.second",
    ["node"],
    { attempts: 2 },
  ]);
  assertStrictEquals(copy.declaration.after[0], made.first);
  assertStrictEquals(copy.body, second.body);
  const [before, ...rest] = tokensOf(copy.declaration.reads);
  assert(before?.kind === "previous");
  assertStrictEquals(before.blob, made.loss);
  assertEquals(rest, [made.loss, made.loss]);
  assertStrictEquals(made.steps.if?.reads, made.loss);
  assert("min" in made.stop.by);
  assertStrictEquals(made.stop.by.min, made.loss);
  assert(made.keep.keep === "best");
  assertStrictEquals(metricOf(made.keep.by).blob, made.loss);
  const [end, epoch] = made.until.conditions;
  assert(end?.of === "drained" && epoch?.of === "epochs");
  assertEquals(end.cursor.name, "p.next");
  assertStrictEquals(epoch.count, repeated.times);
  assertEquals(layOut([made.steps], {}).steps.map(({ id }) => id), [
    "if@main-0",
    "p.first@main#0",
    "p.first@main#1",
    "p.second@node",
  ]);
});

Deno.test("prefixes nest, and shared tokens and tasks stay as they are", () => {
  const start = task("start", { writes: { loss } }).run(() => ({ loss: 1 }));
  const rate = param("rate", 1);
  const template = () => ({
    loss,
    start,
    view: previous(loss),
    step: task("step", { reads: { loss, rate }, after: [start] }).run(() => {}),
  });
  const outer = prefix("outer", { left: prefix("left", template()), right: template() });
  assertEquals(outer.left.loss.name, "outer.left.loss");
  assertEquals(outer.left.step.name, "outer.left.step");
  assertEquals(outer.right.loss.name, "outer.loss");
  assertNotStrictEquals(outer.left.loss, outer.right.loss);
  const made = prefix("p", template(), { shared: [loss, start] });
  assertStrictEquals(made.loss, loss);
  assertStrictEquals(made.start, start);
  assertStrictEquals(made.step.declaration.after[0], start);
  assertEquals(
    tokensOf(made.step.declaration.reads).map((token) => "name" in token && token.name),
    [
      "loss",
      "p.rate",
    ],
  );
});

Deno.test("a task without run is renamed by what run gives", () => {
  const made = prefix("p", { loss, draft: task("draft", { writes: { loss } }) });
  const step = made.draft.run(() => ({ loss: 1 }));
  assertEquals([made.draft.name, step.name], ["p.draft", "p.draft"]);
  assertEquals(step.declaration.writes["loss"], made.loss);
  assert(Object.isFrozen(step));
});

Deno.test("the user's own values stay the same objects", () => {
  const fallback = { kind: "blob", name: "mine" };
  const thing = blob<{ kind: string; name: string }>("thing");
  const counter = codec({ encode: (value: Date) => value.getTime(), decode: (at) => new Date(at) });
  const initial = () => 0;
  const own = {
    sizes: [784, 10],
    names: new Map([["a", loss]]),
    when: new Date(0),
    nothing: null,
    cyclic: {} as Record<string, unknown>,
    finished: job("finished", {
      epoch: [],
      until: epochs(1),
      checkpoint: { to: "memory:x" },
    }),
  };
  own.cyclic["self"] = own.cyclic;
  const made = prefix("p", {
    own,
    view: previous(thing, fallback),
    dated: blob("dated", { codec: counter }),
    count: blob("count", { initial }),
  });
  assertStrictEquals(made.own, own);
  assertStrictEquals(made.view.fallback, fallback);
  assertEquals(made.view.blob.name, "p.thing");
  assertStrictEquals(made.dated.codec, counter);
  assertStrictEquals(made.count.initial, initial);
});

Deno.test("keys of a task's own that tokens have too are no part of a token", () => {
  const [kind, fallback, coded] = [
    blob<number>("kind"),
    blob<number>("fallback"),
    blob<number>("c"),
  ];
  const made = prefix("p", task("one", { reads: { kind, fallback, codec: coded } }).run(() => {}));
  const names = tokensOf(made.declaration.reads).map((token) => "name" in token && token.name);
  assertEquals(names, ["p.kind", "p.fallback", "p.c"]);
});

Deno.test("copies are frozen where what they were copied from is", () => {
  const made = prefix("p", { list: [loss], view: gather(["a"], loss) });
  assert(!Object.isFrozen(made) && !Object.isFrozen(made.list));
  assert(Object.isFrozen(made.view) && Object.isFrozen(made.list[0]));
});

Deno.test("two copies of a template stand in one job", () => {
  function counter() {
    const items = blob("items", { initial: () => [1, 2, 3] });
    const next = cursor("next", { over: items, take: 1 });
    const count = blob("count", { initial: () => 0 });
    const add = task("add", { reads: { next, count }, writes: { count } })
      .run(({ next, count }) => ({ count: count + next.items.length }));
    return { next, count, add };
  }
  const [left, right] = [prefix("left", counter()), prefix("right", counter())];
  const made = job("two", {
    epoch: [left.add, right.add],
    until: [drained(left.next), when(right.count, (count) => count > 9)],
    checkpoint: { to: "memory:x", keep: [keepBest({ max: left.count })] },
  });
  assertEquals(made.name, "two");
});
