/**
 * Puts saved blobs back into workspaces.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { type BlobEntry, kindOf, kindOfType, type Manifest } from "../../storage/mod.ts";
import { nearNames } from "../../dsl/near.ts";
import { BlobTypeError, UnknownNameError } from "../errors.ts";
import type { CheckpointHost } from "../session/session.ts";
import type { Workspace } from "../session/workspace.ts";

/** The values of a manifest's blobs, by node and name. */
export type LoadedBlobs = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/**
 * Makes the workspaces, all or those of `nodes`, hold exactly what an epoch saved. All values are decoded first, so that a
 * failure leaves the workspaces as they were.
 *
 * @throws {BlobTypeError} Where a blob was saved as something other than the job declares.
 */
export async function restoreAll(
  host: CheckpointHost,
  manifest: Manifest,
  loaded: LoadedBlobs,
  nodes: readonly string[] = host.nodes,
): Promise<void> {
  const values = await decodeAll(host, manifest, loaded);
  for (const node of new Set([...nodes, ...Object.keys(manifest.nodes)])) {
    host.workspace(node).clear();
  }
  for (const [workspace, name, value] of values) workspace.set(name, value);
}

/** Sets only the blobs loaded; those saved as not set are unset. */
export async function restoreBlobs(
  host: CheckpointHost,
  manifest: Manifest,
  loaded: LoadedBlobs,
  names: readonly string[],
): Promise<void> {
  const values = await decodeAll(host, manifest, loaded);
  for (const [node, entries] of Object.entries(manifest.nodes)) {
    for (const name of names) if (entries[name] !== undefined) host.workspace(node).drop(name);
  }
  for (const [workspace, name, value] of values) workspace.set(name, value);
}

async function decodeAll(
  host: CheckpointHost,
  manifest: Manifest,
  loaded: LoadedBlobs,
): Promise<[Workspace, string, unknown][]> {
  const values: [Workspace, string, unknown][] = [];
  for (const [node, blobs] of loaded) {
    const workspace = host.workspace(node);
    for (const [name, plain] of blobs) {
      const entry = manifest.nodes[node]?.[name];
      const declared = workspace.declared.get(name);
      if (entry === undefined) continue;
      checkType(entry, declared, { name, node, epoch: manifest.epoch });
      values.push([workspace, name, await decodeBlob(declared, plain)]);
    }
  }
  return values;
}

/** A blob's value from its saved form. */
export async function decodeBlob(declared: AnyBlob | undefined, plain: unknown): Promise<unknown> {
  return declared?.codec === undefined ? plain : await declared.codec.decode(plain as never);
}

/** Compares the saved kind of value with what the job declares, as far as that is known. */
function checkType(
  entry: BlobEntry,
  declared: AnyBlob | undefined,
  { name, node, epoch }: { readonly name: string; readonly node: string; readonly epoch: number },
): void {
  const wrong = declared && wrongType(entry, declared);
  if (wrong !== undefined) {
    throw new BlobTypeError(name, node, epoch, wrong.saved, wrong.declared);
  }
}

/** How a saved value is of another kind than a job declares, in words, as far as that is known. */
export function wrongType(
  entry: BlobEntry,
  declared: AnyBlob,
): { readonly saved: string; readonly declared: string } | undefined {
  if ("absent" in entry) return undefined;
  const saved = kindOfType(entry.type);
  const hasCodec = declared.codec !== undefined;
  if (entry.codec !== hasCodec) {
    return hasCodec
      ? { saved, declared: "a value with a codec" }
      : { saved: "a value with a codec", declared: "none" };
  }
  if (hasCodec || declared.initial === undefined) return undefined;
  const expected = kindOf(declared.initial());
  const isOpen = [saved, expected].some((kind) => kind === "null" || kind === "undefined");
  if (isOpen || saved === expected) return undefined;
  return { saved: `a ${saved}`, declared: `a ${expected} (by its initial value)` };
}

/**
 * Checks that each name is held by some node of an epoch.
 *
 * @throws {UnknownNameError} Where one is not, with the nearest that are.
 */
export function checkNames(manifest: Manifest, names: readonly string[]): void {
  const held = new Set(Object.values(manifest.nodes).flatMap((entries) => Object.keys(entries)));
  for (const name of names) {
    if (held.has(name)) continue;
    throw new UnknownNameError(`blob of epoch ${manifest.epoch}`, name, nearNames(name, held));
  }
}
