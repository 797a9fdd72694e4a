// The command line of a job file, as processes run it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ended, Folder } from "./adder_folder.ts";

Deno.test("cli: starts, goes on, and says when it is finished; output in a pipe is plain", async () => {
  await using folder = await Folder.make();
  const first = await folder.run("--param", "epochs=2");
  assertEquals([first.code, first.err], [0, ""]);
  assertStringIncludes(first.out, "adder: started (attempt 1) at file:");
  assertStringIncludes(first.out, "finished at epoch 2: epochs(2) holds");
  // deno-lint-ignore no-control-regex -- that there are none is the point
  assert(!/[\x00-\x09\x0b-\x1f]/.test(first.out));
  const again = await folder.run();
  assertEquals(again.code, 0);
  assertStringIncludes(again.out, "adder: already finished at epoch 2");
  const more = await folder.run("--param", "epochs=4");
  assertStringIncludes(more.out, "adder: resumed from epoch 2 (attempt 2)");
  assertStringIncludes(more.out, "param epochs 2 → 4, as given now");
  assertStringIncludes(more.out, "total 10");
  const fresh = await folder.run("--fresh", "--quiet");
  assertEquals(fresh.out.trimEnd().split("\n").length, 2);
  assertStringIncludes(fresh.out, "adder: started (attempt 3)");
  const listed = await folder.run("ls");
  assertStringIncludes(listed.out, "* 3@a3");
  assertStringIncludes(listed.out, "  4@a2  exit");
});

Deno.test("cli: resume needs something to resume, and takes any epoch", async () => {
  await using folder = await Folder.make();
  const none = await folder.run("resume");
  assertEquals(none.code, 1);
  assertStringIncludes(none.err + none.out, "Nothing to resume at file:");
  await folder.run();
  const from = await folder.run("resume", "--from", "1");
  assertEquals(from.code, 0);
  assertStringIncludes(from.out, "adder: resumed from epoch 1 (attempt 2)");
  const missing = await folder.run("resume", "--from", "9");
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err + missing.out, "there are 0, 1, 2, 3");
});

Deno.test("cli: a failing task ends with 1, says where, and can be gone on with", async () => {
  await using folder = await Folder.make();
  const failed = await folder.run("--param", "work=fail");
  assertEquals(failed.code, 1);
  assertStringIncludes(
    failed.out + failed.err,
    'Task "add" failed in epoch 2 on node "main" (attempt 1, try 1): a flaw in the job',
  );
  assertStringIncludes(failed.err, "job.ts");
  const mended = await folder.run("--param", "work=quick");
  assertStringIncludes(mended.out, "adder: resumed from epoch 1");
  assertStringIncludes(mended.out, "total 6");
});

Deno.test("cli: usage errors end with 2, and touch nothing", async () => {
  await using folder = await Folder.make();
  for (
    const args of [["--parm", "x=1"], ["--param", "epochs=0"], ["--param", "epoch=1"], [
      "resume",
      "--from",
      "x",
    ]]
  ) {
    const { code, err } = await folder.run(...args);
    assertEquals(code, 2, args.join(" "));
    assert(err.length > 0);
  }
  const names = [];
  for await (const { name } of Deno.readDir(folder.path)) names.push(name);
  assertEquals(names, ["job.ts"]);
});

Deno.test("cli: help, version and plan open no store, and need no permission", async () => {
  await using folder = await Folder.make();
  for (
    const [word, expected] of [["--help", "--param work=quick"], ["--version", "tidemark "], [
      "plan",
      "add@main",
    ]]
  ) {
    const { code, out, err } = await ended(folder.spawn([word ?? ""], []));
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, expected ?? "");
  }
  const plan = await folder.run("plan", "--json");
  assertEquals(JSON.parse(plan.out).job, "adder");
});

Deno.test("cli: --json prints events and nothing else", async () => {
  await using folder = await Folder.make();
  const { out } = await folder.run("--json");
  const types = out.trimEnd().split("\n").map((line) => JSON.parse(line).type);
  assertEquals([types[0], types.at(-1)], ["run-started", "run-finished"]);
});

Deno.test("cli: a missing permission is an error that gives the flag", async () => {
  await using folder = await Folder.make();
  const { code, err, out } = await ended(folder.spawn([], []));
  assertEquals(code, 1);
  assertStringIncludes(err + out, `--allow-read=${join(folder.path, "checkpoints")}`);
});

Deno.test("cli: a reader of the output that goes away does not end the work", async () => {
  await using folder = await Folder.make();
  const child = folder.spawn(["--param", "epochs=200"]);
  const reader = child.stdout.getReader();
  const first = await reader.read();
  assertStringIncludes(new TextDecoder().decode(first.value), "adder: started");
  await reader.cancel();
  await child.stderr.cancel();
  assertEquals((await child.status).code, 0);
  assertStringIncludes((await folder.run()).out, "adder: already finished at epoch 200");
});

Deno.test("cli: a fork starts from an epoch with another param, and goes on under its name", async () => {
  await using folder = await Folder.make();
  await folder.run();
  const forked = await folder.run("fork", "--from", "1", "--as", "longer", "--param", "epochs=4");
  assertEquals(forked.code, 0, forked.err);
  assertStringIncludes(forked.out, "longer: forked from epoch 1 of adder, at file:");
  assertStringIncludes(forked.out, "longer: resumed from epoch 1 (attempt 2)");
  assertStringIncludes(forked.out, "total 10");
  const again = await folder.run("--as", "longer", "--param", "epochs=5");
  assertStringIncludes(again.out, "longer: resumed from epoch 4");
  assertStringIncludes((await folder.run("ls", "--as", "longer")).out, "5@a3");
  const deep = await folder.run("fork", "--of", "longer", "--from=5", "--as", "deeper", "-q");
  assertStringIncludes(deep.out, "deeper: resumed from epoch 5, at its exit group");
  const taken = await folder.run("fork", "--as", "longer");
  assertEquals(taken.code, 1);
  assertStringIncludes(
    taken.err,
    'job "longer" are saved there already. Give the fork another name',
  );
  const own = await folder.run();
  assertStringIncludes(own.out, "adder: already finished at epoch 3");
  for (const args of [["fork"], ["fork", "--as", "../x"], ["ls", "--of", "x"]]) {
    assertEquals((await folder.run(...args)).code, 2, args.join(" "));
  }
});
