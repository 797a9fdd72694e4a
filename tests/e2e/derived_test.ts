/** A job file with a derived blob, killed, edited and gone on with, in processes of its own. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type ProcessOptions, type ProcessResult, runProgram, withFolder } from "./process.ts";

const JOB = `import { blob, epochs, job, main, param, task } from "tidemark";
const size = param("size", 1000);
const images = blob<Float32Array>("images", { derived: true });
const total = blob("total", { initial: () => 0 });
const read = task("read", { reads: { size }, writes: { images } })
  .run(({ size }, { rng }) => ({ images: Float32Array.from({ length: size }, () => rng("x")()) }));
const add = task("add", { reads: { images, total }, writes: { total } })
  .run(({ images, total }, { epoch, log }) => {
    log("epoch " + epoch);
    return { total: total + (images[epoch] ?? NaN) };
  });
const adder = job("adder", {
  init: [read],
  epoch: [add],
  until: epochs(4),
  checkpoint: { to: "file:checkpoints" },
});
export default adder;
await main(import.meta, adder);
`;

/** The job, killed in its third epoch. */
async function withKilled(
  run: (file: {
    edit(from: string, to: string): Promise<void>;
    run(args: string): Promise<ProcessResult>;
  }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, "job.ts");
    let text = JOB;
    await Deno.writeTextFile(path, text);
    const flags = [`--allow-read=${folder}`, `--allow-write=${join(folder, "checkpoints")}`];
    const start = (args: string, killAt?: ProcessOptions["killAt"]): Promise<ProcessResult> =>
      runProgram(path, {
        ...{ flags, args: args === "" ? [] : args.split(" ") },
        ...killAt === undefined ? {} : { killAt },
      });
    const { isKilled } = await start("--json", { said: /"message":"epoch 3"/ });
    assertEquals(isKilled, true);
    await run({
      edit: async (from, to) => {
        assertStringIncludes(text, from);
        await Deno.writeTextFile(path, text = text.replace(from, to));
      },
      run: (args) => start(args),
    });
  });
}

Deno.test("a resume says what it derives again, before and while it does", async () => {
  await withKilled(async (job) => {
    const plan = (await job.run("plan")).stdout;
    assertStringIncludes(plan, "saved: total");
    assertStringIncludes(plan, "not saved: images (derived)");
    assertStringIncludes(
      plan,
      "run again what is derived, and compare it with what it was: read@main",
    );
    const foreseen = await job.run("plan --resume");
    assertMatch(
      foreseen.stdout,
      /before all others\n {2}run {4}read@main {2}derived, and not saved: images must have the SHA-256 [0-9a-f]{12}…\nfirst: epoch 3\n/,
    );
    const data = JSON.parse((await job.run("plan --resume --json")).stdout);
    assertEquals(data.derived.map(({ id }: { id: string }) => id), ["read@main"]);
    const { code, stdout } = await job.run("");
    assertStringIncludes(stdout, "read  made images again: it is what it was");
    assertEquals(code, 0);
  });
});

Deno.test("an edit of what derives is harmless while that comes to the same", async () => {
  await withKilled(async (job) => {
    await job.edit(
      `Float32Array.from({ length: size }, () => rng("x")())`,
      `new Float32Array(size).map(rng("x"))`,
    );
    const { code, stdout } = await job.run("plan --resume");
    assertStringIncludes(
      stdout,
      'harmless       the code of task "read" was edited: it runs again, and what it derives must have the ' +
        "digest that was saved",
    );
    assertStringIncludes(stdout, "the job would go on");
    assertEquals(code, 0);
    assertEquals((await job.run("")).code, 0);
  });
});

Deno.test("one that comes to another value ends the resume with 78, and may be allowed", async () => {
  await withKilled(async (job) => {
    await job.edit(`=> rng("x")()`, `=> rng("x")() + 1`);
    const { code, stderr } = await job.run("");
    assertEquals(code, 78);
    assertStringIncludes(
      stderr,
      'error: Derived blob "images" of node "main" is not what it was when epoch 2@a1',
    );
    // The next one still knows what the job was when the epoch was saved, and with which params.
    const again = await job.run("--param size=900");
    assertEquals(again.code, 78);
    for (const said of [stderr, again.stderr]) {
      assertStringIncludes(said, 'What has changed since: the code of task "read" was edited');
    }
    assertStringIncludes(again.stderr, "param size is 900, and was 1000 (--param size=1000)");
    const allowed = await job.run("--allow-change --param size=1000");
    assertStringIncludes(
      allowed.stderr + allowed.stdout,
      'made derived blob "images" again, and it is not what it was',
    );
    assertEquals(allowed.code, 0);
  });
});

Deno.test("a task that derives and is not pure is found at the first resume", async () => {
  await withKilled(async (job) => {
    await job.edit(`() => rng("x")()`, "Math.random");
    const { code, stderr } = await job.run("");
    assertEquals(code, 78);
    assertStringIncludes(stderr, "--allow-change");
  });
});

Deno.test("a fork that is refused says how it is gone on with, and that works", async () => {
  await withKilled(async (job) => {
    const refused = await job.run("fork --from 1 --as other --seed 7");
    assertEquals(refused.code, 78, refused.stderr);
    assert(!refused.stderr.includes("Nothing was changed"), refused.stderr);
    assertMatch(refused.stderr, /The fork stays at file:.*other, with nothing but the epoch/);
    const [, args] = /go on with it:\n {2}deno run … job\.ts (.*)\n$/.exec(refused.stderr) ?? [];
    assertEquals(args, "resume --as other --allow-change");
    const { code, stdout, stderr } = await job.run(args ?? "");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "seed 0 → 7, as was asked of the fork");
  });
});

Deno.test("a derived blob that an edited helper has changed names the helper", async () => {
  await withKilled(async (job) => {
    await job.edit("const size =", "const scale = () => 1;\nconst size =");
    await job.edit('rng("x")())', 'scale() * rng("x")())');
    await job.edit('task("read", {', 'task("read", { version: "1",');
    await job.edit('task("add", {', 'task("add", { version: "1",');
    assertEquals((await job.run("fork --as other --allow-change --stop-after 1h")).code, 0);
    await job.edit("epochs(4)", "epochs(5)");
    await job.edit("scale = () => 1", "scale = () => 2");
    const { code, stderr } = await job.run("resume --as other");
    assertEquals(code, 78, stderr);
    assertMatch(stderr, /What has changed since: .*scale of the job's file was edited/);
  });
});
