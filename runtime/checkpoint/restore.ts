/**
 * Puts saved blobs back into workspaces.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { type BlobEntry, kindOfType, type Manifest } from "../../storage/mod.ts";
import { nearNames } from "../../dsl/near.ts";
import { BlobTypeError } from "./errors.ts";
import { UnknownNameError } from "../errors.ts";
import { DerivedNotSavedError } from "../derived/errors.ts";
import { initialType } from "./initial_type.ts";
import type { MigratedNames } from "./migrated.ts";
import type { CheckpointHost } from "../session/session.ts";

/** The values of a manifest's blobs, by node and name. */
export type LoadedBlobs = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/** Values by node and name. */
export type NodeValues = Map<string, Map<string, unknown>>;

/** The blob that is declared under a name on a node; nothing where none is. */
export type DeclaredBlobs = (node: string, name: string) => AnyBlob | undefined;

/** Makes of what was saved what a job needs now. */
export interface RestoreMap {
  /** The migrations that the values have gone through once it is applied; `null` where nobody can tell. */
  readonly migrated: MigratedNames;
  /** The blob as it was saved, where it is not as the job declares it. */
  asSaved(node: string, name: string): AnyBlob | undefined;
  /** Whether a value is made anew, and what was saved under its name is not looked at. */
  replaces(node: string, name: string): boolean;
  /** Changes the values, decoded, in their place, unless it is to stop. */
  apply(values: NodeValues, signal?: AbortSignal): Promise<void>;
}

/** Makes one blob of what was saved. */
export interface SavedBlobMap extends RestoreMap {
  /** The saved blobs of its node that it comes out of. */
  readonly reads: ReadonlySet<string>;
  /** The migrations that make it of them, in turn. */
  readonly makes: readonly string[];
  /** What is to be said of that. */
  readonly notice?: string | undefined;
}

/** What of a manifest is restored, and how. */
export interface RestoreOptions {
  /** The nodes, beside those of the manifest, whose workspaces are to hold nothing else; all where not given. */
  readonly nodes?: readonly string[] | undefined;
  /** What is made of the values; nothing where not given. */
  readonly map?: RestoreMap | undefined;
  /** Ends what is made of them, which may take any time; that of the session's task where not given. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the workspaces hold exactly what an epoch saved, or what is made of that. All values are decoded
 * first, so that a failure leaves the workspaces as they were.
 *
 * @returns What differs from what was saved, by node and name.
 * @throws {BlobTypeError} Where a blob was saved as something other than the job declares.
 */
export async function restoreAll(
  host: CheckpointHost,
  manifest: Manifest,
  loaded: LoadedBlobs,
  { nodes = host.nodes, map, signal = host.signal }: RestoreOptions = {},
): Promise<readonly (readonly [string, string])[]> {
  const values = await decodeNodes(manifest, loaded, declaredIn(host), map);
  const before = new Map([...values].map(([node, own]) => [node, new Map(own)]));
  await map?.apply(values, signal);
  for (const node of new Set([...nodes, ...Object.keys(manifest.nodes), ...values.keys()])) {
    host.workspace(node).clear();
  }
  const changed: [string, string][] = [];
  for (const [node, own] of values) {
    for (const [name, value] of own) {
      host.workspace(node).set(name, value);
      // Who was given a value may have changed it where it lies.
      const isGiven = map?.asSaved(node, name) !== undefined;
      if (isGiven || before.get(node)?.get(name) !== value) changed.push([node, name]);
    }
  }
  return changed;
}

/** Sets only the blobs loaded; those saved as not set are unset. */
export async function restoreBlobs(
  host: CheckpointHost,
  manifest: Manifest,
  loaded: LoadedBlobs,
  names: readonly string[],
): Promise<void> {
  const values = await decodeNodes(manifest, loaded, declaredIn(host));
  for (const [node, entries] of Object.entries(manifest.nodes)) {
    for (const name of names) if (entries[name] !== undefined) host.workspace(node).drop(name);
  }
  for (const [node, own] of values) {
    for (const [name, value] of own) host.workspace(node).set(name, value);
  }
}

function declaredIn({ workspace }: CheckpointHost): DeclaredBlobs {
  return (node, name) => workspace(node).declared.get(name);
}

/**
 * The values of what was loaded of a manifest, but for what a map makes anew.
 *
 * @throws {BlobTypeError} Where a blob was saved as something other than is declared.
 */
export async function decodeNodes(
  manifest: Manifest,
  loaded: LoadedBlobs,
  declaredAt: DeclaredBlobs,
  map?: RestoreMap,
): Promise<NodeValues> {
  const values: NodeValues = new Map();
  for (const [node, blobs] of loaded) {
    for (const [name, plain] of blobs) {
      const entry = manifest.nodes[node]?.[name];
      const declared = map?.asSaved(node, name) ?? declaredAt(node, name);
      if (entry === undefined || map?.replaces(node, name) === true) continue;
      checkType(entry, declared, { name, node, epoch: manifest.epoch });
      const own = values.get(node) ?? new Map<string, unknown>();
      values.set(node, own.set(name, await decodeBlob(declared, plain)));
    }
  }
  return values;
}

/** A blob's value from its saved form. */
export async function decodeBlob(declared: AnyBlob | undefined, plain: unknown): Promise<unknown> {
  return declared?.codec === undefined ? plain : await declared.codec.decode(plain as never);
}

/** Compares the saved kind of value with what the job declares, as far as that is known. */
export function checkType(
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
  const expected = hasCodec ? undefined : initialType(declared)?.kind;
  if (expected === undefined) return undefined;
  const isOpen = [saved, expected].some((kind) => kind === "null" || kind === "undefined");
  if (isOpen || saved === expected) return undefined;
  return { saved: `a ${saved}`, declared: `a ${expected} (by its initial value)` };
}

/**
 * A manifest without what it says of other nodes.
 *
 * @throws {UnknownNameError} Where it says nothing of one of these, with the nearest of which it does.
 */
export function manifestOf(manifest: Manifest, nodes: readonly string[]): Manifest {
  const saved = manifest.nodes;
  const entries = nodes.map((node) => {
    const blobs = saved[node];
    if (blobs !== undefined) return [node, blobs] as const;
    const near = nearNames(node, Object.keys(saved));
    throw new UnknownNameError(`node of epoch ${manifest.epoch}`, node, near);
  });
  return { ...manifest, nodes: Object.fromEntries(entries) };
}

/**
 * Checks that each name is held by some node of an epoch.
 *
 * @throws {DerivedNotSavedError} Where one is derived, and so in no epoch.
 * @throws {UnknownNameError} Where one is not, with the nearest that are.
 */
export function checkNames(manifest: Manifest, names: readonly string[]): void {
  const derived = derivedIn(manifest);
  const held = new Set(Object.values(manifest.nodes).flatMap((entries) => Object.keys(entries)));
  for (const name of names) {
    if (held.has(name)) continue;
    if (derived.has(name)) throw new DerivedNotSavedError(name, manifest.epoch);
    throw new UnknownNameError(`blob of epoch ${manifest.epoch}`, name, nearNames(name, held));
  }
}

/** Says which blobs of the job are not set after an epoch was loaded, as they are derived; also to who asks for one. */
export function tellDerived({ events, workspace }: CheckpointHost, manifest: Manifest): void {
  const names = [...derivedIn(manifest)].sort();
  for (const [node, blobs] of Object.entries(manifest.run.derived ?? {})) {
    for (const name of Object.keys(blobs)) workspace(node).noteDerived(name);
  }
  if (names.length === 0) return;
  const message =
    `epoch ${manifest.epoch} holds digests alone of what is derived, so that it is not set: ` +
    `${names.join(", ")}; the job runner's loadEpoch makes it again`;
  events.emit({ type: "notice", level: "info", message });
}

function derivedIn({ run: { derived = {} } }: Manifest): ReadonlySet<string> {
  return new Set(Object.values(derived).flatMap((blobs) => Object.keys(blobs)));
}
