// Two processes and one job: the second is refused, or takes over; a killed one leaves nothing behind.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Folder, signalAt } from "./adder_folder.ts";

/** Waits until a process has said something. */
async function said(child: Deno.ChildProcess, text: string): Promise<() => Promise<string>> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  while (!out.includes(text)) {
    const { value, done } = await reader.read();
    assert(!done, out);
    out += value;
  }
  return async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) out += part.value;
    return out;
  };
}

Deno.test("a second process is refused with 76, and says who has the job and how to take it over", async () => {
  await using folder = await Folder.make();
  const first = folder.spawn(["--param", "work=wait"]);
  const rest = await said(first, "in epoch 2");
  const second = await folder.run();
  assertEquals(second.code, 76);
  const who = new RegExp(
    `^error: Another process works on file:.*: process ${first.pid}, since 20.*Z, last heard of \\d+ s ago\\.`,
    "m",
  );
  assertMatch(second.err, who);
  assertStringIncludes(second.err, "take the job over with --take-over");
  for (const command of ["prune", "repair"]) {
    // Where there is nothing to remove nobody need be asked.
    assertEquals((await folder.run(command)).code, 0);
  }
  assertStringIncludes((await folder.run("ls")).out, `process ${first.pid}`);
  const { out } = await folder.run("plan", "--resume");
  assertMatch(
    out,
    new RegExp(`process ${first.pid}, .* works on the job: beside it a start is refused`),
  );
  first.kill("SIGKILL");
  await rest();
  await first.status;
  await first.stderr.cancel();
  // The lock has died with it.
  const next = await folder.run("resume", "--param", "work=quick");
  assertEquals([next.code, next.err], [0, ""]);
});

Deno.test("--take-over: the first ends with 76, its work stays beside, and the second's counts", async () => {
  await using folder = await Folder.make();
  const first = folder.spawn(["--param", "work=late", "--param", "epochs=3"]);
  const rest = await said(first, "in epoch 2");
  const second = await folder.run("--take-over", "--param", "work=quick");
  assertEquals(second.code, 0);
  assertMatch(
    second.out + second.err,
    new RegExp(
      `this job was taken over from process ${first.pid}, since .*: its next save is refused`,
    ),
  );
  await rest();
  const { code } = await first.status;
  const err = await new Response(first.stderr).text();
  assertEquals(code, 76, err);
  assertMatch(err, /Attempt 1 was fenced by attempt 2, so 2@a1 lies on a side line/);
  const { out } = await folder.run("ls");
  assertMatch(out, /^\* 2@a2 /m);
  assertMatch(out, /^\|\\ beside it, attempt 1 from 1@a1\n\| {3}2@a1/m);
});

Deno.test("prune and repair: what does not stay and what nothing needs goes, and verify calls it clean", async () => {
  await using folder = await Folder.make();
  const child = folder.spawn(["--param", "work=wait"]);
  await signalAt(child, "in epoch 2", "SIGKILL");
  assertEquals((await folder.run("--param", "work=quick")).code, 0);
  const own = join(folder.path, "checkpoints", "adder");
  await Deno.mkdir(join(own, "packs", "a000001"), { recursive: true });
  const pack = join(own, "packs", "a000001", `e000009.main.${"0".repeat(32)}.pack`);
  await Deno.writeFile(pack, new Uint8Array(10));
  await Deno.writeTextFile(join(own, "epochs", ".00000000-0000-0000-0000-000000000000.tmp"), "x");
  const dirty = await folder.run("verify");
  assertStringIncludes(dirty.out, "garbage: 1 pack (10 B)");
  assertStringIncludes(dirty.out, "left: 1 temporary file of killed writes");
  assertStringIncludes(dirty.out, "repair removes what is garbage or left");
  const dry = await folder.run("repair", "--dry-run");
  assertStringIncludes(dry.out, "would remove 1 pack that nothing needs (10 B)");
  assertStringIncludes((await folder.run("verify")).out, "garbage: 1 pack");
  const before = (await folder.run("ls")).out;
  const done = await folder.run("repair");
  assertEquals(done.code, 0);
  assertStringIncludes(done.out, "removed 1 temporary file of killed writes");
  const clean = (await folder.run("verify", "--full")).out;
  assert(!/garbage|left:/.test(clean), clean);
  assertEquals((await folder.run("ls")).out, before);
  assertStringIncludes((await folder.run("repair")).out, "there is nothing to remove");
  const pruned = await folder.run("prune");
  assertStringIncludes(pruned.out, "keep all\nnothing is to be removed");
  // It is still the finished job that it was.
  assertStringIncludes((await folder.run()).out, "already finished");
});
