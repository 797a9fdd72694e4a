/** Saves by the writer thread, with real kills: the run ends as one never killed, and the store is whole. */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { CheckpointStore, FileStore, verifyStore } from "../../storage/mod.ts";
import { temporaryFolder } from "../storage/watched_file_system.ts";
import { randomFrom } from "./trials.ts";

const JOB = fromFileUrl(new URL("./large_job.ts", import.meta.url));

/** Runs the job, killed after so many milliseconds; gives what it printed. */
async function run(folder: string, killAfterMs = Infinity): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-check", `--allow-read=${folder}`, `--allow-write=${folder}`],
      ...[JOB, folder],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = Number.isFinite(killAfterMs)
    ? setTimeout(() => killIfAlive(child), killAfterMs)
    : undefined;
  const { success, signal, stdout, stderr } = await child.output();
  clearTimeout(timer);
  assert(success || signal === "SIGKILL", new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

function digestIn(said: string): string | undefined {
  return /^digest (.*)$/m.exec(said)?.[1];
}

Deno.test("a job of large saves, killed again and again, ends like one never killed", async () => {
  await using folder = await temporaryFolder();
  const whole = join(folder.path, "whole");
  const started = performance.now();
  const expected = digestIn(await run(whole));
  const durationMs = performance.now() - started;
  assert(expected !== undefined);
  const random = randomFrom(4);
  let kills = 0;
  let inMidRun = 0;
  for (let trial = 0; trial < 6; trial++) {
    const killed = join(folder.path, `killed${trial}`);
    let digest: string | undefined;
    for (let attempt = 0; digest === undefined; attempt++) {
      const said = await run(killed, attempt < 5 ? 200 + random(durationMs / 2) : Infinity);
      digest = digestIn(said);
      if (digest !== undefined) break;
      kills++;
      if (said.includes("saved")) inMidRun++;
      // Whatever the kill left, all that is listed is whole.
      const store = await CheckpointStore.open(new FileStore(killed), { job: "large" });
      assertEquals((await verifyStore(store, { full: true })).damaged, []);
    }
    assertEquals(digest, expected);
  }
  console.log(`${kills} kills, ${inMidRun} of them after a save of their run`);
  assert(kills >= 6);
});

/** It may have ended in the same moment. */
function killIfAlive(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
