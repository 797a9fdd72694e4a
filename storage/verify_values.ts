/**
 * Looks for values whose bytes are what was saved, and that are none all the same.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { decodeBlob } from "./blob_reader.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import type { BlobUse, Damage } from "./damage.ts";
import { CheckpointNotFoundError, DamagedError } from "./errors.ts";
import { manifestName, type ManifestRef } from "./layout.ts";
import type { Manifest, PresentBlob } from "./manifest.ts";
import { Pace } from "./pace.ts";
import type { StoreOptions } from "./store.ts";
import { arrayKindOfTag, isShapeOf } from "./value/type.ts";

/**
 * Decodes the values of checkpoints, each once, and gives those that are none. Of arrays the size says
 * it. Blobs that cannot be read are skipped: they are told of with their packs.
 *
 * @throws {StoreError} Where reading fails, which is no damage.
 */
export async function damagedValues(
  store: CheckpointStore,
  refs: readonly ManifestRef[],
  options: StoreOptions,
): Promise<readonly Damage[]> {
  const known = new Map<string, { readonly problem: string; readonly blobs: BlobUse[] } | "good">();
  const objects = new Map<string, string>();
  const pace = new Pace();
  for (const ref of refs) {
    await pace.turn();
    const manifest = await store.readManifest(ref, options).catch(undefinedIfRemoved);
    if (manifest === undefined) continue;
    for (const [node, blobs] of Object.entries(manifest.nodes)) {
      for (const [blob, entry] of Object.entries(blobs)) {
        if ("absent" in entry) continue;
        const key = keyOf(entry);
        const use: BlobUse = { ref, node, blob };
        const before = known.get(key);
        if (before === "good") continue;
        if (before !== undefined) {
          before.blobs.push(use);
          continue;
        }
        const where = `${manifestName(ref)} (${node}/${blob})`;
        await pace.turn();
        const problem = await problemOf(store, manifest, where, entry, options);
        known.set(key, problem === undefined ? "good" : { problem, blobs: [use] });
        if (problem !== undefined) objects.set(key, manifestName(ref));
      }
    }
  }
  return [...objects].flatMap(([key, object]) => {
    const found = known.get(key);
    return found === undefined || found === "good" ? [] : [{ object, ...found }];
  });
}

/** What is wrong with a value, if anything. */
async function problemOf(
  store: CheckpointStore,
  manifest: Manifest,
  where: string,
  entry: PresentBlob,
  options: StoreOptions,
): Promise<string | undefined> {
  const { type, bytes } = entry;
  if (type.kind === "bytes") return undefined;
  if (type.kind === "array") {
    const length = bytes / (arrayKindOfTag(type.tag)?.size ?? NaN);
    const isGood = Number.isInteger(length) &&
      (type.shape === undefined || isShapeOf(type.shape, length));
    if (isGood) return undefined;
    return new DamagedError(where, "an array's bytes", `${bytes} bytes`).message;
  }
  let read: Uint8Array;
  try {
    read = await store.readBytes(manifest, entry, options);
  } catch (error) {
    const isTold = error instanceof DamagedError || error instanceof CheckpointNotFoundError;
    if (!isTold) throw error;
    return undefined;
  }
  try {
    decodeBlob(where, entry, read);
    return undefined;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return error.message;
  }
}

/** What tells values apart: they are saved once, and named by many checkpoints. */
function keyOf({ type, bytes, inline, blocks = [] }: PresentBlob): string {
  const hash = createHash("sha256").update(JSON.stringify([type, bytes]));
  for (const { pack, offset } of blocks) hash.update(`${pack} ${offset}\n`);
  if (inline !== undefined) hash.update(inline);
  return hash.digest("hex");
}

function undefinedIfRemoved(error: unknown): undefined {
  if (!(error instanceof CheckpointNotFoundError)) throw error;
  return undefined;
}
