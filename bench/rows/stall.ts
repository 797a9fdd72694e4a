/** How long a job stands still at the end of an epoch, while its state is saved. */

import { join } from "@std/path";
import { epochs, type EventBody, job, JobRunner, LocalSession, task } from "tidemark";
import { bytesOf, changeAll, makeWeights } from "../data.ts";
import { compareAndCopy } from "../limit.ts";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, type Figures, ratio } from "../stats.ts";
import { dropOlderPacks, weights } from "../subject.ts";

/** How long an epoch of the job is that the second goal speaks of. */
const EPOCH_SECONDS = 10;

/** The row. */
export const stall: Row = { title: "Stall of the job during a full save", measure };

/** Follows a run, and tells when a save is committed. */
class Boundaries {
  /** From the end of each epoch's group to the start of the next task. */
  readonly stalls: number[] = [];
  /** What the saves took, by their own account. */
  readonly saves: number[] = [];
  #endedAt: number | undefined;
  #committed = Promise.withResolvers<void>();

  /** Takes note of an event. */
  hear(event: EventBody): void {
    if (event.type === "phase-finished" && event.phase === "epoch") {
      this.#endedAt = performance.now();
      this.#committed = Promise.withResolvers();
    } else if (event.type === "task-started" && this.#endedAt !== undefined) {
      this.stalls.push((performance.now() - this.#endedAt) / 1000);
      this.#endedAt = undefined;
    } else if (event.type === "save-committed") {
      this.saves.push(event.durationMs / 1000);
      this.#committed.resolve();
    }
  }

  /** Waits until the last save is committed, so that what is measured next has the machine alone. */
  committed(): Promise<void> {
    return this.#committed.promise;
  }
}

async function measure({ folder, bytes, rounds, log, collect }: Bench): Promise<Outcome> {
  const boundaries = new Boundaries();
  const bare: number[] = [];
  const place = join(folder, "stall");
  const mirror = new Uint8Array(bytes);
  const make = task("make", { writes: { weights } }).run(() => ({ weights: makeWeights(bytes) }));
  const train = task("train", { updates: { weights } }).run(async ({ weights }, { epoch }) => {
    await boundaries.committed();
    await dropOlderPacks(place);
    changeAll(weights);
    collect();
    const from = performance.now();
    compareAndCopy(bytesOf(weights), mirror);
    bare.push((performance.now() - from) / 1000);
    log(`epoch ${epoch} of ${rounds + 2}`);
  });
  const made = job("stall", {
    init: [make],
    epoch: [train],
    until: epochs(rounds + 2),
    checkpoint: { to: `file:${folder}` },
  });
  await using session = new LocalSession({ onEvent: (event) => boundaries.hear(event) });
  await new JobRunner(made).run(session);
  // The first epoch warms up, and after the last one no task starts. Epoch 0 is saved before all.
  const figures: Figures[] = [
    { name: "the job stands still", rounds: boundaries.stalls.slice(1) },
    { name: "bare compare + copy", rounds: bare.slice(1, -1) },
    { name: "the save, until it is committed", rounds: boundaries.saves.slice(2, -1) },
  ];
  const [stalls, copies] = figures as [Figures, Figures];
  const times = ratio(stalls, copies);
  const share = 100 * ratio(stalls, { ...stalls, rounds: stalls.rounds.map(() => EPOCH_SECONDS) });
  const bound = "what a save does on the job's own thread: compare, copy, and whatever of sums, " +
    "writes and syncs the job waits for";
  return {
    goals: [
      {
        goal: "at most 1.3 × (compare + copy)",
        measured: `${digits(times)} ×`,
        isMet: times <= 1.3,
        bound,
      },
      {
        goal: `at most 2 % of a job with ${EPOCH_SECONDS} s epochs`,
        measured: `${digits(share)} %`,
        isMet: share <= 2,
        bound,
      },
    ],
    charts: [{ title: "at each boundary", unit: "s", figures }],
    notes: [
      "From the event that ends an epoch's group to the event that starts the next task. Each task first waits until the save is committed, as in a job whose epochs take longer than a save; then it measures the bare compare and copy against a mirror of its own.",
    ],
  };
}
