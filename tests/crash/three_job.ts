/** A job on three nodes that uses what a resume can get wrong, made to run in about a second. */

import {
  blob,
  codec,
  cursor,
  epochs,
  from,
  gather,
  type Job,
  job,
  keepLast,
  nodes,
  on,
  optional,
  param,
  previous,
  repeat,
  replicate,
  type Task,
  task,
  type Uploader,
} from "tidemark";

/** Values of many kinds, which a restore must give back exactly. */
interface Mixed {
  table: Map<string, number>;
  big: bigint;
  when: Date;
  odd: (number | string | null | undefined)[];
  bytes: Uint8Array;
}

/** A value that only its codec can look into. */
class Dice {
  readonly #rolls: number[];

  constructor(rolls: readonly number[]) {
    this.#rolls = [...rolls];
  }

  get rolls(): readonly number[] {
    return this.#rolls;
  }

  add(roll: number): void {
    this.#rolls.push(roll);
  }
}

/** Doubles on each worker: 1.25 MiB, which is five blocks. */
const CELLS = 160 * 1024;
const MOVES = 400;

const workers = nodes("worker", 2);
const rounds = param("rounds", 5, { integer: true, min: 1 });
const strength = param("strength", 0.5, { min: 0 });

const cells = blob<Float64Array>("cells");
const names = blob<string[]>("names", { immutable: true });
const next = cursor("next", { over: names, take: 4, shuffle: true, wrap: true });
const chosen = blob("chosen", { initial: (): string[] => [] });
const mixed = blob<Mixed>("mixed", {
  initial: () => ({
    table: new Map(),
    big: 1n,
    when: new Date(0),
    odd: [NaN, -0, undefined, null, "\u00e9"],
    bytes: new Uint8Array(3),
  }),
});
const part = blob<number>("part");
const mean = blob<number>("mean", { initial: () => 0 });
const momentum = blob<number>("momentum", { initial: () => 0 });
const draft = blob<number>("draft", { scratch: true });
const note = blob<string>("note");
const turns = blob("turns", { initial: () => 0 });
const dice = blob("dice", {
  initial: () => new Dice([]),
  codec: codec({
    encode: (dice: Dice) => ({ rolls: [...dice.rolls] }),
    decode: ({ rolls }) => new Dice(rolls),
  }),
});
const archive = blob<Float64Array>("archive");
const summary = blob<string>("summary");
const farewell = blob<number>("farewell");

const fill = task("fill", { writes: { cells } })
  .run((_, { rng }) => ({ cells: Float64Array.from({ length: CELLS }, rng("cells")) }));
const name = task("name", { writes: { names } })
  .run(() => ({ names: Array.from({ length: 11 }, (_, index) => `item ${index}`) }));

/** Changes the large blob in place, and fails in every second epoch after it has changed it. */
const stir = task("stir", {
  reads: { mean: from("leader", mean), strength },
  updates: { cells },
  writes: { part },
  retry: { attempts: 3 },
}).run(async ({ cells, mean, strength }, { rng, epoch, try: number, progress, replica }) => {
  const random = rng("moves");
  for (let move = 0; move < MOVES; move++) {
    const at = random.int(CELLS);
    cells[at] = (cells[at] ?? 0) * strength + random.normal() + mean;
    await progress(move + 1, MOVES);
  }
  if (number === 1 && epoch % 2 === replica.index) throw new Error("the first try always fails");
  return { part: cells.reduce((sum, cell) => sum + cell, 0) };
});

const average = task("average", {
  reads: { parts: gather(workers, part), last: previous(mean, 0), momentum, strength },
  writes: { mean, momentum, draft },
}).run(({ parts, last, momentum, strength }) => {
  const draft = parts.reduce((sum, part) => sum + part, 0) / (parts.length * CELLS);
  return { draft, mean: draft, momentum: momentum * strength + (draft - last) };
});

const choose = task("choose", {
  reads: { next, draft, note: optional(note) },
  updates: { chosen, mixed },
}).run(({ next, draft, note, chosen, mixed }, { epoch, rng }) => {
  chosen.push(...next.items, note ?? "no note");
  mixed.table.set(`epoch ${epoch}`, draft);
  mixed.big = mixed.big * 1_000_003n + BigInt(rng("big").int(1000));
  mixed.when = new Date(mixed.when.getTime() + epoch);
  mixed.bytes = Uint8Array.from({ length: 8 * epoch }, () => rng("bytes").int(256));
});

const count = task("count", { reads: { turns }, updates: { dice }, writes: { turns } })
  .run(({ turns, dice }, { rng }) => {
    const roll = rng("turn").int(7);
    dice.add(roll);
    return { turns: turns * 3 + roll };
  });

const fetch = task("fetch", {
  reads: { parts: gather(workers, cells), momentum },
  writes: { archive, note },
}).run(({ parts, momentum }, { rng }) => {
  const shift = rng("shift")() + momentum;
  const archive = Float64Array.from({ length: CELLS }, (_, at) => (parts[0]?.[at] ?? 0) + shift);
  return { archive, note: `shifted by ${shift}` };
});

const sumUp = task("sum-up", { reads: { archive, chosen, turns }, writes: { summary } })
  .run(({ archive, chosen, turns }, { rng }) => {
    const total = archive.reduce((sum, cell) => sum + cell, 0);
    return { summary: `${total} ${chosen.join()} ${turns} ${rng("end").int(1_000_000)}` };
  });

const leave = task("leave", { reads: { part }, writes: { farewell } })
  .run(({ part }, { rng }) => ({ farewell: part * rng("farewell")() }));

/** The job. */
const three: Job = job("three", {
  init: [replicate(workers, fill), on("leader", name)],
  epoch: [
    replicate(workers, stir),
    on("leader", average, choose, repeat(2, count)),
  ],
  download: [on("leader", fetch)],
  exit: [on("leader", sumUp), replicate(workers, leave)],
  until: epochs(rounds),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)] },
});
export default three;

/** Reads what is to be taken elsewhere; it is given no place outside, so that it needs no permission. */
const upload: Task<{ readonly mean: number }, Record<never, never>> = task("upload", {
  reads: { mean },
}).run(({ mean }, { log }) => log(`uploaded ${mean}`));

/** The uploader of the job. */
export const threeUploader: Uploader = { build: () => on("leader", upload) };
