import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { walk } from "@std/fs";
import { join } from "@std/path";
import { assertSameSaved } from "../jobs/saved.ts";
import { ROOT, runWell, withFolder } from "./process.ts";

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

/** What each command says, by its first argument. */
const SAYS: Readonly<Record<string, RegExp>> = {
  "": /started [^]*finished at epoch 20/,
  "--help": /resume[^]*verify[^]*--fresh/,
  plan: /walk@main[^]*measure@main/,
  ls: /12@a1 +epoch[^]*20@a1 +exit/,
  verify: /good/,
  explain: /last 3[^]*every 4|keepLast\(3\)[^]*keepEvery\(4\)/,
  pin: /4/,
  resume: /resumed from epoch 12/,
  "--fresh": /started \(attempt 3\)/,
};

/** The saved manifests and packs, by path. */
async function savedIn(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  try {
    for await (const { path, isFile } of walk(folder)) {
      if (isFile && /\.(cbor|pack)$/.test(path)) found.set(path, await Deno.readFile(path));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

Deno.test("the README's commands do what they say", async () => {
  const commands = only("A job file", "console").trimEnd().split("\n").map((line) => {
    const [, given = "", args = "", comment = ""] =
      /^\$ deno run (.*?) ?sum\.ts *([^#]*?) *# (.*)$/.exec(line) ?? [];
    assert(given === "…" || given === flags.join(" "), `the flags of: ${line}`);
    return { args: args === "" ? [] : args.split(" "), comment };
  });
  assert(commands.length >= 6);
  await withFolder(async (cwd) => {
    await Deno.writeTextFile(join(cwd, "sum.ts"), jobFile);
    for (const { args } of commands) {
      const before = await savedIn(join(cwd, "checkpoints"));
      const said = await runWell("sum.ts", { flags, args, cwd });
      const expected = SAYS[args[0] ?? ""];
      assert(expected !== undefined, `what "${args.join(" ")}" says is not checked`);
      assertMatch(said, expected);
      if (args[0] !== "--fresh") continue;
      const after = await savedIn(join(cwd, "checkpoints"));
      for (const [path, bytes] of before) assertEquals(after.get(path), bytes, path);
    }
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
