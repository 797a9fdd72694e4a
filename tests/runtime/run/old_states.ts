import {
  CheckpointStore,
  manifestName,
  type ManifestRef,
  type Store,
} from "../../../storage/mod.ts";
import { encodeManifest } from "../../../storage/manifest_codec.ts";

/** Makes states as they were before they said which migrations they have gone through. */
export async function makeOld(store: Store, ...refs: ManifestRef[]): Promise<void> {
  const opened = await CheckpointStore.open(store);
  for (const ref of refs) {
    const manifest = await opened.readManifest(ref);
    const { migrated: _, ...run } = manifest.run;
    await store.remove([manifestName(ref)]);
    await store.put(manifestName(ref), encodeManifest({ ...manifest, run }), {
      durability: "none",
    });
  }
}

/** An epoch's ref. */
export function at(epoch: number, attempt: number): ManifestRef {
  return { epoch, attempt, phase: "epoch" };
}
