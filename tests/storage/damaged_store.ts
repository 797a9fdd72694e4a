import { CheckpointStore, type Manifest, MemoryStore, type Store } from "../../storage/mod.ts";
import { begin, noise, objects, save, value } from "./sample.ts";

/** The name of the sample's second manifest. */
export const MANIFEST = "epochs/e000001.a000001.cbor";

/** Two epochs, the second with a small pack and an inline blob. */
export async function sample(): Promise<
  { readonly store: MemoryStore; readonly manifest: Manifest }
> {
  const store = new MemoryStore();
  const attempt = await begin(await CheckpointStore.open(store, { job: "job" }));
  await save(attempt, 0, { main: { total: value(1) } });
  const manifest = await save(attempt, 1, {
    main: { data: value(noise(4100)), total: value(2), none: { absent: true } },
  }, { metrics: { "main/total": 2 } });
  return { store, manifest };
}

/** A store with other bytes for some objects; none for those that are gone. */
export async function altered(
  store: Store,
  changes: Readonly<Record<string, Uint8Array | undefined>>,
): Promise<Store> {
  const copy = new MemoryStore();
  for (const [name, bytes] of await objects(store)) {
    const now = Object.hasOwn(changes, name) ? changes[name] : bytes;
    if (now !== undefined) await copy.put(name, now);
  }
  return copy;
}

/** Everything that a reader learns from a store, or the damage that it meets. */
export async function readAll(store: Store): Promise<string> {
  const seen: unknown[] = [];
  const opened = await CheckpointStore.open(store, { job: "job" });
  const { line, sides, damaged } = await opened.history();
  if (damaged[0] !== undefined) throw damaged[0];
  seen.push(line, sides, opened.job, await opened.readAttempt(1));
  for (const ref of line) {
    const manifest = await opened.readManifest(ref);
    const blobs = await opened.readBlobs(manifest, () => true);
    seen.push(manifest.run, manifest.metrics, manifest.parent, manifest.createdAtMs);
    for (const [node, values] of blobs) seen.push(node, [...values]);
  }
  return Deno.inspect(seen, { depth: 20, iterableLimit: Infinity, strAbbreviateSize: Infinity });
}
