import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { walk } from "@std/fs";
import { ROOT, runProgram, runWell, withFolder } from "./process.ts";

/** Params that make an example short. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  "digits.ts": ["--param", "images=500", "--param", "epochs=2"],
};

/** The permissions that an example's header states. */
async function headerOf(example: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(ROOT, "examples", example));
  const [, flags] = new RegExp(`^//   deno run (.*) examples/${example}$`, "m").exec(text) ?? [];
  if (flags === undefined) throw new Error(`examples/${example} does not state how it is run`);
  return flags.split(" ");
}

/** Copies the examples, so that nothing is written in the tree. */
async function copyExamples(folder: string): Promise<void> {
  const from = join(ROOT, "examples");
  for await (const { path, isFile } of walk(from)) {
    const to = join(folder, "examples", path.slice(from.length));
    if (path.includes("checkpoints")) continue;
    if (isFile) await Deno.copyFile(path, to);
    else await Deno.mkdir(to);
  }
}

for (const example of ["backfill.ts", "digits.ts", "k_means.ts", "scripted_resume.ts"]) {
  Deno.test(`examples/${example} needs the permissions its header states, and no more`, async () => {
    const flags = await headerOf(example);
    assert(flags.every((flag) => /^--allow-(read|write)=\S+$/.test(flag)), flags.join(" "));
    const args = SHORT[example] ?? [];
    await withFolder(async (cwd) => {
      await copyExamples(cwd);
      for (const missing of flags) {
        const { code, stdout, stderr } = await runProgram(join("examples", example), {
          ...{ flags: flags.filter((flag) => flag !== missing), args, cwd },
        });
        assertEquals(code, 1, `without ${missing}`);
        const [flag = ""] = missing.split("=");
        assertStringIncludes(stdout + stderr, flag);
        // A script lets the error through, as it does not use the command line.
        const isScript = example === "scripted_resume.ts";
        assertEquals(stderr.includes("Uncaught"), isScript, `without ${missing}: ${stderr}`);
      }
      await runWell(join("examples", example), { flags, args, cwd });
    });
  });
}
