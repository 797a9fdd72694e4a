import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { assertSameSaved } from "../jobs/saved.ts";
import { ROOT, runWell, withFolder } from "./process.ts";
import { assertKept, treeOf } from "./tree.ts";

const readme = await Deno.readTextFile(join(ROOT, "README.md"));

/** The fenced blocks of a language in a section. */
function blocks(section: string, language: string): string[] {
  const [, text] = readme.split(`\n## ${section}\n`);
  if (text === undefined) throw new Error(`README.md has no section "${section}"`);
  const [own = ""] = text.split("\n## ");
  const fence = new RegExp(`^\`\`\`${language}(?: [^\n]*)?\n(.*?)^\`\`\`$`, "gms");
  return [...own.matchAll(fence)].map(([, block = ""]) => block);
}

function only(section: string, language: string): string {
  const [block, ...others] = blocks(section, language);
  assert(block !== undefined && others.length === 0, `one ${language} block in "${section}"`);
  return block;
}

const jobFile = only("A job file", "ts");
const [, command = ""] = /^\/\/ sum\.ts — deno run (.*) sum\.ts$/m.exec(jobFile) ?? [];
const flags = command.split(" ");

Deno.test("the README's job file runs with the permissions it states, is killed, and goes on", async () => {
  assertEquals(flags, ["--allow-read=checkpoints", "--allow-write=checkpoints"]);
  await withFolder(async (folder) => {
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    for (const cwd of [whole, killed]) {
      await Deno.mkdir(cwd);
      await Deno.writeTextFile(join(cwd, "sum.ts"), jobFile);
    }
    const first = await runWell("sum.ts", { flags: ["--check", ...flags], cwd: whole });
    assertMatch(first, /started .*\n/);
    await runWell("sum.ts", { flags, cwd: killed, killAt: { said: /epoch 7\b/ } });
    const second = await runWell("sum.ts", { flags, cwd: killed });
    assertStringIncludes(second, "resumed from epoch 7");
    assertStringIncludes(second, "finished at epoch 20");
    const saved = join("checkpoints", "walkers");
    await assertSameSaved(join(killed, saved), join(whole, saved));
    assertMatch(await runWell("sum.ts", { flags, cwd: killed }), /already finished at epoch 20/);
  });
});

/**
 * What each of the README's commands says, in their order: whole lines, or what matches. The first
 * runs the job to its end.
 */
const sayings: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "": [
    /^walkers: started \(attempt 1\) at file:.*checkpoints\/walkers$/m,
    /^epoch 1 .* saved /m,
    "finished at epoch 20: epochs(20) holds",
  ],
  "--help": [
    "Usage: deno run … sum.ts [command] [flags]",
    ...["run", "resume", "plan", "ls", "verify", "explain", "pin EPOCH", "unpin EPOCH"]
      .map((command) => new RegExp(`^ +${command} +\\w`, "m")),
    ...["--fresh", "--full", "--from EPOCH"].map((flag) => new RegExp(`^ +${flag} +\\w`, "m")),
    "  --param size=1000  whole number, at least 1, 1000 by default",
    /^ +75 +stopped /m,
  ],
  plan: [
    "job walkers",
    "  keep the last 3, every 4 epochs",
    "  saved: samples, mean",
    "a fresh start\n  start@main  reads param size; writes samples",
    "each epoch\n  walk@main  updates samples\n  measure@main  reads samples; writes mean",
    "  stop if epochs(20)\n  save the epoch, commit",
  ],
  ls: [
    ...[4, 8, 12, 16, 18, 19, 20].map((epoch) => new RegExp(`^\\* ${epoch}@a1 +epoch `, "m")),
    /^\* 20@a1 +exit .* epochs\(20\) holds$/m,
  ],
  "verify --full": [/: 8 states good, 0 damaged \(.* read, summed and decoded\)$/m],
  explain: [
    /: keep the last 3, every 4 epochs$/m,
    /^ +4@a1 +stays +every 4 epochs$/m,
    /^ +19@a1 +stays +among the last 3$/m,
  ],
  "prune --dry-run": [/: keep the last 3, every 4 epochs$/m, "nothing is to be removed"],
  repair: [/: there is nothing to remove$/m],
  "pin 4": ["4@a1 is pinned: it stays until it is unpinned"],
  "resume --from 12": [
    /^walkers: resumed from epoch 12 \(attempt 2\) at /m,
    /^epoch 13 .* saved /m,
    /^finished at epoch 20: /m,
  ],
  "--fresh --param size=5000": [
    /^walkers: started \(attempt 3\) at /m,
    /^epoch 1 .* saved 39\.1 KiB /m, // 5000 doubles
    /^finished at epoch 20: /m,
  ],
};

/** What a first pin adds: itself and its folder. */
const PINNED = 2;

/** The commands that start or go on with the job; the others only read, or pin. */
const RUNS = ["", "resume --from 12", "--fresh --param size=5000"];

Deno.test("the README's commands do what they say, and remove or change nothing saved", async () => {
  const commands = only("A job file", "console").trimEnd().split("\n").map((line) => {
    const [, given = "", args = "", comment = ""] =
      /^\$ deno run (.*?) ?sum\.ts *([^#]*?) *# (.*)$/.exec(line) ?? [];
    assert(given === "…" || given === flags.join(" "), `the flags of: ${line}`);
    assert(comment !== "", `what it does: ${line}`);
    return args;
  });
  assertEquals(commands, Object.keys(sayings));
  await withFolder(async (cwd) => {
    await Deno.writeTextFile(join(cwd, "sum.ts"), jobFile);
    for (const args of commands) {
      const before = await treeOf(cwd);
      const text = await runWell("sum.ts", { flags, args: args.split(" ").filter(Boolean), cwd });
      for (const part of sayings[args] ?? []) {
        if (typeof part !== "string") assertMatch(text, part, args);
        else assertStringIncludes(`\n${text}`, `\n${part}\n`, args);
      }
      await assertKept(cwd, before);
      const { size } = await treeOf(cwd);
      if (RUNS.includes(args)) assert(size > before.size, `${args} saves something`);
      else assertEquals(size - before.size, args === "pin 4" ? PINNED : 0, args);
    }
    const listed = await runWell("sum.ts", { flags, args: ["ls"], cwd });
    for (const ref of ["4@a1", "20@a1", "20@a2", "20@a3"]) assertStringIncludes(listed, ref);
  });
});

Deno.test("the README's script runs after its job", async () => {
  await withFolder(async (cwd) => {
    await Deno.writeTextFile(join(cwd, "sum.ts"), jobFile);
    await runWell("sum.ts", { flags, cwd });
    const script = `${only("From a script", "ts")}\nconsole.log(lastEpoch, typeof mean);\n`;
    await Deno.writeTextFile(join(cwd, "script.ts"), script);
    const said = await runWell("script.ts", { flags: ["--check", ...flags], cwd });
    assertEquals(said.trim(), "20 number");
  });
});

Deno.test("the README's table names every example", async () => {
  const named = [...readme.matchAll(/\]\(examples\/(.*?\.ts)\)/g)].map(([, name]) => name);
  const there: string[] = [];
  for await (const { name } of Deno.readDir(join(ROOT, "examples"))) {
    if (name.endsWith(".ts")) there.push(name);
  }
  assertEquals(named.sort(), there.sort());
});
