import { assertEquals } from "@std/assert";
import { layOut } from "../../dsl/layout.ts";
import {
  blob,
  from,
  gather,
  group,
  on,
  optional,
  parallel,
  previous,
  repeat,
  replicate,
  saved,
  sequence,
  type Step,
  task,
  when,
} from "../../dsl/mod.ts";
import { step } from "./check/helpers.ts";

const a = blob<number>("a");
const b = blob<number>("b");
const list = blob<number[]>("list");
const read = step("read", { reads: [a] });
const write = step("write", { writes: [a] });
const MEND = "put them in list order with group(…) or sequence(…), or give each a blob of its own";

/** Each step's name with the names of those it waits for. */
function orderOf(...steps: Step[]): readonly string[] {
  const placed = layOut(steps, {}).steps;
  const nameOf = (index: number) => placed[index]?.id.replace("@main", "");
  return placed.map((step) =>
    `${nameOf(step.index)}: ${step.dependsOn.map(nameOf).join(", ")}`.trim()
  );
}

function conflictsOf(...steps: Step[]): readonly string[] {
  return layOut([parallel(...steps)], {}).problems.map(({ code, message, mend }) => {
    assertEquals([code, mend], ["parallel-conflict", MEND]);
    return message;
  });
}

Deno.test("conflicts keep list order, and all else is free", () => {
  assertEquals(
    orderOf(write, read, step("again", { reads: [a] }), step("other", { writes: [b] })),
    [
      "write:",
      "read: write",
      "again: write",
      "other:",
    ],
  );
  assertEquals(orderOf(read, write, step("later", { writes: [a] })), [
    "read:",
    "write: read",
    "later: write",
  ]);
});

Deno.test("an update both reads and writes, and a task does not wait for itself", () => {
  const update = (name: string) => task(name, { updates: { list } }).run(() => {});
  assertEquals(orderOf(update("one"), update("two"), step("sum", { reads: [list] })), [
    "one:",
    "two: one",
    "sum: two",
  ]);
});

Deno.test("what is read from before the group, or from a save, keeps no order", () => {
  const before = step("before", { reads: [previous(a), saved(a, { max: b })] });
  assertEquals(orderOf(write, before, step("later", { writes: [a] })), [
    "write:",
    "before:",
    "later: write",
  ]);
});

Deno.test("other ways to read keep order, on the node that they read", () => {
  const work = step("work", { writes: [a] });
  assertEquals(
    orderOf(
      replicate(["x", "y"], work),
      on(
        "z",
        step("one", { reads: [from("x", a)] }),
        step("all", { reads: [gather(["x", "y"], a)] }),
      ),
      step("mine", { reads: [optional(a)] }),
    ),
    ["work@x:", "work@y:", "one@z: work@x", "all@z: work@x, work@y", "mine:"],
  );
});

Deno.test("a sequence waits for all before it, and a group's if for what it reads", () => {
  assertEquals(
    orderOf(sequence(group(step("one"), step("two")), sequence(), step("three"), step("four"))),
    ["one:", "two:", "then-2: one, two", "three: then-2", "four: three"],
  );
  assertEquals(orderOf(write, group({ if: when(a, () => true) }, step("one")), step("two")), [
    "write:",
    "if-1: write",
    "one: if-1",
    "two:",
  ]);
});

Deno.test("conflicts in parallel are errors, with the names", () => {
  const says = (one: string, other: string, node = "main", blob = "a") =>
    `${one} and ${other} stand in parallel, but both use blob "${blob}" of node "${node}" and at ` +
    "least one changes it";
  assertEquals(conflictsOf(read, write), [says('"read"', '"write"')]);
  assertEquals(conflictsOf(write, read), [says('"write"', '"read"')]);
  assertEquals(conflictsOf(write, step("other", { writes: [a] })), [says('"write"', '"other"')]);
  assertEquals(conflictsOf(sequence(step("free"), group(write)), step("both", { reads: [b, a] })), [
    says('"write"', '"both"'),
  ]);
  assertEquals(conflictsOf(write, group({ if: when(a, () => true) }, step("free"))), [
    says('"write"', "a group's if"),
  ]);
  assertEquals(conflictsOf(on("x", write), step("theirs", { reads: [from("x", a)] })), [
    says('"write"', '"theirs"', "x"),
  ]);
  assertEquals(
    conflictsOf(read, step("both", { reads: [b], writes: [a] }), step("b", { writes: [b] })),
    [
      says('"read"', '"both"'),
      says('"both"', '"b"', "main", "b"),
    ],
  );
});

Deno.test("a conflict that many nodes or turns repeat is told once", () => {
  const both = parallel(read, write);
  assertEquals(layOut([replicate(["x", "y", "z"], repeat(3, both))], {}).problems.length, 1);
});

Deno.test("in parallel may stand what shares nothing that changes", () => {
  assertEquals(conflictsOf(read, step("again", { reads: [a] }), step("b", { writes: [b] })), []);
  assertEquals(conflictsOf(step("old", { reads: [previous(a)] }), write), []);
  assertEquals(conflictsOf(on("x", write), on("y", read)), []);
  assertEquals(conflictsOf(group(write, read), step("free")), []);
  assertEquals(layOut([group(parallel(write), parallel(read))], {}).problems, []);
});
