// What is asked of a process that runs the job: it does that, or whoever comes after it.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Folder, signalAt } from "./adder_folder.ts";

const STEPS = `
import { blob, epochs, job, keepLast, main, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(async ({ total }, { epoch, log, progress }) => {
    log("in epoch " + epoch);
    if (epoch === 3) {
      for (let isThere = false; !isThere; await progress(0, 1)) {
        isThere = await Deno.stat(new URL("go", import.meta.url)).then(() => true, () => false);
      }
    }
    return { total: total + epoch };
  });
const keep = Deno.args.includes("prune") ? [keepLast(1)] : undefined;
const steps = job("steps", {
  epoch: [add], until: epochs(5), checkpoint: { to: "file:checkpoints", ...keep && { keep } },
});
export default steps;
await main(import.meta, steps);
`;

/** A job that waits in its third epoch until it may go on. */
async function makeFolder(): Promise<Folder> {
  const folder = await Folder.make();
  await Deno.writeTextFile(join(folder.path, "job.ts"), STEPS);
  return folder;
}

const allow = (folder: Folder) => [
  ...[`--allow-read=${folder.path}`, `--allow-write=${folder.path}`],
];

/** Runs the job until its third epoch, does something meanwhile, lets it go on, and gives what it said. */
async function meanwhile(
  folder: Folder,
  act: (child: Deno.ChildProcess, ran: () => Promise<string>) => Promise<void>,
): Promise<string> {
  const child = folder.spawn([], allow(folder));
  let out = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (until: string): Promise<string> => {
    while (!out.includes(until)) {
      const { value, done } = await reader.read();
      if (done) break;
      out += value;
    }
    return out;
  };
  await read("in epoch 3");
  try {
    await act(child, async () => {
      await Deno.writeTextFile(join(folder.path, "go"), "");
      return await read("\0");
    });
    return await read("\0");
  } finally {
    await child.status;
    await child.stderr.cancel();
  }
}

const saved = async (folder: Folder) =>
  (await Array.fromAsync(Deno.readDir(join(folder.path, "checkpoints", "steps", "epochs"))))
    .map(({ name }) => name).filter((name) => name.startsWith("e")).sort();
const asks = async (folder: Folder) =>
  await Array.fromAsync(Deno.readDir(join(folder.path, "checkpoints", "steps", "asks")));

Deno.test("prune and repair ask the process that runs the job, which does it with its next save", async () => {
  await using folder = await makeFolder();
  const out = await meanwhile(folder, async (child, goOn) => {
    const dry = await folder.run("prune", "--dry-run");
    assertStringIncludes(dry.out, "would remove 2 states:\n  0@a1\n  1@a1\n");
    const asked = await folder.run("prune");
    assertEquals(asked.code, 0, asked.err);
    const who = new RegExp(
      `asked process ${child.pid}, since 20.*, which holds the job: it does so with its next save; if it ends before, ask again`,
    );
    assertMatch(asked.out, who);
    assertStringIncludes(asked.out, "would remove 2 states:\n  0@a1\n  1@a1\n");
    const data = JSON.parse((await folder.run("prune", "--json")).out);
    assertEquals([data.asked, data.done, data.removed], [true, false, ["0@a1", "1@a1"]]);
    const left = join(folder.path, "checkpoints", "steps", "epochs");
    await Deno.writeTextFile(join(left, ".00000000-0000-0000-0000-000000000000.tmp"), "x");
    const late = await folder.run("repair", "--wait", "10ms");
    assertEquals(late.code, 75, late.err);
    assertStringIncludes(late.out, "and it was not done in 10ms");
    assertStringIncludes(late.out, "would remove 1 temporary file of killed writes");
    const verified = await folder.run("verify");
    assertMatch(
      verified.out,
      /asked for, and not done yet \(process \d+, .*, does it with its next save\):\n {2}(prune|repair), by process/,
    );
    assertEquals((await asks(folder)).length, 3);
    const known = new Set((await asks(folder)).map(({ name }) => name));
    const dropped = folder.run("prune", "--wait", "1m");
    for (let isDropped = false; !isDropped;) {
      await new Promise((done) => setTimeout(done, 20));
      for (const { name } of await asks(folder)) {
        if (known.has(name) || name.startsWith(".")) continue;
        await Deno.remove(join(folder.path, "checkpoints", "steps", "asks", name));
        isDropped = true;
      }
    }
    const undone = await dropped;
    assertEquals(undone.code, 1, undone.err);
    assertStringIncludes(undone.out, "2 states that should have gone are still there");
    const waiting = folder.run("prune", "--wait", "1m");
    const repairing = folder.run("repair", "--wait", "1m");
    while ((await asks(folder)).length < 5) await new Promise((done) => setTimeout(done, 20));
    await goOn();
    const repaired = await repairing;
    assertEquals(repaired.code, 0, repaired.err);
    assertMatch(repaired.out, /which holds the job, and it is done\n/);
    assertStringIncludes(
      repaired.out,
      "gone since, for that or by what the job does itself: 1 temporary file of killed writes",
    );
    const waited = await waiting;
    assertEquals(waited.code, 0, waited.err);
    assertMatch(
      waited.out,
      /which holds the job, and it is done\ngone since, for that or by the job's own plan: \d states:\n {2}0@a1\n/,
    );
  });
  assertMatch(out, /prune, which process \d+ asked for: removed 0@a1, 1@a1, 2@a1\n/);
  assertMatch(out, /repair, which process \d+ asked for: removed 1 file that nothing needs\n/);
  assertEquals(await saved(folder), [3, 4, 5].map((epoch) => `e00000${epoch}.a000001.cbor`));
  assertEquals(await asks(folder), []);
  const { code, out: clean } = await folder.run("verify", "--full");
  assert(code === 0 && !/left:|asked for/.test(clean), clean);
});

Deno.test("what a killed process was asked for is not done by the next one, which says so", async () => {
  await using folder = await makeFolder();
  await meanwhile(folder, async (child) => {
    assertEquals((await folder.run("prune")).code, 0);
    child.kill("SIGKILL");
  });
  const [ask] = await asks(folder);
  assert(ask !== undefined);
  assertMatch(
    (await folder.run("verify")).out,
    /asked for, and not done yet \(it has ended: the next run, or repair, clears it away\)/,
  );
  const damaged = join(folder.path, "checkpoints", "steps", "asks", `${"0".repeat(32)}.cbor`);
  await Deno.writeTextFile(damaged, "torn");
  await Deno.writeTextFile(join(folder.path, "go"), "");
  const next = await signalAt(folder.spawn(["resume"], allow(folder)), "in epoch 5");
  assertEquals(next.code, 0, next.err);
  assertMatch(
    next.err + next.out,
    /prune, which process \d+ asked attempt 1 for, is not done: that has ended/,
  );
  assertStringIncludes(next.err + next.out, "an ask cannot be read, and was removed");
  assertEquals((await saved(folder))[0], "e000000.a000001.cbor");
  assertEquals(await asks(folder), []);
});

Deno.test("whoever waits does it himself once the process is killed; repair clears what waits", async () => {
  await using folder = await makeFolder();
  await meanwhile(folder, async (child) => {
    const waiting = folder.run("prune", "--wait", "1m");
    const isAsked = () => asks(folder).then((all) => all.length > 0, () => false);
    while (!await isAsked()) await new Promise((done) => setTimeout(done, 20));
    child.kill("SIGKILL");
    const { code, out, err } = await waiting;
    assertEquals(code, 0, err);
    assertStringIncludes(out, "removed 2 states:\n  0@a1\n  1@a1\n");
    assert(!out.includes("asked"), out);
  });
  assertEquals([await saved(folder), await asks(folder)], [["e000002.a000001.cbor"], []]);
  const own = join(folder.path, "checkpoints", "steps", "asks");
  await Deno.writeTextFile(join(own, `${"0".repeat(32)}.cbor`), "torn");
  assertEquals((await folder.run("repair")).code, 0);
  assertEquals(await asks(folder), []);
});
