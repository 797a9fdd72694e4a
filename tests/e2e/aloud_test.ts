// What a resume says where something is wrong, as a new user meets it: what, why, and what next.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { FileStore } from "tidemark";
import { edited, JOB, type Trouble } from "./aloud_job.ts";
import { TROUBLES } from "./aloud_troubles.ts";
import { copyTree } from "./tree.ts";
import { type ProcessResult, runProgram, runWell, withFolder } from "./process.ts";

/** Makes the finished job, once. */
async function finish(folder: string): Promise<void> {
  const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  await Deno.writeTextFile(join(folder, "job.ts"), JOB);
  await Deno.writeTextFile(join(folder, "stamp"), "v1");
  await Deno.writeTextFile(join(folder, "die"), "");
  await runWell(join(folder, "job.ts"), { flags, args: ["--quiet"] });
}

async function start(folder: string, trouble: Trouble): Promise<ProcessResult> {
  const { spoil, edits, deaths = 0, isDying = false, then, laterEdits, isHeld, args } = trouble;
  const file = join(folder, "job.ts");
  const saved = join(folder, "checkpoints", "adder");
  const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  await spoil?.(saved);
  const text = edited(JOB.replace("epochs(3)", "epochs(5)"), edits);
  await Deno.writeTextFile(file, text);
  await Deno.writeTextFile(join(folder, "die"), "4");
  for (let death = 0; death < deaths; death++) {
    const { code, stderr } = await runProgram(file, { flags });
    assertEquals(code, 1, stderr);
  }
  if (!isDying) await Deno.writeTextFile(join(folder, "die"), "");
  await then?.(saved);
  await Deno.writeTextFile(file, edited(text, laterEdits));
  const request = { purpose: "run", pid: Deno.pid, host: undefined, sinceMs: Date.now() };
  const held = isHeld === true ? await new FileStore(saved).hold(request) : undefined;
  try {
    return await runProgram(file, { flags: trouble.permits?.(folder) ?? flags, args: args ?? [] });
  } finally {
    if (held !== undefined && "hold" in held) await held.hold.release();
  }
}

/** So many are started at once. */
const AT_ONCE = 3;

/** What comes of each trouble, as far as it has been started. */
function startAll(finished: string): ReadonlyMap<Trouble, Promise<ProcessResult>> {
  const results = new Map<Trouble, Promise<ProcessResult>>();
  const running: Promise<unknown>[] = [];
  for (const [index, trouble] of TROUBLES.entries()) {
    const result = (running[index - AT_ONCE] ?? Promise.resolve()).then(() =>
      withFolder(async (folder) => {
        await copyTree(finished, folder);
        return await start(folder, trouble);
      })
    );
    results.set(trouble, result);
    running.push(result.catch(() => {}));
  }
  return results;
}

Deno.test("aloud: all that a resume says where something is wrong", async (t) => {
  await withFolder(async (finished) => {
    await finish(finished);
    const results = startAll(finished);
    for (const [{ name, code, says }, result] of results) {
      await t.step(name, async () => {
        const ended = await result;
        const said = ended.stdout + ended.stderr;
        assertEquals(ended.code, code, said);
        for (const part of says) assertStringIncludes(said, part);
        if (Deno.env.get("ALOUD") !== undefined) console.log(said);
      });
    }
  });
});
