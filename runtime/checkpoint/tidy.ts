/**
 * Removes what a job does not keep, and what killed runs have left, while nobody runs it.
 *
 * @module
 */
import type { Keep } from "../../dsl/mod.ts";
import {
  type Attempt,
  type CheckpointStore,
  formatRef,
  type ManifestRef,
  type RetentionPlan,
  type StoreReport,
  type UpkeepPurpose,
  verifyStore,
} from "../../storage/mod.ts";
import { environment } from "../run/state.ts";
import type { CheckpointEngine } from "./engine.ts";
import { ruleOf } from "./retain.ts";

/** What pruning did, or would do. */
export interface Pruned extends RetentionPlan {
  /** What goes. */
  readonly removed: readonly ManifestRef[];
}

/** What repairing did, or would do. */
export interface Repaired {
  /** What the store held before; its garbage, logs, leftovers and removals are what goes. */
  readonly report: StoreReport;
}

/** How pruning is done. */
export interface PruneOptions extends TidyOptions {
  /** Whether all that lies beside the current line goes too, whatever the plan keeps of each line. */
  readonly sideLines?: boolean;
  /** Whether every byte of what stays is read first, and not only every record and size. */
  readonly full?: boolean;
}

/** How it is done. */
export interface TidyOptions {
  /** Finds out what would go, and removes nothing. */
  readonly dryRun: boolean;
}

const ONLY_SIDES =
  "nothing of the current line can be gone on from, so that what lies beside it stays";

/**
 * Removes the checkpoints that a plan does not keep. What is damaged is not counted, and stays; where
 * nothing of the current line is good, all that lies beside it stays too.
 *
 * @throws {JobHeldError} Where another process works on the job.
 * @throws {FencedError} Where one has taken it over meanwhile; then nothing is removed.
 */
export async function prune(
  engine: CheckpointEngine,
  keep: readonly Keep[],
  { dryRun, sideLines = false, full = false }: PruneOptions,
): Promise<Pruned> {
  const judge = async (store: CheckpointStore): Promise<Pruned> => {
    const { line, sides } = await store.history();
    const newest = line.at(-1);
    const plan = await store.judge(keep.map(ruleOf), {
      inUse: newest === undefined ? [] : [newest],
      looksAtAll: true,
      full,
    });
    const isGood = plan.verdicts.slice(0, line.length).some(({ isCounted }) => isCounted);
    const pins = sideLines ? await store.pins() : [];
    const beside = new Set(
      (sideLines && isGood ? sides.flatMap(({ refs }) => refs) : [])
        .filter((ref) =>
          !pins.some((pin) => pin.epoch === ref.epoch && pin.attempt === ref.attempt)
        )
        .map(formatRef),
    );
    const unmet = sideLines && !isGood && sides.length > 0
      ? [...plan.unmet, ONLY_SIDES]
      : plan.unmet;
    const removed = plan.verdicts
      .filter(({ ref, keep }) => !keep || beside.has(formatRef(ref)))
      .map(({ ref }) => ref);
    return { ...plan, unmet, removed };
  };
  const found = await judge(await engine.archive.store());
  if (dryRun || found.removed.length === 0) return found;
  return await withAttempt(engine, "prune", async (attempt, store) => {
    const pruned = await judge(store);
    await attempt.remove(pruned.removed);
    return pruned;
  });
}

/**
 * Removes garbage alone: packs that no manifest names, task logs that tell only what led to a saved
 * state, what killed writes have left beside the objects, and what unfinished removals were to remove. Nothing damaged goes, and nothing that is listed.
 *
 * @throws {JobHeldError} Where another process works on the job.
 * @throws {FencedError} Where one has taken it over meanwhile; then nothing is removed.
 */
export async function repair(
  engine: CheckpointEngine,
  { dryRun }: TidyOptions,
): Promise<Repaired> {
  const report = await verifyStore(await engine.archive.store());
  if (dryRun || !isUntidy(report)) return { report };
  return await withAttempt(engine, "repair", async (attempt, store) => {
    await attempt.remove([]);
    // Only now nobody writes here any more.
    const now = await verifyStore(store);
    const { garbage: packs, logs, leftovers } = now;
    await attempt.clear({ packs, logs, leftovers });
    return { report };
  });
}

/** Whether there is anything that repairing removes. */
export function isUntidy({ garbage, logs, leftovers, removals }: StoreReport): boolean {
  return garbage.length + logs.length + leftovers.length + removals.length > 0;
}

/** Does something with the hold, and with an attempt that goes on where the job stands. */
async function withAttempt<T>(
  { archive, holding }: CheckpointEngine,
  purpose: UpkeepPurpose,
  act: (attempt: Attempt, store: CheckpointStore) => Promise<T>,
): Promise<T> {
  await holding.take(purpose);
  try {
    const store = await archive.store();
    const attempt = await store.begin({
      ...{ seed: 0, params: {}, environment: environment(), createdAtMs: Date.now(), purpose },
    });
    // The place where the job stands does not move by it.
    const { line, branch, removals } = await store.history();
    await attempt.recordParent(line.at(-1), { branch, removals });
    return await act(attempt, store);
  } finally {
    await holding.release();
  }
}
