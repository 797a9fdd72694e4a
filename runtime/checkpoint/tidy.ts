/**
 * Removes what a job does not keep, and what killed runs have left, or asks whoever runs the job to do so.
 *
 * @module
 */
import type { Keep } from "../../dsl/mod.ts";
import {
  type Attempt,
  type CheckpointStore,
  type Cleaner,
  formatRef,
  type Holder,
  listManifests,
  type ManifestRef,
  type StoreReport,
  type UpkeepPurpose,
} from "../../storage/mod.ts";
import { environment } from "../run/state.ts";
import {
  actOrAsk,
  type AskOutcome,
  clearAsks,
  doesAsks,
  inUseOf,
  whomToAsk,
} from "./ask_holder.ts";
import type { CheckpointEngine } from "./engine.ts";
import { there, whatGoes, whatWent } from "./garbage.ts";
import { judgePruning, type Pruning } from "./judge_pruning.ts";
import { ruleOf } from "./retain.ts";

/** What pruning did, or would do. */
export interface Pruned extends Pruning {
  /**
   * Where somebody else holds the job: that he was asked. While the ask waits, `removed` is what
   * would go; else all that has gone since, whether for that or as the job's own plan has it.
   */
  readonly asked?: AskOutcome;
  /**
   * Where the ask is gone: what was to go by it, and is still there though nothing keeps it by now. Where
   * there is any, the ask was dropped undone, as he could not do it or could not read it.
   */
  readonly left?: readonly ManifestRef[];
}

/** What repairing did, or would do. */
export interface Repaired {
  /**
   * What the store holds; its garbage, logs, leftovers and removals are what goes, or has gone. What a
   * runner that holds the job is writing or removing itself is none of that.
   */
  readonly report: StoreReport;
  /**
   * Where somebody else holds the job: that he was asked. If the ask is gone, the report is of what has
   * gone since, whether for that or by what he does himself.
   */
  readonly asked?: AskOutcome;
  /**
   * Where the ask is gone: how much was to go by it, and is still there. Where there is any, the ask was
   * dropped undone, as he could not do it or could not read it.
   */
  readonly left?: number;
  /** Where somebody else holds the job: how many temporary files stay, as somebody may be writing them. */
  readonly spared?: number;
}

/** How pruning is done. */
export interface PruneOptions extends TidyOptions {
  /** Whether all that lies beside the current line goes too, whatever the plan keeps of each line. */
  readonly sideLines?: boolean;
  /** Whether every byte of what stays is read first, and not only every record and size. */
  readonly full?: boolean;
  /** Whether a running job reads large blobs late. */
  readonly readsLate?: boolean;
}

/** How it is done. */
export interface TidyOptions {
  /** Finds out what would go, and removes nothing. */
  readonly dryRun: boolean;
  /**
   * How long to wait, in milliseconds, where somebody else holds the job, until he has done it with his
   * next save, or it can be taken; where not given, he is asked, and nobody waits.
   */
  readonly waitMs?: number | undefined;
}

/**
 * Removes the checkpoints that a plan does not keep. What is damaged is not counted, and stays; where
 * nothing of the current line is good, all that lies beside it stays too.
 *
 * Where a runner holds the job, it is asked to do that with its next save.
 *
 * @throws {JobHeldError} Where another process tidies up the job.
 * @throws {FencedError} Where one has taken it over meanwhile; then nothing is removed.
 */
export async function prune(
  engine: CheckpointEngine,
  keep: readonly Keep[],
  { dryRun, waitMs, sideLines = false, full = false, readsLate = false }: PruneOptions,
): Promise<Pruned> {
  const asked = { what: "prune", rules: keep.map(ruleOf), sideLines, full } as const;
  const store = await engine.archive.store();
  const inUse = await inUseOf(store, await engine.holding.holder(), readsLate);
  const found = await judgePruning(store, asked, inUse);
  if (dryRun || found.removed.length === 0) return found;
  const before = (await store.history()).manifests;
  const act = () =>
    withAttempt(engine, "prune", async (attempt, store) => {
      const pruned = await judgePruning(store, asked);
      await attempt.remove(pruned.removed);
      await clearAsks(store.store, "prune");
      return pruned;
    });
  const tidied = await actOrAsk(engine, asked, { act, waitMs });
  if ("did" in tidied) return tidied.did;
  if (!tidied.asked.isGone) return { ...found, ...tidied };
  // What a removal that failed names is not listed, and is there.
  const there = new Set((await listManifests(store.store)).map(formatRef));
  const isThere = (ref: ManifestRef): boolean => there.has(formatRef(ref));
  const stays = await kept(store, asked);
  const removed = before.filter((ref) => !isThere(ref));
  const left = found.removed.filter((ref) => isThere(ref) && !stays.has(formatRef(ref)));
  return { ...found, ...tidied, removed, left };
}

/** What the rules keep by now, with what whoever holds the job goes on from. */
async function kept(
  store: CheckpointStore,
  asked: Parameters<typeof judgePruning>[1],
): Promise<ReadonlySet<string>> {
  const parent = (await store.history()).attempts.at(-1)?.parent;
  const { verdicts, removed } = await judgePruning(store, asked, parent ? [parent] : []);
  const stays = new Set(verdicts.map(({ ref }) => formatRef(ref)));
  for (const ref of removed) stays.delete(formatRef(ref));
  return stays;
}

/**
 * Removes garbage alone: packs that no manifest names, task logs that tell only what led to a saved
 * state, what killed writes have left beside the objects, and what unfinished removals were to remove.
 * Nothing damaged goes, and nothing that is listed. Where nobody holds the job, what was asked for and
 * not done is cleared away too.
 *
 * Where a runner holds the job, it is asked to do that with its next save.
 *
 * @throws {JobHeldError} Where another process tidies up the job.
 * @throws {FencedError} Where one has taken it over meanwhile; then nothing is removed.
 */
export async function repair(
  engine: CheckpointEngine,
  { dryRun, waitMs }: TidyOptions,
): Promise<Repaired> {
  const checkpoints = await engine.archive.store();
  const holder = await engine.holding.holder();
  const going = await whatGoes(checkpoints, await cleanerFor(checkpoints, holder));
  const { report, spared } = going;
  // Whoever holds the job does what waits without being asked to.
  const isToClear = report.asks.length > 0 && holder === undefined;
  if (dryRun || !(isUntidy(report) || isToClear)) return { report, spared };
  const act = () =>
    withAttempt(
      engine,
      "repair",
      async (attempt, store) => ({ report: await repairNow(attempt, store, report.removals) }),
    );
  const tidied = await actOrAsk(engine, { what: "repair" }, { act, waitMs });
  if ("did" in tidied) return tidied.did;
  if (!tidied.asked.isGone) return { report, spared, ...tidied };
  return { ...await whatWent(checkpoints, going), ...tidied };
}

/** Who would repair: this process, with an attempt of its own, or whoever runs the job. */
async function cleanerFor(
  checkpoints: CheckpointStore,
  holder: Holder | undefined,
): Promise<Cleaner> {
  if (holder !== undefined && doesAsks(holder)) {
    return { attempt: (await whomToAsk(checkpoints, holder)).attempt, isBeside: true };
  }
  const newest = (await checkpoints.history()).attempts.at(-1)?.attempt ?? 0;
  return { attempt: newest + 1, isBeside: false };
}

/** Repairs a job that this process holds, and says what has gone by that. */
async function repairNow(
  attempt: Attempt,
  checkpoints: CheckpointStore,
  removals: readonly string[],
): Promise<StoreReport> {
  // Whoever had the hold before may have finished some.
  const finished = await there(checkpoints, removals);
  await attempt.remove([]);
  // Only now nobody writes here any more.
  const { report } = await whatGoes(checkpoints, { attempt: attempt.number, isBeside: false });
  const { garbage: packs, logs, leftovers } = report;
  await attempt.clear({ packs, logs, leftovers });
  await clearAsks(checkpoints.store, "all");
  return { ...report, removals: finished };
}

/** Whether there is anything that repairing removes. */
export function isUntidy(report: StoreReport): boolean {
  return untidy(report) > 0;
}

/** How much repairing removes. */
function untidy({ garbage, logs, leftovers, removals }: StoreReport): number {
  return garbage.length + logs.length + leftovers.length + removals.length;
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
