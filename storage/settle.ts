/**
 * Makes durable what others have written, before anything builds on it.
 *
 * @module
 */
import { promisedDurability } from "./begin.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import { PromiseError, StoreError } from "./errors.ts";
import { JOB, manifestName, type ManifestRef } from "./layout.ts";
import { settleState, unsettledBefore } from "./settle_state.ts";
import type { LoggedWork } from "./task_log_reader.ts";

/**
 * Makes all that a saved state rests on as durable as what the store's own saves are, before anybody is told that it
 * is there to stay. Whoever wrote that may have died before its sync. What is not there is skipped.
 *
 * @throws {StoreError} Where that fails, in a place that can be written.
 *
 * @example
 * ```ts
 * import { CheckpointStore, MemoryStore, settleSaved } from "tidemark/storage";
 *
 * const store = await CheckpointStore.open(new MemoryStore());
 * await settleSaved(store, { epoch: 1, attempt: 1, phase: "epoch" });
 * ```
 */
export async function settleSaved(opened: CheckpointStore, ref: ManifestRef): Promise<void> {
  const { store, durability } = opened;
  if (store.settle === undefined || (durability ?? "power") !== "power") return;
  let isWritable = true;
  try {
    if (await promisedDurability(store, durability, {}) !== "power") return;
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof PromiseError)) throw error;
    // To find out means to write, which may not be permitted, nor possible, where all is saved and nothing is to do.
    isWritable = false;
  }
  try {
    const packsOf = async (one: ManifestRef) => (await opened.readManifest(one)).packs;
    const records = await unsettledBefore(store, ref.attempt + 1, ref);
    await settleState(store, ref, packsOf, [JOB, ...records]);
  } catch (error) {
    if (isWritable || !(error instanceof StoreError)) throw error;
  }
}

/**
 * Makes what a run goes on from as durable as what it will save: a state, and what was logged since.
 * Whoever wrote that may have died before its sync. What is not there is skipped.
 *
 * @param from The state; none for the very start.
 * @param work What was logged, where any of it is used.
 * @throws {StoreError} Where that fails.
 *
 * @example
 * ```ts
 * import { CheckpointStore, MemoryStore, settleWork } from "tidemark/storage";
 *
 * await settleWork(await CheckpointStore.open(new MemoryStore()), undefined, undefined);
 * ```
 */
export async function settleWork(
  { store, durability }: CheckpointStore,
  from: ManifestRef | undefined,
  work: LoggedWork | undefined,
): Promise<void> {
  const state = from === undefined ? [] : [manifestName(from)];
  const names = [...state, ...work === undefined ? [] : objectsOf(work)];
  if (store.settle === undefined || names.length === 0) return;
  if (await promisedDurability(store, durability, {}) === "power") await store.settle(names);
}

/** The names of all that work lies in: logs, and the packs of them that its entries name. */
function objectsOf({ sources, entries }: LoggedWork): readonly string[] {
  const packs = new Set<string>();
  for (const entry of entries) {
    if (entry.kind !== "task") continue;
    for (const output of Object.values(entry.outputs ?? {})) {
      if ("absent" in output) continue;
      for (const { pack } of output.blocks ?? []) packs.add(pack);
    }
  }
  return [...sources.map(({ name }) => name), ...packs];
}
