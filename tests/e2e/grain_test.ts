// Real processes, killed within an epoch: what had ended is not done again.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { signalAt } from "./adder_folder.ts";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const JOB = `
import { blob, epochs, job, main, task } from "tidemark";
const kills = Deno.readTextFileSync("calls.txt").startsWith("kills");
const paid = blob("paid", { initial: () => [] as number[] });
const sum = blob("sum", { initial: () => 0 });
const note = (what: string) => Deno.writeTextFileSync("calls.txt", what + "\\n", { append: true });
const first = task("first", { reads: { sum }, writes: { sum } }).run(({ sum }, { epoch }) => {
  note("first " + epoch);
  return { sum: sum + epoch };
});
const pay = task("pay", { reads: { sum }, writes: { paid } }).run(async ({ sum }, { map, step, epoch, log }) => {
  const rate = await step("rate", ({ rng }) => { note("rate " + epoch); return rng("r")(); });
  const paid = await map("call", [1, 2, 3, 4, 5, 6], async (n, { key, signal }) => {
    if (kills && epoch === 2 && n > 4) { log("waits"); await new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))); }
    note("call " + key + " " + epoch);
    return n * rate + sum;
  }, { key: (n) => String(n), concurrency: 2 });
  return { paid };
});
const last = task("last", { reads: { paid }, writes: { sum } }).run(({ paid }, { epoch }) => {
  note("last " + epoch);
  return { sum: paid.reduce((a, b) => a + b, 0) };
});
await main(import.meta, job("payer", {
  epoch: [first, pay, last], until: epochs(3), checkpoint: { to: "file:checkpoints", grain: "task" },
}));
`;

function spawn(cwd: string, args: readonly string[]): Deno.ChildProcess {
  const own = ["checkpoints", "calls.txt"].map((name) => join(cwd, name)).join(",");
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--config", CONFIG, `--allow-read=${own}`, `--allow-write=${own}`],
      ...[join(cwd, "job.ts"), ...args],
    ],
    ...{ cwd, env: { NO_COLOR: "1" }, stdout: "piped", stderr: "piped" },
  }).spawn();
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(join(folder, "job.ts"), JOB);
    await Deno.writeTextFile(join(folder, "calls.txt"), "");
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function end(child: Deno.ChildProcess): Promise<string> {
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text;
}

async function callsOf(folder: string): Promise<string[]> {
  return (await Deno.readTextFile(join(folder, "calls.txt"))).trimEnd().split("\n");
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(`grain task: after a ${signal} within an epoch only what was under way is done again`, async () => {
    const whole = await inFolder(async (folder) => {
      await end(spawn(folder, []));
      return await callsOf(folder);
    });
    await inFolder(async (folder) => {
      const calls = join(folder, "calls.txt");
      await Deno.writeTextFile(calls, "kills\n");
      const { out } = await signalAt(spawn(folder, []), "waits", signal);
      const kept =
        "what 1 task and 5 pieces did since the last saved epoch is kept too, and is not done again";
      assertEquals(out.includes(kept), signal === "SIGTERM", out);
      const before = (await callsOf(folder)).slice(1);
      assertEquals(before.includes("call 4 2"), true);
      await Deno.writeTextFile(calls, `${before.join("\n")}\n`);
      const plan = await end(spawn(folder, ["plan", "--resume"]));
      assertStringIncludes(plan, "first: epoch 2\n  reuse  first@main  it has finished\n");
      assertStringIncludes(plan, "  run    pay@main    it is not recorded as finished\n");
      assertStringIncludes(plan, "  run    last@main   pay@main, for which it waits, runs again\n");
      assertStringIncludes(plan, "  with the results of 5 pieces and steps that had ended\n");
      const text = await end(spawn(folder, []));
      assertStringIncludes(
        text,
        "epoch 2 goes on where it ended: 1 task had finished then, and does not run again; " +
          "of unfinished tasks 5 pieces had finished, and what is asked for again as it was does not run again",
      );
      const after = await callsOf(folder);
      assertEquals(after.toSorted(), whole.toSorted());
    });
  });
}
