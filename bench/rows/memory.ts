/** The memory that checkpoints take on top of the job's own, over many epochs. */

import { fromFileUrl, join } from "@std/path";
import { epochs, job, JobRunner, keepLast, LocalSession, task } from "tidemark";
import {
  BLOCK_BYTES,
  blocksOf,
  changeAll,
  changeBlock,
  generator,
  makeWeights,
  MIB,
} from "../data.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, type Figures, median } from "../stats.ts";
import { weights } from "../subject.ts";

const EPOCHS = 1000;
/** Each so many epochs all blocks change; in the others 1 % of them, scattered. */
const ALL_EVERY = 50;
const GARBAGE = fromFileUrl(new URL("../garbage.ts", import.meta.url));

/** The row. */
export const memory: Row = { title: "Memory over 1,000 epochs", measure };

async function measure({ folder, bytes, log, collect }: Bench): Promise<Outcome> {
  const samples: number[] = [];
  let baseBytes = 0;
  const next = generator(7);
  const make = task("make", { writes: { weights } }).run(() => ({ weights: makeWeights(bytes) }));
  const train = task("train", { updates: { weights } }).run(({ weights }, { epoch }) => {
    samples.push(Deno.memoryUsage().rss - baseBytes);
    if (epoch % 100 === 0) log(`epoch ${epoch} of ${EPOCHS}`);
    if (epoch % ALL_EVERY === 0) return changeAll(weights);
    const blocks = blocksOf(weights);
    for (let count = 0; count < blocks / 100; count++) changeBlock(weights, next() % blocks);
  });
  const made = job("memory", {
    init: [make],
    epoch: [train],
    until: epochs(EPOCHS),
    checkpoint: { to: `file:${join(folder, "store")}`, keep: [keepLast(3)], durability: "process" },
  });
  await using session = new LocalSession({
    onEvent(event) {
      // The job's own memory is all there, and nothing is saved yet.
      if (event.type !== "phase-finished" || event.phase !== "init") return;
      collect();
      baseBytes = Deno.memoryUsage().rss;
    },
  });
  await new JobRunner(made).run(session);
  const bare = await bareSamples(Math.ceil(bytes / BLOCK_BYTES));
  const shares = samples.map((sample) => sample / bytes);
  const most = Math.max(...shares);
  const growth = growthOf(samples);
  const bound =
    `one snapshot of the blobs; beside it the engine's heap, whose part for new objects doubles each time that as many bytes as it has have outlived a collection: a bare loop that makes as many objects without a store takes ${
      digits(Math.max(...bare) / MIB)
    } MiB more than at its start, ${
      digits(growthOf(bare) / MIB)
    } MiB more in the last tenth than in the second`;
  return {
    goals: [
      {
        goal: "at most 1.1 × the saved blobs on top of the job's own",
        measured: `${most.toFixed(3)} × at most`,
        isMet: most <= 1.1,
        bound,
      },
      {
        goal: "flat over 1,000 epochs",
        measured: `${digits(growth / MIB)} MiB more in the last tenth than in the second`,
        isMet: growth < 0.05 * bytes,
        bound,
      },
    ],
    charts: [
      { title: "resident on top of the job's own", unit: "× the blobs", figures: tenths(shares) },
      {
        title: "a bare loop that makes as many objects, without a store: on top of its start",
        unit: "MiB",
        figures: tenths(bare.map((sample) => sample / MIB)),
      },
    ],
    notes: [
      `A job with one blob of ${
        digits(bytes / MIB)
      } MiB and keepLast(3): all of it changes in each ${ALL_EVERY}th epoch, in the others 1 % of its blocks, scattered. The process's resident set, before the first save and at the start of each epoch.`,
    ],
  };
}

/** How much more there is in the last tenth than in the second. */
function growthOf(samples: readonly number[]): number {
  return median(samples.slice(-EPOCHS / 10)) - median(samples.slice(EPOCHS / 10, EPOCHS / 5));
}

function tenths(samples: readonly number[]): Figures[] {
  return Array.from({ length: 10 }, (_, part) => ({
    name: `epochs ${part * EPOCHS / 10 + 1} to ${(part + 1) * EPOCHS / 10}`,
    rounds: samples.slice(part * EPOCHS / 10, (part + 1) * EPOCHS / 10),
  }));
}

/** What a bare loop takes on top of what it had at its start, at each epoch. */
async function bareSamples(blocks: number): Promise<readonly number[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", GARBAGE, `${EPOCHS}`, `${blocks}`, `${ALL_EVERY}`],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("the bare loop has failed");
  const samples = JSON.parse(new TextDecoder().decode(stdout)) as number[];
  return samples.map((sample) => sample - (samples[0] ?? 0));
}
