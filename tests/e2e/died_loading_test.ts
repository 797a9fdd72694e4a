// Starts that die while they read the state that they start from, as where memory runs out.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type ProcessResult, runProgram } from "./process.ts";

const JOB = `
import { blob, codec, epochs, job, main, task } from "tidemark";
const deadly = codec<{ n: number }, number>({
  encode: ({ n }) => n,
  decode: (n) => {
    if (Deno.args.includes("--grace")) Deno.kill(Deno.pid, "SIGKILL");
    return { n };
  },
});
const total = blob("total", { codec: deadly, initial: () => ({ n: 0 }) });
const add = task("add", { reads: { total }, writes: { total } })
  .run(({ total }, { epoch }) => ({ total: { n: total.n + epoch } }));
const show = task("show", { reads: { total } }).run(({ total }, { log }) => log("total " + total.n));
await main(import.meta, job("adder", {
  epoch: [add], exit: [show], until: epochs(2), checkpoint: { to: "file:checkpoints" },
}));
`;

Deno.test("cli: the third start in a row that dies while it reads a state says so before it does", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const file = join(folder, "job.ts");
    await Deno.writeTextFile(file, JOB);
    const saved = join(folder, "checkpoints");
    const flags = [`--allow-read=${saved}`, `--allow-write=${saved}`];
    const start = (...args: string[]): Promise<ProcessResult> => runProgram(file, { flags, args });
    assertEquals((await start()).code, 0);
    await Deno.writeTextFile(file, JOB.replace("epochs(2)", "epochs(3)"));
    const said: string[] = [];
    for (let death = 0; death < 4; death++) {
      const { isKilled, stdout, stderr } = await start("--grace", "9s");
      assert(isKilled);
      said.push(`${stdout}${stderr}`);
    }
    assertEquals(said.map((text) => text.includes("in a row")), [false, false, true, true]);
    const [, , third = "", fourth = ""] = said;
    assertStringIncludes(
      third,
      "3 starts in a row, this one among them, began to read epoch 2, and those before it ended " +
        "while they did, without a word (begun 20",
    );
    assertStringIncludes(third, "resume --from and an older epoch");
    assertStringIncludes(fourth, "4 starts in a row");
    // It is told at the start that lives, and of no start behind that.
    const { code, stdout, stderr } = await start();
    assertEquals(code, 0);
    assertStringIncludes(`${stdout}${stderr}`, "5 starts in a row");
    assertStringIncludes(stdout, "total 6");
    const again = await start();
    assertEquals(`${again.stdout}${again.stderr}`.includes("in a row"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
