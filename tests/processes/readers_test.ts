/** Processes that load the newest epoch again and again, while another one saves epochs and removes them. */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ROOT, runWell, withFolder } from "../e2e/process.ts";
import type { Seen, Way } from "./turning_reader.ts";

const JOB = fromFileUrl(new URL("./turning_job.ts", import.meta.url));
const READER = fromFileUrl(new URL("./turning_reader.ts", import.meta.url));

/** A process that saves and removes until it is disposed; it has saved an epoch already. */
async function writer(folder: string): Promise<AsyncDisposable & { saved(): Promise<number> }> {
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--frozen", ...permissions, JOB, folder],
    cwd: ROOT,
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("saved 1\n")) {
    const { value } = await lines.read();
    assert(value !== undefined, "the writer has ended");
    said += value;
  }
  const rest = (async () => {
    for (let part = await lines.read(); !part.done; part = await lines.read()) said += part.value;
  })();
  const end = async (): Promise<void> => {
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // It has ended already, which whoever asks what it saved is told.
      if (!(error instanceof TypeError)) throw error;
    }
    await Promise.all([child.status, rest]);
  };
  return {
    saved: async () => {
      await end();
      assertEquals((await child.status).signal, "SIGKILL", "the writer has ended by itself");
      return Number(/saved (\d+)\n$/.exec(said)?.[1]);
    },
    [Symbol.asyncDispose]: end,
  };
}

async function reader(folder: string, way: Way, reads: number, epochs: number): Promise<Seen> {
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const args = [folder, way, String(reads), String(epochs)];
  const seen: Seen = JSON.parse(await runWell(READER, { flags: permissions, args }));
  console.log(
    `${way}: ${seen.whole} whole reads of ${seen.epochs} epochs, ${seen.mixed} mixed, ` +
      `${seen.notFound} of what was gone, ${seen.failures.length} failed`,
  );
  return seen;
}

/** Readers beside a writer; gives what they saw. */
async function beside(ways: readonly Way[], reads: number, epochs: number): Promise<Seen[]> {
  return await withFolder(async (folder) => {
    const place = join(folder, "turning");
    await Deno.mkdir(place);
    await using writing = await writer(place);
    const seen = await Promise.all(ways.map((way) => reader(place, way, reads, epochs)));
    const saved = await writing.saved();
    console.log(`${saved} epochs saved, all but the last removed`);
    assert(saved > 2);
    return seen;
  });
}

Deno.test("two processes that read while one writes and removes read whole epochs, and many", async () => {
  for (const seen of await beside(["kept", "anew"], 60, 20)) {
    assertEquals([seen.mixed, seen.failures], [0, []]);
    assert(seen.whole >= 60 && seen.epochs >= 20, JSON.stringify(seen));
  }
});

Deno.test("readers that open packs late, or read blob by blob, are seen to fail", async () => {
  const [late, mixed] = await beside(["opens late", "blob by blob"], Infinity, Infinity);
  assert((late?.failures.length ?? 0) > 0, JSON.stringify(late));
  assert((mixed?.mixed ?? 0) > 0, JSON.stringify(mixed));
});
