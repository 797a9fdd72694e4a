/**
 * The job that is simulated: it uses what a resume can get wrong, and waits at every step of its tasks.
 */

import {
  blob,
  type CheckpointPlan,
  cursor,
  epochs,
  gather,
  type Job,
  job,
  nodes,
  on,
  previous,
  replicate,
  task,
} from "tidemark";

/** How many epochs it has. */
export const EPOCHS = 4;
/** Doubles of a blob that lies in a pack. */
const CELLS = 520;
/** How long each epoch sleeps, in milliseconds. */
export const NAP_MS = 3000;

/** What is outside of the job, and keeps account of what it does there. */
export interface Outside {
  /** An effect begins. */
  begun(key: string): void;
  /** The job has been given the effect's result, which is durable by then. */
  ended(key: string): void;
  /** A task is about to sleep. */
  sleeps(key: string): void;
  /** It has slept. */
  slept(key: string): void;
}

const workers = nodes("worker", 2);
const cells = blob<Float64Array>("cells");
const still = blob<Float64Array>("still", { immutable: true });
/** Not saved: made again on each resume. */
const squares = blob<Float64Array>("squares", { derived: true });
const part = blob<number>("part");
const mean = blob<number>("mean", { initial: () => 0 });
const names = blob<string[]>("names", { immutable: true });
const next = cursor("next", { over: names, take: 2, shuffle: true, wrap: true });
const chosen = blob("chosen", { initial: (): string[] => [] });
const paid = blob("paid", { initial: (): string[] => [] });
const summary = blob<string>("summary");

/** A turn for others: what a task awaits. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

const fill = task("fill", { writes: { cells, still } }).run(async (_, { rng }) => {
  await pause(1);
  const random = (name: string) => Float64Array.from({ length: CELLS }, rng(name));
  return { cells: random("cells"), still: random("still") };
});
const square = task("square", { reads: { still }, writes: { squares } })
  .run(async ({ still }) => {
    await pause(1);
    return { squares: still.map((cell) => cell * cell) };
  });
const name = task("name", { writes: { names } })
  .run(() => ({ names: Array.from({ length: 7 }, (_, index) => `item ${index}`) }));

/** Changes the large blob in place, and fails in every second epoch after it has changed it. */
const stir = task("stir", {
  reads: { still, squares },
  updates: { cells },
  writes: { part },
  retry: { attempts: 2, delay: "2s" },
}).run(async ({ still, squares, cells }, { rng, epoch, try: number, replica }) => {
  const random = rng("moves");
  for (let move = 0; move < 3; move++) {
    const at = random.int(CELLS);
    cells[at] = (cells[at] ?? 0) / 2 + random.normal() + (still[at] ?? 0) - (squares[at] ?? 0);
    await pause(1);
  }
  if (number === 1 && epoch % 2 === replica.index) throw new Error("the first try always fails");
  return { part: cells.reduce((sum, cell) => sum + cell, 0) };
});
const average = task("average", {
  reads: { parts: gather(workers, part), last: previous(mean, 0) },
  writes: { mean },
}).run(({ parts, last }) => ({ mean: parts.reduce((sum, one) => sum + one, last) / 3 }));
const choose = task("choose", { reads: { next }, updates: { chosen } })
  .run(async ({ next, chosen }) => {
    chosen.push(...next.items);
    await pause(1);
  });

/** Does something outside in each epoch, twice, and sleeps; and something else when all is over. */
function effects(outside: Outside) {
  const pay = task("pay", { reads: { mean }, updates: { paid } })
    .run(async ({ mean, paid }, { step, sleep, epoch, idempotencyKey }) => {
      for (const bill of ["first", "second"]) {
        const key = `${idempotencyKey} ${bill}`;
        const receipt = await step(bill, async () => {
          outside.begun(key);
          await pause(2);
          return `${bill} of ${epoch}: ${mean}`;
        });
        outside.ended(key);
        paid.push(receipt);
      }
      outside.sleeps(idempotencyKey);
      await sleep("nap", `${NAP_MS}ms`);
      outside.slept(idempotencyKey);
    });
  const close = task("close", { reads: { chosen, paid }, writes: { summary } })
    .run(async ({ chosen, paid }, { rng }) => {
      await pause(1);
      return { summary: `${chosen.join()} ${paid.join()} ${rng("end").int(1_000_000)}` };
    });
  return { pay, close };
}

/** Whether a blob, given as `node/blob`, is derived. */
export function isDerived(key: string): boolean {
  return key.endsWith("/squares");
}

/** What its plan says beside the place. */
export type SimPlan = Omit<CheckpointPlan, "to">;

/** The job, for what is outside of it, with a plan. */
export function simJob(outside: Outside, plan: SimPlan): Job {
  const { pay, close } = effects(outside);
  return job("sim", {
    init: [replicate(workers, fill, square), on("worker_0", name)],
    epoch: [replicate(workers, stir), on("worker_0", average, choose, pay)],
    exit: [on("worker_0", close)],
    until: epochs(EPOCHS),
    checkpoint: { to: "memory:unused", ...plan },
  });
}
