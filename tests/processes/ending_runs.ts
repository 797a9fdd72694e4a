/**
 * Runs a job with large blobs again and again, each time to another end, and prints what is open before
 * the first run and after each: `ending_runs.ts <folder> <grain> [leaks]`.
 */

import {
  blob,
  CheckpointManager,
  epochs,
  FileStore,
  job,
  JobRunner,
  LocalSession,
  task,
} from "tidemark";
import {
  madeSoFar,
  openLike,
  type OpenThings,
  openThings,
  watchOpenThings,
} from "./open_things.ts";

/** What a run came to. */
export interface Ended {
  /** How it was to end. */
  readonly run: string;
  /** The last epoch, or the name of what it failed with. */
  readonly end: string;
  /** The epochs that were saved. */
  readonly saved: readonly number[];
  /** Whether a save was under way when it was ended. */
  readonly isSaving: boolean;
  /** How many snapshots the thread was filling then. */
  readonly filling: number;
  /** How often it was asked to fill one. */
  readonly fills: number;
  /** How many workers, and pieces of shared memory, were made in it. */
  readonly made: ReturnType<typeof madeSoFar>;
  /** What is open afterwards. */
  readonly open: OpenThings;
}

/** What is open before all runs, and what they came to. */
export interface Endings {
  readonly before: OpenThings;
  readonly ended: readonly Ended[];
}

/** What the job does in a run. */
interface Plan {
  readonly until: number;
  readonly load?: "lazy";
  /** How it is ended before that … */
  readonly by?: "failure" | "cancellation";
  /** … by the first task that runs; or while an epoch is saved: by the next task, or before the sync. */
  readonly at?: "first task" | number;
}

type Grain = "epoch" | "task";

const LENGTH = 2 ** 20;
const weights = blob("weights", { initial: () => new Float64Array(LENGTH) });
const still = blob("still", { initial: () => new Float64Array(LENGTH).fill(7) });
const total = blob("total", { initial: () => 0 });

const ENDS: readonly (readonly [string, Plan])[] = [
  ["done", { until: 3 }],
  ["done after a lazy load", { until: 5, load: "lazy" }],
  ["failed in the first task", { until: 9, by: "failure", at: "first task" }],
  ["failed in mid-save", { until: 9, by: "failure", at: 7 }],
  ["cancelled in mid-save", { until: 12, by: "cancellation", at: 9 }],
  ["cancelled in the first task", {
    until: 12,
    load: "lazy",
    by: "cancellation",
    at: "first task",
  }],
  ["done in the end", { until: 12 }],
];

async function run(folder: string, grain: Grain, plan: Plan): Promise<Omit<Ended, "run" | "open">> {
  const before = madeSoFar();
  const saved: number[] = [];
  const saving = new Set<number>();
  let [fills, filling] = [0, 0];
  const controller = new AbortController();
  const failed = Promise.withResolvers<void>();
  let ended = { isSaving: false, filling };
  const end = (): void => {
    ended = { isSaving: saving.size > 0, filling };
    if (plan.by === "cancellation") return controller.abort();
    failed.resolve();
    throw new Error("it fails");
  };
  const store = new FileStore(folder, {
    onPoint: async (point, path) => {
      if (point !== "pack sync" || !path.includes(`e00000${plan.at}`)) return;
      if (plan.by === "cancellation") end();
      else await failed.promise;
    },
  });
  const fill = store.fill.bind(store);
  store.fill = async (memory, blocks) => {
    fills++;
    filling++;
    try {
      return await fill(memory, blocks);
    } finally {
      filling--;
    }
  };
  let tasks = 0;
  const train = task("train", { updates: { weights }, writes: { total } })
    .run(async ({ weights }, { epoch, map }) => {
      if (plan.at === "first task" && tasks++ === 0) end();
      let total = 0;
      const parts = map("part", [1, 2, 3], (part) => part * epoch, { key: String });
      for await (const part of parts) total += part;
      if (plan.by === "failure" && plan.at === epoch - 1) end();
      weights.fill(epoch);
      return { total };
    });
  const look = task("look", { reads: { still } }).run(({ still }) => {
    if (still[1] !== 7) throw new Error("it is not what was saved");
  });
  const made = job("ending", {
    epoch: [train],
    exit: [look],
    until: epochs(plan.until),
    checkpoint: { to: "file:unused", grain, load: plan.load ?? "eager", durability: "process" },
  });
  await using session = new LocalSession({
    onEvent: (event) => {
      if (event.type === "save-started") saving.add(event.epoch);
      if (event.type !== "save-committed") return;
      saving.delete(event.epoch);
      if (event.phase === "epoch") saved.push(event.epoch);
    },
  });
  const checkpoints = new CheckpointManager(folder, "file", { store });
  const runner = new JobRunner(made, { checkpoints, resumeFromEpoch: "auto" });
  const { signal } = controller;
  const came = await runner.run(session, { signal }).then(String, ({ name }: Error) => name);
  const { workers, buffers } = madeSoFar();
  const more = { workers: workers - before.workers, buffers: buffers - before.buffers };
  return { end: came, saved, fills, ...ended, made: more };
}

/** Leaves something of each kind open, to see that it shows; gives what closes it. */
function leaveOpen(folder: string): () => void {
  const worker = new Worker("data:text/javascript,postMessage(1)", { type: "module" });
  const file = Deno.openSync(folder);
  const buffer = new SharedArrayBuffer(12);
  return () => {
    worker.terminate();
    file.close();
    new Uint8Array(buffer).fill(1);
  };
}

if (import.meta.main) {
  const [folder = "", grain = "epoch", leaks] = Deno.args as [string, Grain, string?];
  await watchOpenThings();
  const before = await openThings();
  const ended: Ended[] = [];
  for (const [name, plan] of leaks === undefined ? ENDS : ENDS.slice(0, 1)) {
    const end = await run(folder, grain, plan);
    const close = leaks === undefined ? undefined : leaveOpen(folder);
    const open = await openLike(before, leaks === undefined ? 10_000 : 1000);
    ended.push({ run: name, ...end, open });
    close?.();
  }
  console.log(JSON.stringify({ before, ended } satisfies Endings));
}
