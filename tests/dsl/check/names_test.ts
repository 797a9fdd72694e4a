import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  blob,
  cursor,
  epochs,
  on,
  param,
  prefix,
  repeat,
  replicate,
  resource,
  sequence,
  task,
} from "../../../dsl/mod.ts";
import { nameProblem } from "../../../dsl/check/names.ts";
import { assertProblems, problemsOf, step } from "./helpers.ts";

const RULE = "names have 1 to 100 letters, digits, _, - and ., and start with a letter, digit or _";

Deno.test("names that are safe as file names on every system, and those that are not", () => {
  for (const name of ["a", "worker_0", "trial-1.rate", "9", "_x", "a".repeat(100), "console"]) {
    assertEquals(nameProblem(name), undefined, name);
  }
  for (const name of ["", ".", "..", ".hidden", "-flag", "a b", "a/b", "a\\b", "ä", "a:b", "a\n"]) {
    assertEquals(nameProblem(name), RULE, name);
  }
  for (const name of ["a".repeat(101), "a*", "a?", "a@b", "a#1", "a=1", "a\0", "\u{1F600}"]) {
    assertEquals(nameProblem(name), RULE, name);
  }
  for (const name of ["con", "NUL", "aux.txt", "Com1", "lpt9.a.b", "prn"]) {
    assertEquals(nameProblem(name), "this name is reserved on Windows: choose another", name);
  }
  assertEquals(nameProblem("end."), "names do not end with a dot");
  assertEquals(
    nameProblem("__proto__"),
    "this name has a meaning of its own in JavaScript: choose another",
  );
  assertEquals(nameProblem(undefined as unknown as string), RULE);
});

Deno.test("unsafe names of every kind of thing are all found", () => {
  const rate = param("a rate", 1);
  const rows = resource("nul", { open: () => [1] });
  const next = cursor("next/3", { over: rows, take: 3 });
  const out = blob<number>("out?");
  const found = problemsOf({
    epoch: [on("node 1", step("my task", { reads: [rate, next], writes: [out] }))],
  }, "my/job");
  assertEquals(found, [
    `bad-name: job "my/job" is not a safe name: ${RULE}`,
    `bad-name: node "node 1" is not a safe name: ${RULE}`,
    `bad-name: task "my task" is not a safe name: ${RULE}`,
    `bad-name: blob "out?" is not a safe name: ${RULE}`,
    `bad-name: param "a rate" is not a safe name: ${RULE}`,
    'bad-name: resource "nul" is not a safe name: this name is reserved on Windows: choose another',
    `bad-name: cursor "next/3" is not a safe name: ${RULE}`,
  ]);
});

Deno.test("two things of one name", () => {
  const mend = "rename one of them, or use prefix(…) where both come from one template";
  assertProblems(
    { epoch: [step("same"), step("same")] },
    `duplicate-name: two different tasks are named "same": ${mend}`,
    'duplicate-task: task "same" stands twice in the epoch group on node "main": ' +
      "use one repeat(…) to run it several times, or prefix(…) for a second copy",
  );
  assertProblems(
    {
      init: [step("a", { writes: [blob<2>("x")] })],
      epoch: [step("b", { writes: [blob<1>("x")] })],
    },
    `duplicate-name: two different blobs are named "x": ${mend}`,
  );
  assertProblems(
    { epoch: [step("a", { reads: [param("p", 1), param("p", 2)] })] },
    `duplicate-name: two different params are named "p": ${mend}`,
  );
  assertProblems(
    { epoch: [step("one"), step("ONE")] },
    `duplicate-name: tasks "one" and "ONE" differ only in upper and lower case: ${mend}`,
  );
  assertProblems(
    { epoch: [on("a", step("one")), on("A", step("two"))] },
    'duplicate-name: nodes "a" and "A" differ only in upper and lower case: rename one of them',
  );
});

Deno.test("a task that stands twice in a group", () => {
  const one = step("one");
  const says = (node: string) =>
    `duplicate-task: task "one" stands twice in the epoch group on node "${node}": use ` +
    "one repeat(…) to run it several times, or prefix(…) for a second copy";
  assertProblems({ epoch: [one, step("other"), one, one] }, says("main"));
  assertProblems({ epoch: [sequence(one, on("x", one)), on("x", one)] }, says("x"));
  assertProblems({ epoch: [repeat(2, one), one] }, says("main"));
  assertProblems({ epoch: [repeat(2, one), step("other"), repeat(2, one)] }, says("main"));
  assertProblems({
    epoch: [repeat(2, repeat(3, one)), replicate(["x", "y"], repeat(2, one))],
    exit: [one],
  });
});

Deno.test("one name for things of different kinds, and copies under prefixes", () => {
  const same = blob<number>("same");
  assertProblems({
    epoch: [step("same", { reads: [param("same", 1)], writes: [same] })],
    until: epochs(param("other", 3)),
  });
  const template = () => {
    const count = blob("count", { initial: () => 0 });
    return task("add", { reads: { count }, writes: { count } }).run(({ count }) => ({ count }));
  };
  assertProblems({ epoch: [template(), prefix("left", template()), prefix("right", template())] });
});

Deno.test("blobs and nodes have no names of what plain objects have", () => {
  const own = blob("toString", { initial: () => 0 });
  const tell = task("tell", { reads: { own } }).run(() => {});
  const problems = problemsOf({ epoch: [on("valueOf", tell)] }).join("\n");
  assertStringIncludes(problems, 'node "valueOf" is not a safe name');
  assertStringIncludes(problems, 'blob "toString" is not a safe name');
});
