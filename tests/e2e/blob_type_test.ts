/** The type argument of a blob without an initial value, which only the job's text says. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type ProcessResult, runProgram, withFolder } from "./process.ts";

const JOB = `import { blob, epochs, job, main, task } from "tidemark";
const weights = blob<Float64Array>("weights");
const total = blob("total", { initial: () => 0 });
const start = task("start", { writes: { weights } }).run(() => ({ weights: new WEIGHTS(3) }));
const add = task("add", { reads: { total }, updates: { weights }, writes: { total } })
  .run(({ total, weights }, { epoch }) => {
    weights[0] = (weights[0] ?? 0) + epoch;
    return { total: total + 1 };
  });
const typed = job("typed", {
  init: [start], epoch: [add], until: epochs(2), checkpoint: { to: "file:checkpoints" },
});
await main(import.meta, typed);
`;
const ANEW = 'blob "weights" is declared blob<Float32Array>, was blob<Float64Array>: ' +
  "what is saved is a Float64Array";

/** A job file in a folder, and how it is run, with its own text seen or not. */
function fileIn(folder: string) {
  const path = join(folder, "job.ts");
  return {
    write: (text: string) => Deno.writeTextFile(path, text.replace("WEIGHTS", "Float64Array")),
    run: (args: readonly string[], sees: boolean = true): Promise<ProcessResult> => {
      const own = join(folder, "checkpoints");
      const flags = [`--allow-read=${sees ? folder : own}`, `--allow-write=${own}`];
      return runProgram(path, { flags, args });
    },
  };
}

const MORE = JOB.replace("epochs(2)", "epochs(3)");
const OTHER = MORE.replace("blob<Float64Array>", "blob<Float32Array>");
const PLAN = ["plan", "--resume"];

Deno.test("blob type: an edited type argument is told, and is to be allowed once", async () => {
  await withFolder(async (folder) => {
    const file = fileIn(folder);
    await file.write(JOB);
    assertEquals((await file.run([])).code, 0);
    await file.write(OTHER);
    const plan = await file.run(PLAN);
    assertStringIncludes(plan.stdout, `to be allowed  ${ANEW}\n`);
    const refused = await file.run([]);
    assertEquals(refused.code, 78);
    assertStringIncludes(refused.stderr, ANEW);
    const allowed = await file.run(["--allow-change"]);
    assertEquals(allowed.code, 0, allowed.stderr);
    assertStringIncludes(allowed.stdout, ANEW);
    await file.write(OTHER.replace("epochs(3)", "epochs(4)"));
    const { code, stdout } = await file.run([]);
    assertEquals([code, stdout.includes("is declared")], [0, false], stdout);
  });
});

Deno.test("blob type: another layout is none, nor is one that nobody saw then or sees now", async () => {
  await withFolder(async (folder) => {
    const file = fileIn(folder);
    await file.write(JOB);
    assertEquals((await file.run([], false)).code, 0);
    await file.write(OTHER);
    // As of a job that was saved before such types were recorded.
    const unknown = await file.run(PLAN);
    assertEquals(unknown.stdout.includes("is declared"), false, unknown.stdout);
    await file.write(MORE);
    assertEquals((await file.run([])).code, 0);
    await file.write(MORE.replace("<Float64Array>", "<\n  // As it was.\n  Float64Array\n>"));
    const { stdout } = await file.run(PLAN);
    assertStringIncludes(stdout, "nothing that was seen has changed since");
    await file.write(OTHER);
    assertEquals((await file.run(PLAN, false)).stdout.includes("is declared"), false);
  });
});
