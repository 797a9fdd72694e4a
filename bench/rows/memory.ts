/** The memory that checkpoints take on top of the job's own, over many epochs. */

import { join } from "@std/path";
import { epochs, job, JobRunner, keepLast, LocalSession, task } from "tidemark";
import { blocksOf, changeAll, changeBlock, generator, makeWeights, MIB } from "../data.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, median } from "../stats.ts";
import { weights } from "../subject.ts";

const EPOCHS = 1000;
/** Each so many epochs all blocks change; in the others 1 % of them, scattered. */
const ALL_EVERY = 50;

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
  const shares = samples.map((sample) => sample / bytes);
  const most = Math.max(...shares);
  const early = median(shares.slice(EPOCHS / 10, EPOCHS / 5));
  const late = median(shares.slice(-EPOCHS / 10));
  const figures = Array.from({ length: 10 }, (_, part) => ({
    name: `epochs ${part * EPOCHS / 10 + 1} to ${(part + 1) * EPOCHS / 10}`,
    rounds: shares.slice(part * EPOCHS / 10, (part + 1) * EPOCHS / 10),
  }));
  const bound = "one snapshot of the blobs; beside it buffers of the engine and the allocator";
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
        measured: `${
          digits((late - early) * bytes / MIB)
        } MiB more in the last tenth than in the second`,
        isMet: late - early < 0.05,
        bound,
      },
    ],
    charts: [{ title: "resident on top of the job's own", unit: "× the blobs", figures }],
    notes: [
      `A job with one blob of ${
        digits(bytes / MIB)
      } MiB and keepLast(3): all of it changes in each ${ALL_EVERY}th epoch, in the others 1 % of its blocks, scattered. The process's resident set, before the first save and at the start of each epoch.`,
    ],
  };
}
