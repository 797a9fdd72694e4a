import { assert, assertEquals } from "@std/assert";
import { blob, gather, group, optional, param, task, when } from "../../dsl/mod.ts";

Deno.test("a task and all in its declaration is frozen, lists too", () => {
  const [a, b] = [blob<number>("a"), blob<number>("b")];
  const list = [a];
  const made = task("made", { reads: { list, a: optional(a) }, writes: { b } }).run(() => ({
    b: 1,
  }));
  list.push(b);
  const { reads, updates, writes, after } = made.declaration;
  assertEquals(reads["list"], [a]);
  for (const part of [made, made.declaration, reads, updates, writes, after, reads["list"]]) {
    assert(Object.isFrozen(part));
  }
});

Deno.test("tokens are frozen, and keep no list that can change", () => {
  const nodes = ["x"];
  const all = gather(nodes, blob<number>("a"));
  nodes.push("y");
  assertEquals(all.nodes, ["x"]);
  const reads = { nodes: blob<number>("b") };
  const often = when(reads, () => true);
  reads.nodes = blob<number>("c");
  assertEquals(often.reads, { nodes: blob<number>("b") });
  const steps = [task("one").run(() => {})];
  const made = group(...steps);
  steps.push(task("two").run(() => {}));
  assertEquals(made.steps.length, 1);
  assert([all, all.nodes, often.reads, made, made.steps, param("p", 1)].every(Object.isFrozen));
});

Deno.test("a group's first argument is a step or its options", () => {
  const one = task("one").run(() => {});
  const often = when(param("p", 1), () => true);
  assertEquals([group().steps, group(one).steps, group({ if: often }, one).steps], [[], [one], [
    one,
  ]]);
  assertEquals([group(one).if, group({ if: often }, one).if], [undefined, often]);
});
