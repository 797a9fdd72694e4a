// Errors that nobody awaits: the last checkpoint is untouched, and what to do next is said.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runProgram, runWell, withFolder } from "./process.ts";

const JOB = (flaw: string) => `
import { blob, epochs, job, main, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(async ({ total }, { epoch }) => {
    if (epoch === 3) {
      ${flaw}
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    return { total: total + epoch };
  });
const tell = task("tell", { reads: { total } }).run(({ total }, { log }) => log("total " + total));
await main(import.meta, job("adder", {
  epoch: [add], exit: [tell], until: epochs(4), checkpoint: { to: "file:checkpoints" },
}));
`;

const FLAWS = {
  "a promise": 'void Promise.reject(new TypeError("nobody awaits me"));',
  "a timer": 'setTimeout(() => { throw new TypeError("nobody awaits me"); });',
};

for (const [where, flaw] of Object.entries(FLAWS)) {
  Deno.test(`cli: an error in ${where} that nobody awaits ends the job, and says how to go on`, async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "job.ts");
      const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
      await Deno.writeTextFile(file, JOB(flaw));
      const { code, stderr } = await runProgram(file, { flags, args: ["--grace", "500ms"] });
      assertEquals(code, 1, stderr);
      assertMatch(
        stderr,
        /^error: An error that nobody awaits was thrown while task "add" in epoch 3 ran, .*: TypeError: nobody awaits me\. Await/m,
      );
      assertStringIncludes(stderr, "job.ts:7:");
      assertMatch(
        stderr,
        /epoch 2 is saved at file:.*; to go on from there:\n {2}deno run … job\.ts\n/,
      );
      assertStringIncludes(await runWell(file, { flags, args: ["verify", "--full"] }), "adder");
      await Deno.writeTextFile(file, JOB("").replace("60_000", "1"));
      const again = await runWell(file, { flags, args: ["resume", "--allow-change"] });
      assertStringIncludes(again, "adder: resumed from epoch 2");
      assertStringIncludes(again, "total 10");
    });
  });
}
