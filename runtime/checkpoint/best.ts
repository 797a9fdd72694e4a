/**
 * Reads blobs of the best saved epoch.
 *
 * @module
 */
import { DEFAULT_NODE } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import type { AnyBlob, By } from "../../dsl/mod.ts";
import type { CheckpointStore, Manifest } from "../../storage/mod.ts";
import { BlobNotSetError } from "../errors.ts";
import { decodeBlob } from "./restore.ts";

/**
 * Reads a blob from the epoch of the current line that is best by a number: `NaN` is never best,
 * and of equals the newest is better, as in `keepBest`.
 *
 * @throws {Error} Where no saved epoch has the number.
 */
export async function readBest(
  store: CheckpointStore,
  node: string,
  blob: AnyBlob,
  by: By,
): Promise<unknown> {
  const { blob: metric, node: metricNode = DEFAULT_NODE, direction } = metricOf(by);
  const key = `${metricNode}/${metric.name}`;
  let best: Manifest | undefined;
  let bestValue = NaN;
  for (const ref of (await store.history()).line.filter((ref) => ref.phase === "epoch")) {
    const manifest = await store.readManifest(ref);
    const value = manifest.metrics[key];
    if (value === undefined || Number.isNaN(value)) continue;
    const isWorse = direction === "max" ? value < bestValue : value > bestValue;
    if (isWorse) continue;
    best = manifest;
    bestValue = value;
  }
  if (best === undefined) {
    throw new Error(
      `No saved epoch at ${store.store.place} has a number in "${key}": saved(…) needs one that was set`,
    );
  }
  const loaded = await store.readBlobs(best, (at, name) => at === node && name === blob.name);
  const values = loaded.get(node);
  if (values === undefined || !values.has(blob.name)) throw new BlobNotSetError(blob.name, node);
  return await decodeBlob(blob, values.get(blob.name));
}
