/**
 * What of a store somebody is to remove, as nobody needs it; and what of that has gone.
 *
 * @module
 */
import {
  type CheckpointStore,
  type Cleaner,
  clearableBy,
  type StoreReport,
  verifyStore,
} from "../../storage/mod.ts";

/** What is to go. */
export interface Going {
  /** What the store holds; its garbage, logs, leftovers and removals are what is to go. */
  readonly report: StoreReport;
  /** How many temporary files stay, as somebody may be writing them. */
  readonly spared: number;
  /** The sizes of the packs that are garbage, in bytes. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** What has come of it. */
export interface Gone {
  /** What the store holds now; its garbage, logs, leftovers and removals are what has gone. */
  readonly report: StoreReport;
  /** How much was to go, is still there, and needed by nobody. */
  readonly left: number;
  /** How many temporary files are still there, as somebody may be writing them. */
  readonly spared: number;
}

/** Looks at a store, and says what somebody would remove. */
export async function whatGoes(checkpoints: CheckpointStore, cleaner: Cleaner): Promise<Going> {
  const { store } = checkpoints;
  const found = await verifyStore(checkpoints);
  const going = clearableBy(store, cleaner, found);
  const sizes = new Map<string, number>();
  for (const name of going.garbage) {
    const byteLength = (await store.stat(name))?.byteLength;
    // What has gone since the look somebody else has removed.
    if (byteLength !== undefined) sizes.set(name, byteLength);
  }
  const garbage = [...sizes.keys()];
  const report = { ...found, ...going, garbage, garbageBytes: sizeOf(garbage, sizes) };
  return { report, spared: found.leftovers.length - going.leftovers.length, sizes };
}

/** Looks at a store again, and says what of that has gone: what somebody needs by now has not. */
export async function whatWent(
  checkpoints: CheckpointStore,
  { report: before, sizes, spared }: Going,
): Promise<Gone> {
  const now = await verifyStore(checkpoints);
  const garbage = await missing(checkpoints, before.garbage);
  const leftovers = before.leftovers.filter((name) => !now.leftovers.includes(name));
  const report = {
    ...now,
    ...{ garbage, garbageBytes: sizeOf(garbage, sizes), leftovers },
    logs: await missing(checkpoints, before.logs),
    removals: await missing(checkpoints, before.removals),
  };
  const left = (["garbage", "logs", "removals"] as const).flatMap((kind) => {
    const there = new Set(now[kind]);
    return before[kind].filter((name) => there.has(name));
  });
  const stay = before.leftovers.length - leftovers.length;
  return { report, left: left.length, spared: spared + stay };
}

/** Those objects that are there. */
export async function there(
  { store }: CheckpointStore,
  names: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names) if (await store.stat(name) !== undefined) found.push(name);
  return found;
}

/** Those objects that are not. */
async function missing(
  checkpoints: CheckpointStore,
  names: readonly string[],
): Promise<readonly string[]> {
  const found = new Set(await there(checkpoints, names));
  return names.filter((name) => !found.has(name));
}

function sizeOf(packs: readonly string[], sizes: ReadonlyMap<string, number>): number {
  return packs.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
}
