/** What a run has opened is closed when it has ended, however that was: threads, files, shared memory. */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { runWell, withFolder } from "../e2e/process.ts";
import type { Endings } from "./ending_runs.ts";

const RUNS = fromFileUrl(new URL("./ending_runs.ts", import.meta.url));

/** Runs them in a process of their own, which has to end by itself. */
async function endings(...args: readonly string[]): Promise<Endings> {
  return await withFolder(async (folder) =>
    JSON.parse(
      await runWell(RUNS, {
        flags: ["--allow-all", "--v8-flags=--expose-gc"],
        args: [join(folder, "ending"), ...args],
      }),
    )
  );
}

for (const grain of ["epoch", "task"]) {
  Deno.test(`threads, files and buffers are as before, however a run has ended (grain ${grain})`, async () => {
    const { before, ended } = await endings(grain);
    for (const { run, end, saved, made, open } of ended) {
      console.log(
        `${run}: ${end}, saved ${saved.join(", ") || "nothing"}, ${made.workers} threads and ` +
          `${made.buffers} buffers made, ${open.workers} and ${open.buffers.length} left`,
      );
      assertEquals(open, before, run);
    }
    assertEquals(before.buffers, []);
    const [done, lazy, failedFirst, failed, cancelled, cancelledFirst, last] = ended;
    assertEquals([done?.end, done?.saved], ["3", [0, 1, 2, 3]]);
    assertEquals([lazy?.end, lazy?.saved], ["5", [4, 5]]);
    assertEquals([failedFirst?.end, failedFirst?.fills], ["TaskError", 1]);
    assertEquals([failed?.end, failed?.isSaving], ["TaskError", true]);
    assertEquals([cancelled?.end, cancelled?.isSaving], ["StoppedError", true]);
    assertEquals([cancelledFirst?.end, cancelledFirst?.saved], ["StoppedError", []]);
    assertEquals(last?.end, "12");
    // Each had a thread, and all but the one that was cancelled before it read a blob a snapshot.
    assertEquals(ended.map(({ made }) => made.workers), ended.map(() => 1));
    assert(ended.filter(({ made }) => made.buffers > 0).length >= ended.length - 1);
  });
}

Deno.test("a thread, a file and a buffer that are left open are seen", async () => {
  const { before, ended } = await endings("epoch", "leaks");
  const open = ended[0]?.open;
  assert(open !== undefined);
  assertEquals(open.threads, before.threads + 1);
  assertEquals(open.workers, 1);
  assertEquals(open.buffers, [12]);
  const files = open.files.filter((file) => file.endsWith("/ending"));
  assertEquals(files.length, 1);
});
