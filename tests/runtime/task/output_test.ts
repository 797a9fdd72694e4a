import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { blob, task } from "../../../dsl/mod.ts";
import { TaskOutputError } from "../../../runtime/errors.ts";
import { Workspace } from "../../../runtime/session/workspace.ts";
import { checkOutput, setOutputs } from "../../../runtime/task/output.ts";

const a = blob<number>("a");
const b = blob<number>("b");
const list = blob<number[]>("list");

Deno.test("output: lists must have the length declared", () => {
  const t = task("t", { writes: { both: [a, b] } }).run(() => ({ both: [1, 2] }));
  assertEquals(checkOutput(t, { both: [1, 2] }), { both: [1, 2] });
  for (const wrong of [[1], 3, [1, 2, 3]]) {
    assertThrows(() => checkOutput(t, { both: wrong }), TaskOutputError, "a list of 2");
  }
});

Deno.test("output: the message says what was declared and what to do", () => {
  const t = task("t", { writes: { a } }).run(() => ({ a: 1 }));
  const { message } = assertThrows(() => checkOutput(t, {}), TaskOutputError);
  for (const part of ["no a", "writes: a", "return an object"]) assertStringIncludes(message, part);
});

Deno.test("output: a task without writes may return nothing, and nothing else", () => {
  const t = task("t").run(() => {});
  assertEquals(checkOutput(t, undefined), {});
  assertThrows(() => checkOutput(t, { a: 1 }), TaskOutputError, "no writes");
});

Deno.test("output: sets writes and returned updates, each element of a list its own blob", () => {
  const t = task("t", { writes: { both: [a, b] }, updates: { list } })
    .run(() => ({ both: [1, 2] as [number, number] }));
  const workspace = new Workspace("n");
  workspace.set("list", [0]);
  setOutputs(t, workspace, { both: [1, 2] });
  assertEquals([...workspace.values], [["list", [0]], ["a", 1], ["b", 2]]);
  setOutputs(t, workspace, { both: [3, 4], list: [7] });
  assertEquals([workspace.get("a"), workspace.get("list")], [3, [7]]);
});

Deno.test("output: `undefined` is a value for a write", () => {
  const maybe = blob<number | undefined>("maybe");
  const t = task("t", { writes: { maybe } }).run(() => ({ maybe: undefined }));
  const workspace = new Workspace("n");
  setOutputs(t, workspace, checkOutput(t, { maybe: undefined }));
  assertEquals(workspace.has("maybe"), true);
});
