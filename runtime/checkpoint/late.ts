/**
 * Loads a manifest into workspaces: all of it, or at first only what is small.
 *
 * @module
 */
import {
  type BlobEntry,
  type CheckpointStore,
  DamagedError,
  INLINE_BYTES,
  type Manifest,
} from "../../storage/mod.ts";
import type { CheckpointHost } from "../session/session.ts";
import { checkType, decodeBlob, restoreAll, type RestoreOptions } from "./restore.ts";

/** What is read when it is first needed is damaged. */
export class LateDamageError extends DamagedError {
  /** Says of it what the read has found. */
  constructor({ object, expected, found, cause }: DamagedError) {
    super(object, expected, found, { cause });
  }
}

/** What of a manifest is loaded, and how. */
export interface LoadOptions extends RestoreOptions {
  /** Whether large blobs are read when they are first needed. */
  readonly isLazy?: boolean;
}

/** Who is told of each value that is read when it is first needed. */
interface ArrivalOptions {
  readonly onArrival: (node: string, name: string, value: unknown) => void;
}

/**
 * Makes workspaces hold exactly what an epoch saved, or what is made of that. A failure leaves them as
 * they were.
 *
 * Of blobs that are read later the kinds are compared with the job's now, and that their packs are there
 * and long enough; their bytes are checked when they are read. What a migration reads is read now.
 *
 * @returns What differs from what was saved, by node and name.
 * @throws {BlobTypeError} Where a blob was saved as something other than the job declares.
 * @throws {DamagedError} Where something is not what was saved, as far as it is looked at.
 */
export async function loadManifest(
  host: CheckpointHost,
  store: CheckpointStore,
  manifest: Manifest,
  { onArrival, ...options }: LoadOptions & ArrivalOptions,
): Promise<readonly (readonly [string, string])[]> {
  const late = lateBlobs(manifest, options);
  const { epoch } = manifest;
  for (const { node, name, entry } of late) {
    checkType(entry, host.workspace(node).declared.get(name), { name, node, epoch });
  }
  if (options.isLazy === true) await store.check(manifest);
  const { signal } = host;
  const loaded = await store.readBlobs(manifest, readsNow(manifest, options), { signal });
  const changed = await restoreAll(host, manifest, loaded, options);
  for (const { node, name } of late) {
    const workspace = host.workspace(node);
    // A migration may have made it anew.
    if (workspace.has(name)) continue;
    workspace.setLate(name, async () => {
      const isIt = (at: string, blob: string): boolean => at === node && blob === name;
      const loaded = await store.readBlobs(manifest, isIt).catch((error) => {
        throw error instanceof DamagedError ? new LateDamageError(error) : error;
      });
      const value = await decodeBlob(workspace.declared.get(name), loaded.get(node)?.get(name));
      onArrival(node, name, value);
      return value;
    });
  }
  return changed;
}

/** Whether something is still to be read of what was loaded, wherever a save has copied it since. */
export function hasLate(host: CheckpointHost): boolean {
  return host.nodes.some((node) => host.workspace(node).hasLate);
}

/** Tells which blobs such a load reads at once. */
export function readsNow(
  { nodes }: Manifest,
  options: LoadOptions,
): (node: string, name: string) => boolean {
  return (node, name) => !isLate(node, name, nodes[node]?.[name], options);
}

function lateBlobs(manifest: Manifest, options: LoadOptions) {
  return Object.entries(manifest.nodes).flatMap(([node, entries]) =>
    Object.entries(entries).filter(([name, entry]) => isLate(node, name, entry, options))
      .map(([name, entry]) => ({ node, name, entry }))
  );
}

/** Whether reading a blob is put off: what lies in the manifest is there anyway, and small ones cost nothing. */
function isLate(
  node: string,
  name: string,
  entry: BlobEntry | undefined,
  { isLazy = false, map }: LoadOptions,
): boolean {
  return isLazy && entry !== undefined && !("absent" in entry) && entry.blocks !== undefined &&
    entry.bytes > INLINE_BYTES && map?.asSaved(node, name) === undefined &&
    map?.replaces(node, name) !== true;
}
