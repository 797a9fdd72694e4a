/** A job file that is edited between two runs, in processes of its own. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type ProcessOptions, type ProcessResult, runProgram, withFolder } from "./process.ts";

const STEP = `export const unused = 1;
export function step(total: number, epoch: number): number {
  return total + epoch; // one step
}
`;

const JOB = `import { blob, epochs, job, main, param, task } from "tidemark";
import { step } from "./lib/step.ts";
const scale = param("scale", 1);
const OFFSET = 0;
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { scale, total }, writes: { total } })
  .run(({ scale, total }, { epoch }) => ({ total: step(total, epoch) * scale + OFFSET }));
const adder = job("adder", {
  epoch: [add],
  until: epochs(2),
  checkpoint: { to: "file:checkpoints" },
});
export default adder;
await main(import.meta, adder);
`;

/** A job file in a folder, with a module and a lock file of its own. */
class JobFile {
  private constructor(readonly folder: string) {}

  static async make(folder: string): Promise<JobFile> {
    const made = new JobFile(folder);
    await Deno.mkdir(join(folder, "lib"));
    await made.write("job.ts", JOB);
    await made.write("lib/step.ts", STEP);
    await made.write("deno.lock", `{ "version": "5" }`);
    return made;
  }

  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(join(this.folder, name), text);
  }

  async edit(name: string, from: string, to: string): Promise<void> {
    const text = await Deno.readTextFile(join(this.folder, name));
    assertStringIncludes(text, from);
    await this.write(name, text.replace(from, to));
  }

  /** Runs it; with `sees`, it may read its own modules and lock file. */
  run(
    args: string,
    sees: boolean = true,
    killAt?: ProcessOptions["killAt"],
  ): Promise<ProcessResult> {
    const own = join(this.folder, "checkpoints");
    const flags = [`--allow-read=${sees ? this.folder : own}`, `--allow-write=${own}`];
    const words = args === "" ? [] : args.split(" ");
    return runProgram(join(this.folder, "job.ts"), {
      ...{ flags, args: words },
      ...killAt === undefined ? {} : { killAt },
    });
  }
}

async function withJob(run: (file: JobFile) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const file = await JobFile.make(folder);
    assertEquals((await file.run("")).code, 0);
    await file.edit("job.ts", "epochs(2)", "epochs(4)");
    await run(file);
  });
}

Deno.test("edits that change nothing that is computed are said, and the job goes on", async () => {
  await withJob(async (file) => {
    await file.edit("lib/step.ts", "  return total + epoch; // one step", "  return total+epoch;");
    await file.edit("lib/step.ts", "export const unused = 1;", "export const more = 2;");
    await file.edit("job.ts", "const adder", "// The sum of all.\nconst adder");
    const { code, stdout, stderr } = await file.run("--param scale=3");
    assertEquals([code, stderr], [0, ""]);
    const said = stdout.split("\n").filter((line) => /^changed|^not seen|^param/.test(line));
    assertEquals(said, [
      "param scale 1 → 3, as given now",
      "changed since epoch 2@a1: the job's until: epochs(2) → epochs(4): stop conditions are judged as they are now",
      "changed since epoch 2@a1: more of lib/step.ts is new: what stayed does not use it",
      "changed since epoch 2@a1: unused of lib/step.ts is gone: what stayed does not use it",
    ]);
    assertStringIncludes(stdout, "finished at epoch 4");
  });
});

Deno.test("edits that count are refused together, foretold by plan --resume, and can be allowed", async () => {
  await withJob(async (file) => {
    await file.edit("lib/step.ts", "total + epoch", "total + 2 * epoch");
    await file.edit("job.ts", "const OFFSET = 0", "const OFFSET = 1");
    await file.edit("job.ts", "scale + OFFSET", "scale + OFFSET * 2");
    await file.write("deno.lock", `{ "version": "5", "specifiers": {} }`);
    const expected = [
      'to be allowed: the code of task "add" was edited:',
      "to be allowed: step of lib/step.ts was edited:",
      "to be allowed: OFFSET of the job's file was edited:",
      "to be allowed: deno.lock changed:",
      "harmless: the job's until: epochs(2) → epochs(4):",
    ];
    for (const command of ["", "resume", "resume --from 1", "fork --from 1 --as other"]) {
      const { code, stderr } = await file.run(command);
      assertEquals(code, 78, stderr);
      for (const line of expected) assertStringIncludes(stderr, line);
      assertStringIncludes(stderr, "--allow-change");
    }
    const plan = await file.run("plan --resume");
    assertEquals(plan.code, 78);
    for (const line of expected) {
      const [verdict = "", ...what] = line.split(": ");
      assertStringIncludes(plan.stdout, `${verdict.padEnd(13)}  ${what.join(": ")}`);
    }
    const data = JSON.parse((await file.run("plan --resume --json")).stdout);
    assertEquals([data.goesOn, data.epoch, data.changes.length], [false, "2@a1", 5]);
    assertStringIncludes(plan.stdout, "the job had stopped because epochs(2) held");
    const allowed = await file.run("--allow-change");
    assertEquals(allowed.code, 0, allowed.stderr);
    assertStringIncludes(allowed.stdout + allowed.stderr, "step of lib/step.ts was edited");
    assertEquals((await file.run("plan --resume")).code, 0);
  });
});

Deno.test("without --allow-read of the job's file the rest is compared, and that is said", async () => {
  await withJob(async (file) => {
    await file.edit("lib/step.ts", "total + epoch", "total + 2 * epoch");
    const plan = await file.run("plan --resume", false);
    assertEquals(plan.code, 0, plan.stderr);
    assertStringIncludes(
      plan.stdout,
      "not seen: job.ts and what it imports and deno.lock (no --allow-read)",
    );
    await file.edit("job.ts", "scale + OFFSET", "scale - OFFSET");
    const { code, stderr } = await file.run("", false);
    assertEquals(code, 78);
    assertStringIncludes(stderr, 'the code of task "add" was edited');
  });
});

Deno.test("plan takes --from and --seed only with --resume, and --fresh nothing to allow", async () => {
  await withJob(async (file) => {
    for (const args of ["plan --from 1", "plan --seed 1", "--fresh --allow-change"]) {
      assertEquals((await file.run(args)).code, 2, args);
    }
    const { stdout } = await file.run("plan --resume --from 1");
    assert(stdout.startsWith("a resume from epoch 1@a1 at file:"), stdout);
  });
});

Deno.test("a helper that is moved and edited is not lost on the way", async () => {
  await withJob(async (file) => {
    const moved = STEP.replace("total + epoch", "total - epoch");
    await file.write("lib/moved.ts", moved);
    await file.edit("job.ts", "./lib/step.ts", "./lib/moved.ts");
    const { code, stdout } = await file.run("plan --resume");
    assertEquals(code, 78);
    assertStringIncludes(stdout, "to be allowed  import of step of the job's file was edited");
    await file.edit("job.ts", `import { step } from "./lib/moved.ts";\n`, "");
    await file.edit(
      "job.ts",
      "const OFFSET",
      "const step = (a: number, b: number) => a - b;\nconst OFFSET",
    );
    const inlined = await file.run("plan --resume");
    assertEquals(inlined.code, 78);
    assertStringIncludes(inlined.stdout, "to be allowed  import of step of the job's file is gone");
    assertStringIncludes(inlined.stdout, "to be allowed  step of the job's file is new");
  });
});

Deno.test("a job killed after its migration, before it has saved, migrates again and ends the same", async () => {
  await withJob(async (file) => {
    await file.edit(
      "job.ts",
      `const total = blob("total", { initial: () => 0 });`,
      `const old = blob<number>("total");
const total = blob("totals", { initial: () => [0] });
const wrap = migration("wrap", { reads: { old }, writes: { total } })
  .run(({ old }) => ({ total: [old] }));`,
    );
    await file.edit(
      "job.ts",
      "import { blob, epochs, job,",
      "import { blob, epochs, job, migration,",
    );
    await file.edit(
      "job.ts",
      "total: step(total, epoch) * scale + OFFSET",
      "total: [step(total[0] ?? 0, epoch)]",
    );
    await file.edit("job.ts", `to: "file:checkpoints"`, `to: "file:checkpoints", migrate: [wrap]`);
    await file.edit(
      "job.ts",
      "until: epochs(4),",
      `until: epochs(4),
  exit: [task("tell", { reads: { total } }).run(({ total }, { log }) => log("it is " + total))],`,
    );
    assertEquals((await file.run("")).code, 78);
    const killed = await file.run("--allow-change", true, { said: /migration "wrap"/ });
    assertEquals(killed.isKilled, true, killed.stderr);
    const { code, stdout, stderr } = await file.run("--allow-change");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, 'blob "totals" of node "main" is made by migration "wrap"');
    assertStringIncludes(stdout, "it is 10");
    const older = await file.run("resume --from 1 --allow-change");
    assertStringIncludes(older.stdout, "it is 10");
  });
});

Deno.test("an edit that was allowed, and saved nothing, is taken back without being allowed again", async () => {
  await withJob(async (file) => {
    await file.edit("lib/step.ts", "return total + epoch", "throw new Error(`${total} ${epoch}`)");
    await file.edit("job.ts", "const OFFSET = 0", "const OFFSET = 1");
    const started = await file.run("--allow-change");
    assertEquals(started.code, 1, started.stdout);
    const plan = await file.run("plan --resume");
    assertStringIncludes(plan.stdout, "when attempt 2 was started, which has saved nothing\n");
    assertStringIncludes(plan.stdout, "nothing that was seen has changed since\n");

    // Another edit than that is refused, and said to be since that start.
    await file.edit("lib/step.ts", "`${total} ${epoch}`", "`${epoch} ${total}`");
    const other = await file.run("");
    assertEquals(other.code, 78);
    const place = `file:${file.folder}/checkpoints/adder`;
    assertStringIncludes(
      other.stderr,
      `error: The job is not what it was when attempt 2 was started at ${place}, which went on from epoch 2@a1 ` +
        "and has saved nothing:\n    to be allowed: step of lib/step.ts was edited",
    );

    await file.edit("lib/step.ts", "throw new Error(`${epoch} ${total}`)", "return total + epoch");
    await file.edit("job.ts", "const OFFSET = 1", "const OFFSET = 0");
    assertEquals((await file.run("plan --resume")).code, 0);
    const back = await file.run("");
    assertEquals(back.code, 0, back.stderr);
    assertStringIncludes(back.stdout, "finished at epoch 4");
  });
});
