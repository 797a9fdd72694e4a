/** What a job says that may not use its folder: followed once, it runs. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runProgram, withFolder } from "./process.ts";

const JOB = `import { blob, epochs, job, main, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(({ total }) => ({ total: total + 1 }));
const adder = job("adder", {
  epoch: [add], until: epochs(1), checkpoint: { to: "file:checkpoints" },
});
await main(import.meta, adder);
`;

/** The flags that an error advises, all kinds of them. */
function advised(stderr: string): string[] {
  const [, words = ""] = /run with (--allow.*?)(?:;|\n|$)/.exec(stderr) ?? [];
  return words.match(/--allow-(?:read|write)=[^\s,]+/g) ?? [];
}

async function withJob(run: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "own"));
    await Deno.writeTextFile(join(folder, "own", "job.ts"), JOB);
    await run(folder);
  });
}

/** Runs it with some flags, and, where that is refused, with those that it advises too. */
async function followed(folder: string, to: string, flags: readonly string[]): Promise<string[]> {
  const file = join(folder, "own", "job.ts");
  const args = ["--to", to];
  const cwd = join(folder, "own");
  const first = await runProgram(file, { flags, args, cwd });
  assertEquals(first.code, 1, first.stdout);
  const more = advised(first.stderr);
  assert(more.length > 0, first.stderr);
  const second = await runProgram(file, { flags: [...flags, ...more], args, cwd });
  assertEquals(second.code, 0, `${more}: ${second.stderr}`);
  return more.map((flag) => flag.replaceAll(folder, "…"));
}

Deno.test("permission advice: a new folder in a new folder is permitted at once", async () => {
  for (const to of ["file:checkpoints/new", "file:checkpoints/new/newer"]) {
    await withJob(async (folder) => {
      const place = "…/own/checkpoints";
      assertEquals(await followed(folder, to, []), [
        `--allow-read=${place}`,
        `--allow-write=${place}`,
      ]);
    });
    await withJob(async (folder) => {
      const read = ["--allow-read"];
      assertEquals(await followed(folder, to, read), ["--allow-write=…/own/checkpoints"]);
    });
  }
});

Deno.test("permission advice: of what is there no more is permitted than what is to be made", async () => {
  await withJob(async (folder) => {
    await Deno.mkdir(join(folder, "own", "checkpoints"));
    const own = join(folder, "own", "checkpoints", "new");
    assertEquals(
      await followed(folder, "file:checkpoints/new", [
        `--allow-read=${join(folder, "own")}`,
        `--allow-write=${join(own, "adder")}`,
      ]),
      ["--allow-write=…/own/checkpoints/new"],
    );
  });
});

Deno.test("permission advice: elsewhere, what nobody may look at is taken to be there, until it is not", async () => {
  await withJob(async (folder) => {
    const to = `file:${join(folder, "there/new")}`;
    const place = join(folder, "there");
    await Deno.mkdir(place);
    assertEquals(await followed(folder, to, []), [
      "--allow-read=…/there/new",
      "--allow-write=…/there/new",
    ]);
    await Deno.remove(place, { recursive: true });
    const flags = ["read", "write"].map((name) => `--allow-${name}=${join(place, "new")}`);
    const file = join(folder, "own", "job.ts");
    const { code, stderr } = await runProgram(file, { flags, args: ["--to", to] });
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /"\S*there" is not there, .* run with --allow-read=\S*\/there --allow-write=\S*\/there\n/,
    );
  });
});
