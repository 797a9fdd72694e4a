import { assertEquals, assertThrows } from "@std/assert";
import { countOf, layOut } from "../../dsl/layout.ts";
import {
  blob,
  gather,
  group,
  on,
  param,
  repeat,
  replicate,
  sequence,
  type Step,
  when,
} from "../../dsl/mod.ts";
import { step } from "./check/helpers.ts";

const a = blob<number>("a");
const one = step("one", { reads: [a] });
const two = step("two", { writes: [a] });
const idsOf = (...steps: Step[]) => layOut(steps, {}).steps.map((step) => step.id);

Deno.test("steps are placed in list order, on their nodes, in their turns", () => {
  assertEquals(idsOf(one, group(two)), ["one@main", "two@main"]);
  assertEquals(idsOf(on("x", one, two), one), ["one@x", "two@x", "one@main"]);
  assertEquals(idsOf(replicate(["x", "y"], one, two)), ["one@x", "two@x", "one@y", "two@y"]);
  assertEquals(idsOf(repeat(2, one, repeat(2, two))), [
    ...["one@main#0", "two@main#0.0", "two@main#0.1"],
    ...["one@main#1", "two@main#1.0", "two@main#1.1"],
  ]);
  assertEquals(idsOf(replicate(["x", "y"], on("z", one))), ["one@z", "one@z"]);
  assertEquals(idsOf(repeat(0, one), group(), sequence()), []);
});

Deno.test("a task knows its replica, and the innermost one counts", () => {
  const replicas = (...steps: Step[]) => layOut(steps, {}).steps.map((step) => step.replica);
  assertEquals(replicas(one, on("x", one)), [{ index: 0, count: 1 }, { index: 0, count: 1 }]);
  assertEquals(replicas(replicate(["x", "y"], one)), [{ index: 0, count: 2 }, {
    index: 1,
    count: 2,
  }]);
  assertEquals(replicas(replicate(["x", "y", "z"], on("w", two)))[2], { index: 2, count: 3 });
  assertEquals(replicas(replicate(["x", "y"], replicate(["z"], one)))[1], { index: 0, count: 1 });
});

Deno.test("a gate stands before its group, once for each node and turn, and inner ones wait", () => {
  const gate = when(a, () => true);
  const { steps } = layOut(
    [replicate(["x", "y"], group({ if: gate }, group({ if: gate }, one)))],
    {},
  );
  assertEquals(steps.map(({ kind, node, gates }) => [kind, node, gates]), [
    ["gate", "x", []],
    ["gate", "x", [0]],
    ["task", "x", [0, 1]],
    ["gate", "y", []],
    ["gate", "y", [3]],
    ["task", "y", [3, 4]],
  ]);
  assertEquals(steps[0]?.reads, [{ node: "x", blob: a, how: "now" }]);
  assertEquals(new Set(steps.map((step) => step.id)).size, steps.length);
});

Deno.test("what a step reads and writes is known by node", () => {
  const all = step("all", { reads: [gather(["x", "y"], a)], writes: [a], if: when(a, () => true) });
  const [placed] = layOut([on("z", all)], {}).steps;
  assertEquals(placed?.reads, [
    { node: "x", blob: a, how: "elsewhere" },
    { node: "y", blob: a, how: "elsewhere" },
    { node: "z", blob: a, how: "now" },
  ]);
  assertEquals(placed?.writes, [{ node: "z", blob: a, how: "now" }]);
});

Deno.test("counts come from params, by name", () => {
  const times = param("constructor", 2);
  assertEquals(countOf(3, {}), 3);
  assertEquals(countOf(times, {}), 2);
  assertEquals(countOf(times, { constructor: 4 }), 4);
  assertEquals(layOut([repeat(times, one)], { constructor: 3 }).steps.length, 3);
});

Deno.test("a count that is none, or too many steps or groups, is an error", () => {
  assertThrows(() => layOut([repeat(-1, one)], {}), RangeError, "Cannot repeat -1 times");
  assertThrows(() => layOut([repeat(NaN, one)], {}), RangeError, "Cannot repeat NaN times");
  assertThrows(() => layOut([repeat(1e9, one)], {}), RangeError, "more than 100000 steps");
  assertThrows(() => layOut([repeat(1e9)], {}), RangeError, "more than 200000 groups");
  assertEquals(layOut([repeat(100_000, one)], {}).steps.length, 100_000);
});
