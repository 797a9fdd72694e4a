import { assertEquals } from "@std/assert";
import { blob, type Migration, migration } from "../../../dsl/mod.ts";
import { assertProblems, problemsOf, step } from "./helpers.ts";

const to = "file:checkpoints";
const layers = blob<number[]>("layers");
const other = blob<number[]>("other");
const middle = blob<number>("middle");
const epoch = [step("train", { writes: [layers] })];

function makes(name: string, ...writes: (typeof layers)[]): Migration {
  return migration(name, {
    reads: { old: blob<string>("old") },
    writes: { made: writes[0] ?? layers },
  })
    .run(() => ({ made: [] }));
}

Deno.test("a plan's migrations make the job's own blobs, or what a later one reads", () => {
  const first = migration("first", { reads: {}, writes: { middle } }).run(() => ({ middle: 1 }));
  const second = migration("second", { reads: { middle }, writes: { layers } })
    .run(({ middle }) => ({ layers: [middle] }));
  assertProblems({ epoch, checkpoint: { to, migrate: [first, second] } });
  const nothing = (blob: string) =>
    `"${blob}", which is none of the job's saved blobs: write the job's own token, or one that ` +
    "a later migration reads";
  assertProblems(
    { epoch, checkpoint: { to, migrate: [second, first] } },
    `migrates-nothing: migration "first" writes blob ${nothing("middle")}`,
  );
  assertProblems(
    { epoch, checkpoint: { to, migrate: [makes("m", other)] } },
    `migrates-nothing: migration "m" writes blob ${nothing("other")}`,
  );
  assertProblems(
    { epoch, checkpoint: { to, migrate: [makes("m")], blobs: { exclude: [layers] } } },
    `migrates-nothing: migration "m" writes blob ${nothing("layers")}`,
  );
});

Deno.test("names of migrations are safe, and each its own", () => {
  assertEquals(
    problemsOf({ epoch, checkpoint: { to, migrate: [makes("m"), makes("m")] } }),
    [
      'same-name: two migrations have the name "m": give each its own: by its name a job knows ' +
      "which it has gone through",
    ],
  );
  const [problem = ""] = problemsOf({ epoch, checkpoint: { to, migrate: [makes("a/b")] } });
  assertEquals(problem.startsWith('bad-name: migration "a/b" is not a safe name: '), true);
  assertEquals(problemsOf({ epoch, checkpoint: { to, migrate: [makes("none")] } }), [
    'bad-name: migration "none" has a name that means none: give it another: --migrated none says ' +
    "that an epoch has gone through none",
  ]);
});

Deno.test("what is no migration is said", () => {
  const wrong = [{ kind: "migration" }, step("train"), "split"] as unknown as Migration[];
  for (const one of wrong) {
    const [problem = ""] = problemsOf({ epoch, checkpoint: { to, migrate: [one] } });
    assertEquals(problem.split(" has ")[0], "wrong-kind: checkpoint: migrate");
  }
});
