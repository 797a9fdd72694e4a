import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import {
  blob,
  epochs,
  type Job,
  job,
  JobRunner,
  type JobRunnerOptions,
  LocalSession,
  task,
} from "tidemark";
import adder from "./bad_job.ts";
import { runProgram, withFolder } from "./process.ts";
import { altered, isRoot, newerVersion, packOf, rewrite } from "./spoil.ts";
import { assertKept, treeOf } from "./tree.ts";

const FILE = fromFileUrl(new URL("bad_job.ts", import.meta.url));
const NEWEST = "epochs/e000003.a000001.cbor";

/** One kind of bad input, tried by a runner and by the command line. */
interface Case {
  /** What is wrong. */
  readonly name: string;
  /** Makes it so, in the job's folder. */
  readonly spoil?: (folder: string) => Promise<void>;
  /** The epoch to resume from. */
  readonly from?: number;
  /** The error's class, and what it has to say: what, where and what next. */
  readonly error: string;
  readonly says: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "a checkpoint folder that is a file",
    spoil: async (folder) => {
      await Deno.remove(folder, { recursive: true });
      await Deno.writeTextFile(folder, "not a folder");
    },
    error: "StoreError",
    says: ["adder", "is a file, not a folder"],
  },
  {
    name: "a folder of another job",
    spoil: async (folder) => {
      await Deno.remove(folder, { recursive: true });
      await run(otherJob("somebody-else"), { to: `file:${join(folder, "..", "other")}` });
      await Deno.rename(join(folder, "..", "other", "somebody-else"), folder);
      await Deno.remove(join(folder, "..", "other"));
    },
    error: "WrongJobError",
    says: ['"somebody-else"', '"adder"', "adder", "give each job a folder of its own"],
  },
  {
    name: "a job record of a newer format version",
    spoil: (folder) => rewrite(join(folder, "job.cbor"), newerVersion),
    error: "UnsupportedVersionError",
    says: ["job.cbor", "format version 2", "knows version 1", "newer"],
  },
  {
    name: "a manifest of a newer format version",
    spoil: (folder) => rewrite(join(folder, NEWEST), newerVersion),
    from: 3,
    error: "UnsupportedVersionError",
    says: [NEWEST, "format version 2", "knows version 1", "newer"],
  },
  {
    name: "a truncated manifest",
    spoil: (folder) => rewrite(join(folder, NEWEST), (bytes) => bytes.subarray(0, -9)),
    from: 3,
    error: "DamagedError",
    says: [NEWEST, "should have", "Resume from an earlier epoch"],
  },
  {
    name: "an altered manifest",
    spoil: (folder) => rewrite(join(folder, NEWEST), altered),
    from: 3,
    error: "DamagedError",
    says: [NEWEST, "SHA-256", "Resume from an earlier epoch"],
  },
  {
    name: "an empty manifest",
    spoil: (folder) => rewrite(join(folder, NEWEST), () => new Uint8Array()),
    from: 3,
    error: "DamagedError",
    says: [NEWEST, "Resume from an earlier epoch"],
  },
  {
    name: "a truncated pack",
    spoil: async (folder) => rewrite(await packOf(folder), (bytes) => bytes.subarray(0, -9)),
    from: 3,
    error: "DamagedError",
    says: [".pack", "should have", "Resume from an earlier epoch"],
  },
  {
    name: "an altered pack",
    spoil: async (folder) => rewrite(await packOf(folder), altered),
    from: 3,
    error: "DamagedError",
    says: [".pack", "should have", "Resume from an earlier epoch"],
  },
  {
    name: "a missing pack",
    spoil: async (folder) => Deno.remove(await packOf(folder)),
    from: 3,
    error: "DamagedError",
    says: [".pack", "should have", "Resume from an earlier epoch"],
  },
  {
    name: "an epoch that is not there",
    from: 17,
    error: "CheckpointNotFoundError",
    says: ["17", "adder", "there are 0, 1, 2, 3"],
  },
];

for (const { name, spoil, from, error, says } of cases) {
  Deno.test(`${name}: the runner says what, where and what next, and changes nothing`, async () => {
    await withSaved(async (place, folder) => {
      await spoil?.(folder);
      const before = await treeOf(place);
      const thrown = await failing(adder, {
        ...{ to: `file:${place}`, resumeFromEpoch: from ?? "auto", params: { epochs: 5 } },
      });
      assertEquals(thrown.name, error, thrown.message);
      for (const part of says) assertStringIncludes(thrown.message, part);
      assertEquals(await treeOf(place), before);
    });
  });

  Deno.test(`${name}: the command line says so, and changes nothing`, async () => {
    await withSaved(async (place, folder) => {
      await spoil?.(folder);
      const before = await treeOf(place);
      const { code, stdout, stderr } = await commandLine(place, from);
      assertEquals(code, 1);
      for (const part of says) assertStringIncludes(stdout + stderr, part);
      assert(!/Uncaught|^ +at /m.test(stdout + stderr), `no stack of ours: ${stderr}`);
      assertEquals(await treeOf(place), before);
    });
  });
}

Deno.test("a damaged newest epoch: a resume says so, goes back, and deletes nothing", async () => {
  await withSaved(async (place, folder) => {
    await rewrite(join(folder, NEWEST), altered);
    const before = await treeOf(place);
    const { code, stdout } = await commandLine(place, undefined);
    assertEquals(code, 0, stdout);
    assertStringIncludes(stdout, NEWEST);
    assertStringIncludes(stdout, "resumed from epoch 2");
    await assertKept(place, before);
  });
});

for (const unreadable of ["", "epochs", "attempts", "job.cbor", NEWEST]) {
  const name = unreadable === "" ? "checkpoint folder" : unreadable;
  Deno.test(`an unreadable ${name}: no fallback, no change`, async () => {
    await withSaved(async (place, folder) => {
      const before = await treeOf(place);
      const path = join(folder, unreadable);
      const { mode } = await Deno.stat(path);
      await Deno.chmod(path, 0);
      const { code, stdout, stderr } = await commandLine(place, undefined, [
        "setpriv",
        NO_OVERRIDE,
      ]);
      await Deno.chmod(path, mode ?? 0o755);
      assertEquals(code, 1, stdout);
      // What is named is what the system refused; the mend is the system's, not a flag of Deno's.
      assertStringIncludes(stdout + stderr, path);
      assert(!`${stdout}${stderr}`.includes("--allow-"), stdout + stderr);
      assert(/permission/i.test(stdout + stderr), stdout + stderr);
      assertEquals(await treeOf(place), before);
    });
  });
}

for (const missing of ["read", "write"]) {
  Deno.test(`a missing --allow-${missing}: the error gives the flag`, async () => {
    await withSaved(async (place) => {
      const before = await treeOf(place);
      const flags = [`--allow-${missing === "read" ? "write" : "read"}=${place}`];
      const args = [`--to=file:${place}`, "--param", "epochs=5"];
      const { code, stdout, stderr } = await runProgram(FILE, { flags, args });
      assertEquals(code, 1);
      assertStringIncludes(stdout + stderr, `run with --allow-${missing}=`);
      assertEquals(await treeOf(place), before);
    });
  });
}

Deno.test("a blob of another type than declared: both are named, and nothing is changed", async () => {
  await withSaved(async (place) => {
    const before = await treeOf(place);
    const total = blob("total", { initial: () => "none" });
    const name = task("name", { reads: { total }, writes: { total } })
      .run(({ total }, { epoch }) => ({ total: `${total} ${epoch}` }));
    const changed = job("adder", {
      epoch: [name],
      until: epochs(5),
      checkpoint: { to: `file:${place}` },
    });
    const thrown = await failing(changed, { to: `file:${place}`, resumeFromEpoch: "latest" });
    assertEquals(thrown.name, "JobChangedError");
    for (const part of ['"total"', '"main"', "epoch 3", "number", "string", "--fresh"]) {
      assertStringIncludes(thrown.message, part);
    }
    assertEquals(await treeOf(place), before);
  });
});

for (const wrong of [{ count: 1 }, {}, { total: 1, count: 1 }, undefined, 7]) {
  const text = JSON.stringify(wrong);
  Deno.test(`a task that returns ${text}: the run fails, and what was saved stays`, async () => {
    await withSaved(async (place) => {
      const before = await treeOf(place);
      const total = blob("total", { initial: () => 0 });
      const give = task("give", { reads: { total }, writes: { total } })
        .run(() => wrong as unknown as { total: number });
      const changed = job("adder", {
        epoch: [give],
        until: epochs(5),
        checkpoint: { to: `file:${place}` },
      });
      const thrown = await failing(changed, {
        ...{ to: `file:${place}`, resumeFromEpoch: "latest", allowChange: true },
      });
      assertEquals(thrown.name, "TaskError");
      for (const part of ['"give"', "epoch 4", '"main"', "total"]) {
        assertStringIncludes(thrown.message, part);
      }
      assertEquals(thrown.cause instanceof Error && thrown.cause.name, "TaskOutputError");
      await assertKept(place, before);
      const added = [...(await treeOf(place)).keys()].filter((path) => !before.has(path));
      assert(added.every((path) => path.includes("/attempts/")), added.join());
    });
  });
}

Deno.test("a place that Deno keeps for programs that may do all: the error says so", async () => {
  const flags = ["--allow-read", "--allow-write"];
  const { code, stderr } = await runProgram(FILE, { flags, args: ["--to=file:/proc/tidemark"] });
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, '"/proc/tidemark/adder');
  assertStringIncludes(stderr, "choose another place (--to), or run with --allow-all\n");
});

/** Drops what lets root read everything. */
const NO_OVERRIDE = "-dac_override,-dac_read_search";

/** The job, run to its end in a new folder. */
async function withSaved(
  run: (place: string, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (place) => {
    await using session = new LocalSession();
    await new JobRunner(adder, { to: `file:${place}` }).run(session);
    await run(place, join(place, "adder"));
  });
}

async function run(job: Job, options: JobRunnerOptions): Promise<void> {
  await using session = new LocalSession();
  await new JobRunner(job, options).run(session);
}

async function failing(job: Job, options: JobRunnerOptions): Promise<Error> {
  try {
    await run(job, options);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("the run did not fail");
}

async function commandLine(
  place: string,
  from: number | undefined,
  [program, dropped]: readonly string[] = [],
): ReturnType<typeof runProgram> {
  const command = from === undefined ? ["run"] : ["resume", "--from", String(from)];
  return await runProgram(FILE, {
    flags: [`--allow-read=${place}`, `--allow-write=${place}`],
    args: [...command, `--to=file:${place}`, "--param", "epochs=5"],
    ...program === undefined || !await isRoot() ? {} : {
      under: [program, `--bounding-set=${dropped}`, `--inh-caps=${dropped}`],
    },
  });
}

function otherJob(name: string): Job {
  const count = blob("count", { initial: () => 0 });
  const add = task("add", { reads: { count }, writes: { count } })
    .run(({ count }) => ({ count: count + 1 }));
  return job(name, { epoch: [add], until: epochs(1), checkpoint: { to: "file:unused" } });
}
