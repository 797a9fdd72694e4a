// Starts that die while they read the state that they start from, as where memory runs out.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type ProcessResult, runProgram, withFolder } from "./process.ts";

const JOB = `
import { blob, codec, epochs, job, main, param, task } from "tidemark";
const deadly = codec<{ n: number }, number>({
  encode: ({ n }) => n,
  decode: (n) => {
    if (Deno.args.includes("dies=loading")) Deno.kill(Deno.pid, "SIGKILL");
    return { n };
  },
});
const total = blob("total", { codec: deadly, initial: () => ({ n: 0 }) });
const dies = param("dies", "not", { choices: ["not", "loading", "running"] });
const add = task("add", { reads: { dies, total }, writes: { total } })
  .run(({ dies, total }, { epoch }) => {
    if (dies === "running") Deno.kill(Deno.pid, "SIGKILL");
    return { total: { n: total.n + epoch } };
  });
const show = task("show", { reads: { total } }).run(({ total }, { log }) => log("total " + total.n));
await main(import.meta, job("adder", {
  epoch: [add], exit: [show], until: epochs(2), checkpoint: { to: "file:checkpoints" },
}));
`;

/** Runs a job that has saved two epochs, and has a third before it. */
async function withJob(
  test: (start: (...args: string[]) => Promise<ProcessResult>) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const file = join(folder, "job.ts");
    await Deno.writeTextFile(file, JOB);
    const saved = join(folder, "checkpoints");
    const flags = [`--allow-read=${saved}`, `--allow-write=${saved}`];
    const start = (...args: string[]): Promise<ProcessResult> => runProgram(file, { flags, args });
    assertEquals((await start()).code, 0);
    await Deno.writeTextFile(file, JOB.replace("epochs(2)", "epochs(3)"));
    await test(start);
  });
}

/** Starts it to die. */
async function die(start: Promise<ProcessResult>): Promise<string> {
  const { isKilled, stdout, stderr } = await start;
  assert(isKilled, stderr);
  return `${stdout}${stderr}`;
}

const LOADING = ["--param", "dies=loading"];
const RUNNING = ["--param", "dies=running"];

Deno.test("cli: the third start in a row that dies while it reads a state says so before it does", () =>
  withJob(async (start) => {
    const said: string[] = [];
    for (let death = 0; death < 4; death++) said.push(await die(start(...LOADING)));
    assertEquals(said.map((text) => text.includes("in a row")), [false, false, true, true]);
    const [, , third = "", fourth = ""] = said;
    assertStringIncludes(
      third,
      "3 starts in a row, this one among them, began to read epoch 2, and those before it died " +
        "while they did (begun 20",
    );
    assertStringIncludes(third, "resume --from and an older epoch");
    assertStringIncludes(fourth, "4 starts in a row");
    // It is told at the start that lives, and of no start behind that.
    const { code, stdout, stderr } = await start("--param", "dies=not");
    assertEquals(code, 0);
    assertStringIncludes(`${stdout}${stderr}`, "5 starts in a row");
    assertStringIncludes(stdout, "total 6");
    const again = await start();
    assertEquals(`${again.stdout}${again.stderr}`.includes("in a row"), false);
  }));

Deno.test("cli: a start that died behind its reading, or while it read another state, is none of the row", () =>
  withJob(async (start) => {
    await die(start(...LOADING));
    await die(start(...LOADING));
    const other = await die(start("resume", "--from", "1", ...LOADING));
    assertEquals(other.includes("in a row"), false);
    for (let death = 0; death < 2; death++) await die(start(...RUNNING));
    const said = await die(start(...RUNNING));
    assertStringIncludes(said, "3 starts in a row, this one among them, began at epoch 2");
    assertEquals(said.includes("began to read"), false);
    assertEquals((await die(start(...LOADING))).includes("began to read"), false);
  }));
