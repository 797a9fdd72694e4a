import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, job, param, task } from "../../../dsl/mod.ts";
import { COMMANDS } from "../../../runtime/cli/arguments.ts";
import { EXIT } from "../../../runtime/cli/exit.ts";
import { helpText, paramLines } from "../../../runtime/cli/help.ts";
import { compile } from "../../../runtime/program.ts";

const rate = param("learning-rate", 0.1, { min: 0, max: 1 });
const size = param("size", 10, { integer: true, min: 1 });
const mode = param("mode", "fast", { choices: ["fast", "exact"] });
const deep = param("deep", false);
const name = param("name", "");
const total = blob<number>("total");
const add = task("add", { reads: { rate, size, mode, deep, name }, writes: { total } })
  .run(() => ({ total: 1 }));
const sum = job("sum", { epoch: [add], until: epochs(3), checkpoint: { to: "file:x" } });

Deno.test("help: commands, flags, exit codes and the job's own params are told", () => {
  const text = helpText(compile(sum), "sum.ts");
  assertStringIncludes(text, "Usage: deno run … sum.ts [command] [flags]");
  for (const command of COMMANDS) assert(new RegExp(`^  ${command} `, "m").test(text), command);
  for (const code of Object.values(EXIT)) assert(new RegExp(`^  ${code} `, "m").test(text));
  assertStringIncludes(text, "  --param learning-rate=0.1  number, at least 0, at most 1, ");
  assert(text.split("\n").every((line) => line.length <= 100));
});

Deno.test("help: a param with its type, default and bounds, and the value it has now", () => {
  assertEquals(paramLines([rate, size, mode, deep, name], { size: 20 }), [
    "  --param learning-rate=0.1  number, at least 0, at most 1, 0.1 by default",
    "  --param size=20            whole number, at least 1, 10 by default",
    "  --param mode=fast          fast | exact, fast by default",
    "  --param deep=false         boolean, false by default",
    '  --param name=              string, "" by default',
  ]);
  const odd = param("constructor", 1);
  assertEquals(paramLines([odd]), ["  --param constructor=1  number, 1 by default"]);
});

Deno.test("help: a job without params says so", () => {
  const none = task("none", { writes: { total } }).run(() => ({ total: 1 }));
  const bare = job("bare", { epoch: [none], until: epochs(1), checkpoint: { to: "file:x" } });
  assertStringIncludes(helpText(compile(bare), "bare.ts"), "Params\n  (none)\n");
});
