/**
 * Makes durable what others have written, before anything builds on it.
 *
 * @module
 */
import { promisedDurability } from "./begin.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import type { StoreOptions } from "./store.ts";

/**
 * Makes objects outlive what saves must outlive, as whoever wrote them may have died between a write and
 * its sync. Those that are not there are skipped.
 *
 * @throws {StoreError} Where that fails.
 *
 * @example
 * ```ts
 * import { CheckpointStore, MemoryStore, settle } from "tidemark/storage";
 *
 * const store = await CheckpointStore.open(new MemoryStore());
 * await settle(store, ["epochs/e000001.a000001.cbor"]);
 * ```
 */
export async function settle(
  { store, durability }: CheckpointStore,
  names: readonly string[],
  options: StoreOptions = {},
): Promise<void> {
  if (store.settle === undefined || names.length === 0) return;
  if (await promisedDurability(store, durability, options) !== "power") return;
  await store.settle(names);
}
