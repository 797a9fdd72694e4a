import { assertEquals } from "@std/assert";
import { takeApart, TEXT } from "../../../runtime/change/statements.ts";

const JOB = `
import { blob, epochs, job, main, task } from "tidemark";
import { half, type Kind } from "./half.ts";
import * as tools from "@/tools.ts";
import type { Only } from "./types.ts";
import "./side.ts";

type Two = [number, number];
interface Three { a: 1 }
const RATE = 0.5, STEP = 2;
export const { a, b: [c] } = tools.make(3);
/** Helps. */
export async function helper(x: number): Promise<number> {
  const inner = await import("./late.ts");
  return inner.run(x) * RATE;
}
const total = blob<Map<string, number>>("total", { initial: () => new Map() });
const add = task("add", { updates: { total } })
  .run(async ({ total }) => { total.set("x", await helper(half(1))); });
const made = task("made", {}).run(tools.body(4));
const sum = job("sum", { epoch: [add, made], until: epochs(3), checkpoint: { to: "file:x" } });
for (const x of [1, 2]) tools.add(x);
export default sum;
await main(import.meta, sum);
`;

function labels(text: string): string[] {
  const names = Object.keys(takeApart(text).statements).filter((label) => label !== TEXT);
  return names.map((label) => label.replace(/\([0-9a-f]{8}\)/, "(…)")).sort();
}

/** What statements differ between two texts. */
function edited(one: string, other: string): string[] {
  const [before, now] = [one, other].map((text) => takeApart(text).statements);
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(now ?? {})]);
  return [...names].filter((name) => name !== TEXT && before?.[name] !== now?.[name])
    .map((label) => label.replace(/\([0-9a-f]{8}\)/, "(…)")).sort();
}

Deno.test("a module's statements by what they declare, without types and declarations", () => {
  assertEquals(labels(JOB), [
    "RATE, STEP",
    "a statement (…)",
    "a statement (…)",
    "a, b, c",
    "helper",
    "import of half",
    "import of tools",
    "made",
    "the default export",
  ]);
  assertEquals(takeApart(JOB).imports, [
    ...["tidemark", "./half.ts", "@/tools.ts", "./side.ts", "./late.ts"],
  ]);
});

Deno.test("an edit is told by the statement it is in", () => {
  const edits: Readonly<Record<string, readonly [string, string, ...string[]]>> = {
    "what only the job's description tells": ["epochs(3)", "epochs(4)"],
    "a task's own text": ["half(1)", "half(2)"],
    "a comment": ["/** Helps. */", "// Does not help."],
    "a type": ["[number, number]", "[string]"],
    "one more import of the DSL": ["{ blob, epochs", "{ blob, cursor, epochs"],
    "a constant": ["0.5", "0.25", "RATE, STEP"],
    "a helper": ["(x) * RATE", "(x) * RATE * 2", "helper"],
    "what makes a body": ["tools.body(4)", "tools.body(5)", "made"],
    "a name that another module gives on": [
      "export default sum",
      'export { half } from "./x.ts"; export default sum',
      "import of half",
    ],
    "all names of another module": [
      "export default sum",
      'export * from "./x.ts"; export default sum',
      "a statement (…)",
    ],
    "where an import comes from": ['"./half.ts"', '"./third.ts"', "import of half"],
    "a loop": ["[1, 2]", "[1, 3]", "a statement (…)", "a statement (…)"],
    "a pattern": ["make(3)", "make(4)", "a, b, c"],
  };
  for (const [what, [from, to, ...labels]] of Object.entries(edits)) {
    assertEquals(edited(JOB, JOB.replace(from, to)), labels, what);
  }
});

Deno.test("statements end without semicolons, and a call behind a declaration is not lost", () => {
  const bare = `const a = 1\nfunction f() { return a }\nconst t = task("t").run(() => f())\nf()\n`;
  assertEquals(labels(bare), ["a", "f", "t"]);
  assertEquals(edited(bare, bare.replace("\nf()\n", "\nf(2)\n")), ["t"]);
});

Deno.test("a job that is built by a function is a declaration only where all it gives is described", () => {
  const built = (body: string): string[] =>
    labels(`const w = param("w", 1); const j = job("j", { w }, ${body});`);
  assertEquals(built("({ w }) => ({ epoch: [t], until: epochs(w) })"), []);
  assertEquals(built("({ w }) => { const n = 2 * w; return make(n); }"), ["j"]);
});

Deno.test("a name that hides one of the DSL's is the job's own", () => {
  assertEquals(labels(`function task(n) { return n }\nconst t = task(3);`), ["t", "task"]);
  assertEquals(labels(`import { task } from "./own.ts";\nconst t = task(3);`), [
    ...["import of task", "t"],
  ]);
});

Deno.test("statements of one name count together", () => {
  const over = `function f(a: string): void;\nfunction f(a: number): void;\nfunction f() {}`;
  assertEquals(labels(over), ["f"]);
  assertEquals(edited(over, over.replace("string", "bigint")), ["f"]);
});
