import { assertEquals } from "@std/assert";
import { layOut } from "../../dsl/layout.ts";
import {
  type AnyTask,
  blob,
  group,
  on,
  parallel,
  repeat,
  replicate,
  sequence,
  type Step,
  task,
} from "../../dsl/mod.ts";
import { step } from "./check/helpers.ts";

const first = step("first");
const after = step("after", { after: [first] });

function waitsOf(id: string, ...steps: Step[]): readonly string[] {
  const placed = layOut(steps, {}).steps;
  const found = placed.find((one) => one.id === id);
  return (found?.dependsOn ?? []).map((index) => placed[index]?.id ?? "");
}

function problemsOf(...steps: Step[]): readonly string[] {
  return layOut(steps, {}).problems.map(({ code, message, mend }) =>
    `${code}: ${message}: ${mend}`
  );
}

Deno.test("a task waits for those in its after, wherever they are listed", () => {
  assertEquals(waitsOf("after@main", first, after), ["first@main"]);
  assertEquals(waitsOf("after@main", after, first), ["first@main"]);
  assertEquals(waitsOf("after@main", parallel(group(after), sequence(first))), ["first@main"]);
});

Deno.test("of several copies those of its own node and turn are meant", () => {
  const nodes = ["x", "y"];
  assertEquals(waitsOf("after@y", replicate(nodes, first), replicate(nodes, after)), ["first@y"]);
  assertEquals(waitsOf("after@main", replicate(nodes, first), after), ["first@x", "first@y"]);
  assertEquals(waitsOf("after@main", on("x", first), after), ["first@x"]);
  assertEquals(waitsOf("after@main#1", repeat(3, first, after)), ["first@main#1"]);
  assertEquals(waitsOf("after@main#1.0", repeat(2, first, repeat(2, after))), ["first@main#1"]);
  assertEquals(
    waitsOf("after@main#1", repeat(2, first), repeat(3, after)),
    ["first@main#0", "first@main#1"],
  );
  assertEquals(waitsOf("after@y#1", repeat(2, replicate(nodes, first), on("y", after))), [
    "first@y#1",
  ]);
});

Deno.test("a task to wait for that is not there", () => {
  assertEquals(problemsOf(after), [
    'unknown-after: task "after" is to run after task "first", which is not in the same group: ' +
    'list "first" in the same group, or take it out of "after"',
  ]);
  assertEquals(problemsOf(repeat(3, replicate(["x", "y"], after))).length, 1);
  const own: AnyTask[] = [];
  const self = { ...task("self").run(() => {}), declaration: { ...after.declaration, after: own } };
  own.push(self);
  assertEquals(problemsOf(self), [
    'unknown-after: task "self" is to run after task "self", which is itself: take it out of ' +
    '"after"',
  ]);
});

Deno.test("a cycle is printed as a path", () => {
  const says = (path: string) =>
    `cycle: tasks wait for each other: ${path}: take one "after" of these out, or list the ` +
    "tasks in the order they are to run";
  const shared = blob<number>("shared");
  const last = step("last", { reads: [shared] });
  const early = step("early", { writes: [shared], after: [last] });
  assertEquals(problemsOf(early, last), [says("early@main → last@main → early@main")]);
  assertEquals(problemsOf(last, early), []);

  const middle = step("middle", { reads: [shared] });
  const third = step("third", { after: [middle] });
  const write = step("write", { writes: [shared], after: [third] });
  assertEquals(problemsOf(step("free"), write, middle, third), [
    says("write@main → middle@main → third@main → write@main"),
  ]);
});

Deno.test("a cycle through a sequence names its tasks alone", () => {
  assertEquals(problemsOf(sequence(group(step("one"), after), step("two"), first)), [
    "cycle: tasks wait for each other: after@main → two@main → first@main → after@main: take one " +
    '"after" of these out, or list the tasks in the order they are to run',
  ]);
});
