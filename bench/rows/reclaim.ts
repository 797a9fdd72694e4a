/** What retention and reclaim write and leave on disk, over three workloads. */

import { join } from "@std/path";
import {
  CheckpointStore,
  epochs,
  FileStore,
  job,
  JobRunner,
  keepLast,
  LocalSession,
  MultiNodeCheckpointManager,
  task,
} from "tidemark";
import { BLOCK_BYTES, changeBlock, generator, makeWeights, MIB } from "../data.ts";
import { type Cost, model, type Policy, type Workload } from "../reclaim_model.ts";
import type { Bench, Chart, Goal, Outcome, Row } from "../row.ts";
import { digits, median } from "../stats.ts";
import { weights } from "../subject.ts";

const EPOCHS = 1000;
const KEEP = 3;
/** How often the disk is looked at. */
const LOOK_EVERY = 5;
/** The thresholds of the trade-off curve; the product's own are 1.5 and 0.5. */
const PACK_SHARES = [1.1, 1.25, 1.5, 2, 3, Infinity] as const;
const COPY_SHARES = [0.25, 0.5, 1, 2] as const;
const OWN = { packShare: 1.5, copyShare: 0.5 };

/** The product divides what is new among packs of an eighth of all, or of 4 MiB. */
const packBlocksOf = ({ blocks }: Case): number => Math.max(4 * MIB / BLOCK_BYTES, blocks / 8);

interface Case {
  readonly name: string;
  readonly blocks: number;
  /** Makes the workload anew, as it remembers where it stands. */
  readonly make: () => Workload;
}

const CASES: readonly Case[] = [
  { name: "all", blocks: 40, make: () => () => Array(40).keys() },
  { name: "1 % scattered", blocks: 400, make: () => picking(4, (next) => next() % 400) },
  {
    name: "90/10 hot",
    blocks: 400,
    make: () => picking(20, (next) => next() % 10 === 0 ? 40 + next() % 360 : next() % 40),
  },
];

/** The row. */
export const reclaim: Row = { title: "Retention and reclaim, 1,000 epochs, keepLast(3)", measure };

function picking(count: number, pick: (next: () => number) => number): Workload {
  const next = generator(11);
  return () => {
    const blocks = new Set<number>();
    while (blocks.size < count) blocks.add(pick(next));
    return blocks;
  };
}

async function measure({ folder, log }: Bench): Promise<Outcome> {
  const goals: Goal[] = [];
  const disks: Chart["figures"][number][] = [];
  const writes: Chart["figures"][number][] = [];
  const curves: string[] = [];
  for (const one of CASES) {
    const { written, shares } = await runCase(one, join(folder, one.name.replaceAll(/\W/g, "")));
    log(`${one.name}: done`);
    const most = Math.max(...shares);
    const modelled = modelOf(one, { ...OWN, packBlocks: packBlocksOf(one) });
    goals.push({
      goal: `${one.name}: at most 1.6 × the changed bytes written, at 2.0 × live bytes on disk`,
      measured: `${digits(written)} × written, ${digits(median(shares))} × on disk (at most ${
        digits(most)
      })`,
      isMet: written <= 1.6 && most <= 2,
      bound: `the policy itself: a model of it, which counts blocks only, gives ${
        digits(modelled.written)
      } ×, ${digits(modelled.meanDisk)} × in the mean and at most ${
        digits(modelled.mostDisk)
      } ×; see the curve`,
    });
    writes.push({ name: one.name, rounds: [written] });
    disks.push({ name: one.name, rounds: shares });
    // Where all changes there is nothing to copy.
    if (one.name !== "all") curves.push(curveOf(one, true), curveOf(one, false));
  }
  return {
    goals,
    charts: [
      { title: "bytes written / bytes changed", unit: "×", figures: writes },
      { title: "bytes on disk / live bytes", unit: "×", figures: disks },
    ],
    notes: [
      `Blobs of ${40 * BLOCK_BYTES / MIB} and ${
        400 * BLOCK_BYTES / MIB
      } MiB, looked at every ${LOOK_EVERY} epochs after the first 50. Written are packs and manifests, less the first save. Live are the distinct blocks that the kept checkpoints name.`,
      "The trade-off curve, by the model (`bench/reclaim_model.ts`): at each threshold of pack bytes over live bytes (rows) and of copied over written bytes (columns), what is written for each changed byte, and what lies on disk for each live one in the mean and at most. The product's thresholds are 1.5 and 0.5. The second table of each workload is that of saves that are not divided among packs: the first save's one pack goes only once all that is still in use of it was copied, and takes its room twice until then.",
      ...curves,
    ],
  };
}

function modelOf({ make, blocks }: Case, policy: Policy): Cost {
  return model({ workload: make(), blocks, epochs: EPOCHS, keep: KEEP }, policy);
}

function curveOf(one: Case, isDivided: boolean): string {
  const packBlocks = isDivided ? packBlocksOf(one) : Infinity;
  const rows = PACK_SHARES.map((packShare) => {
    const cells = COPY_SHARES.map((copyShare) => {
      const cost = modelOf(one, { packShare, copyShare, packBlocks });
      return [cost.written, cost.meanDisk, cost.mostDisk].map(digits).join(" / ");
    });
    return `| ${packShare === Infinity ? "never" : packShare} | ${cells.join(" | ")} |`;
  });
  return [
    `| ${one.name}${isDivided ? "" : ", undivided"} | ${
      COPY_SHARES.map((share) => `copies ≤ ${share}`).join(" | ")
    } |`,
    `| --- |${" --- |".repeat(COPY_SHARES.length)}`,
    ...rows,
  ].join("\n");
}

/** Runs a workload as a job; gives what is written for each changed byte, and each look at the disk. */
async function runCase(
  { blocks, make: makeWorkload }: Case,
  place: string,
): Promise<{ readonly written: number; readonly shares: readonly number[] }> {
  const workload = makeWorkload();
  const store = new FileStore(place);
  const shares: number[] = [];
  let [changed, first] = [0, 0];
  const make = task("make", { writes: { weights } })
    .run(() => ({ weights: makeWeights(blocks * BLOCK_BYTES) }));
  const train = task("train", { updates: { weights } }).run(async ({ weights }, { epoch }) => {
    if (epoch === 1) first = store.bytesWritten;
    if (epoch > 50 && epoch % LOOK_EVERY === 0) shares.push(await diskShare(place));
    for (const block of workload(epoch)) {
      changeBlock(weights, block);
      changed += BLOCK_BYTES;
    }
  });
  const made = job("reclaim", {
    init: [make],
    epoch: [train],
    until: epochs(EPOCHS),
    checkpoint: { to: "file:unused", keep: [keepLast(KEEP)] },
  });
  const checkpoints = new MultiNodeCheckpointManager(place, "file", {
    ...{ store, durability: "none" },
    // Tasks look at the store, which must be at rest then.
    waitBytes: Infinity,
  });
  await using session = new LocalSession();
  await new JobRunner(made, { checkpoints }).run(session);
  return { written: (store.bytesWritten - first) / changed, shares };
}

/** What lies on disk, in packs and manifests, for each byte that the kept checkpoints name. */
async function diskShare(place: string): Promise<number> {
  const files = new FileStore(place);
  const store = await CheckpointStore.open(files);
  const live = new Map<string, number>();
  const { manifests } = await store.history();
  for (const ref of manifests) {
    const { nodes } = await store.readManifest(ref);
    for (const entry of Object.values(nodes).flatMap((blobs) => Object.values(blobs))) {
      if ("absent" in entry) continue;
      for (const { pack, offset, length } of entry.blocks ?? []) {
        live.set(`${pack}@${offset}`, length);
      }
    }
  }
  let bytes = 0;
  const walk = async (prefix: string): Promise<void> => {
    for (const name of await files.list(prefix)) {
      if (/\.\w+$/.test(name)) bytes += (await files.stat(name))?.byteLength ?? 0;
      else await walk(`${name}/`);
    }
  };
  await walk("");
  return bytes / live.values().reduce((sum, length) => sum + length, 0);
}
