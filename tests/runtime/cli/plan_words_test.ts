import { assertEquals } from "@std/assert";
import {
  blob,
  type Duration,
  epochs,
  from,
  gather,
  job,
  keepBest,
  keepLast,
  on,
  optional,
  parallel,
  param,
  previous,
  saved,
  sequence,
  type Step,
  task,
} from "../../../dsl/mod.ts";
import {
  describeBlobs,
  describeEvery,
  describeKeep,
  describeToken,
  waitsOf,
} from "../../../runtime/cli/plan_words.ts";
import { compile, type Program } from "../../../runtime/program.ts";

const a = blob<number>("a");
const b = blob<number>("b", { scratch: true });

function compiled(epoch: [Step, ...Step[]], every?: Duration): Program {
  const checkpoint = { to: "file:x", ...every === undefined ? {} : { every } };
  return compile(job("some", { epoch, until: epochs(1), checkpoint }));
}

function writes(name: string) {
  const own = blob<number>(name);
  return task(name, { writes: { own } }).run(() => ({ own: 1 }));
}

Deno.test("plan words: what stands behind a barrier waits for what stands before it", () => {
  const last = writes("last");
  const steps = sequence(
    parallel(writes("one"), writes("two")),
    parallel(writes("three"), writes("four")),
    last,
  );
  const all = compiled([steps]).groups.epoch.steps;
  const waits = all.filter((step) => step.kind === "task")
    .map((step) => [step.task?.name, ...waitsOf(step, all)]);
  assertEquals(waits, [
    ["one"],
    ["two"],
    ["three", "one@main", "two@main"],
    ["four", "one@main", "two@main"],
    ["last", "four@main", "three@main"],
  ]);
});

Deno.test("plan words: tokens as a task reads them", () => {
  const rate = param("rate", 0.1);
  const tokens = [
    ...[a, rate, from("n0", a), gather(["n0", "n1"], a), previous(a), optional(a)],
    saved(a, { max: a }),
  ];
  assertEquals(tokens.map(describeToken), [
    ...["a", "param rate", "n0/a", "a of n0, n1", "a from before the group", "a if set"],
    "saved a",
  ]);
});

Deno.test("plan words: how often is saved, and what is kept", () => {
  assertEquals(describeEvery({ epochs: 1 }), "after each epoch");
  assertEquals(describeEvery({ epochs: 5 }), "every 5 epochs");
  assertEquals(
    describeEvery(compiled([writes("one")], "10m").every),
    "once 10 min 0 s have passed",
  );
  assertEquals([keepLast(2), keepBest({ max: a }, 3)].map(describeKeep), [
    "the last 2",
    "the best 3 by the highest a",
  ]);
});

Deno.test("plan words: what is saved, and what not and why, of one node and of several", () => {
  const both = task("both", { writes: { a, b } }).run(() => ({ a: 1, b: 2 }));
  assertEquals(describeBlobs(compiled([both])), ["saved: a", "not saved: b (scratch)"]);
  const other = task("other", { writes: { b } }).run(() => ({ b: 2 }));
  assertEquals(describeBlobs(compiled([writes("c"), on("n0", other)])), [
    "saved of main: c",
    "saved of n0: nothing",
    "not saved: n0/b (scratch)",
  ]);
});
