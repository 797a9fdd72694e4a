// What recorded work lies in is made durable by whoever goes on from it.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { blob, epochs, job, task } from "../../../dsl/mod.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { FileStore } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { temporaryFolder, watchedFileSystem } from "../../storage/watched_file_system.ts";

Deno.test("work that was recorded under process is synced with its packs before it is gone on from", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  const big = blob<Uint8Array>("big");
  const sum = blob<number>("sum");
  let isDying = true;
  const fill = task("fill", { writes: { big } })
    .run(() => ({ big: new Uint8Array(1024 * 1024).fill(7) }));
  const add = task("add", { reads: { big }, writes: { sum } }).run(({ big }) => {
    if (isDying) throw new Error("dies here");
    return { sum: big[0] ?? 0 };
  });
  const run = async (durability: "process" | "power", store: FileStore) => {
    await using session = new LocalSession();
    const made = job("packs", {
      init: [fill, add],
      epoch: [],
      until: epochs(1),
      checkpoint: { to: "memory:unused", grain: "task" },
    });
    const checkpoints = new CheckpointManager(root, "file", { store, durability });
    await new JobRunner(made, { checkpoints, resumeFromEpoch: "auto" }).run(session);
  };
  await errorOf(run("process", new FileStore(root)));
  const names = [...Deno.readDirSync(join(root, "tasks"))].map(({ name }) => name);
  const pack = names.find((name) => name.endsWith(".pack"));
  assert(pack !== undefined, names.join());
  isDying = false;
  const synced = new Set<string>();
  const fileSystem = watchedFileSystem(({ op, path }) => {
    if (op === "syncFile" || op === "syncFolder") synced.add(path.slice(root.length));
    // What was recorded is read before, and what is built on it comes behind.
    if (op === "create" && path.startsWith(join(root, "epochs"))) {
      assert(synced.has(`/tasks/${pack}`));
    }
  });
  await run("power", new FileStore(root, { fileSystem }));
  for (const name of names) assert(synced.has(`/tasks/${name}`), name);
  assertEquals(synced.has("/tasks"), true);
});
