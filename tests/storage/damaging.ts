/** Damages objects, and looks for damage. */
import { CheckpointStore, type Store, type StoreReport, verifyStore } from "../../storage/mod.ts";

/** Changes an object, by removing it and writing it anew. */
export async function change(
  store: Store,
  name: string,
  to: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const bytes = to(await store.get(name));
  await store.remove([name]);
  await store.write(name, [bytes]);
}

/** Looks for damage. */
export async function verify(store: Store, full: boolean): Promise<StoreReport> {
  return await verifyStore(await CheckpointStore.open(store), { full });
}
