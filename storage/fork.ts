/**
 * Starts a job's checkpoints from a state of another's.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import { discardPacks } from "./commit.ts";
import {
  CheckpointNotFoundError,
  DamagedError,
  FencedError,
  ObjectNotFoundError,
  PlaceTakenError,
  RemovedError,
  UnknownOutcomeError,
} from "./errors.ts";
import type { AttemptRecord } from "./job_record.ts";
import { formatRef, manifestName, newPackName, parsePackName } from "./layout.ts";
import type { BlobEntry, BlobToSave, Manifest } from "./manifest.ts";
import type { Store, StoreOptions, WriteOptions } from "./store.ts";

/** What a fork is made of. */
export interface ForkRequest {
  /** The checkpoints it comes from. */
  readonly source: CheckpointStore;
  /** The state it starts with. */
  readonly manifest: Manifest;
  /** The checkpoints of the new job, where nothing is saved yet. */
  readonly target: CheckpointStore;
  /** What the new job's first attempt records. */
  readonly record: AttemptRecord;
}

/**
 * Commits a state of one job as the first of another. Where both stores can, the packs get a second
 * name and no byte is copied; from then on neither job depends on what the other keeps or removes.
 * What is shared is made as durable as what the new job saves.
 *
 * @throws {PlaceTakenError} Where something is saved at the target already; nothing is changed.
 * @throws {DamagedError} Where the state is damaged, as far as sizes show, and, where bytes are copied, all of them; then nothing is forked.
 * @throws {RemovedError} Where the state is removed meanwhile; then nothing is forked.
 * @throws {UnknownOutcomeError} Where nobody can tell whether it was forked; whatever was, is whole.
 * @throws {FencedError} Where another attempt has begun at the target; what was forked lies on a side line.
 * @throws {StoreError} Where a read or write fails otherwise; then nothing is forked.
 */
export async function forkCheckpoint(
  { source, manifest, target, record }: ForkRequest,
  options: StoreOptions = {},
): Promise<Manifest> {
  if ((await target.history(options)).manifests.length > 0) {
    throw new PlaceTakenError(target.store.place, target.job);
  }
  try {
    await source.check(manifest, options);
  } catch (error) {
    throw await asForkError(error, source, manifest);
  }
  const attempt = await target.begin(record, options);
  await attempt.recordParent(undefined, { ...options, branch: attempt.number });
  const packs = new Map<string, string>();
  try {
    const isLinked = await linkPacks(
      source.store,
      target.store,
      { manifest, attempt, packs },
      options,
    );
    if (!isLinked) await discardPacks(target.store, [...packs.values()]);
    const saved = await attempt.save({
      ...{ epoch: manifest.epoch, phase: "epoch", parent: undefined, metrics: manifest.metrics },
      run: { ...manifest.run, branch: attempt.number },
      nodes: isLinked
        ? mapBlobs(manifest, (entry) => ({ carry: renamed(entry, packs) }))
        : await copies(source, manifest, options),
    }, options);
    return saved.manifest;
  } catch (error) {
    // Where a manifest may be there, it needs the packs that it names.
    const mayBeThere = error instanceof UnknownOutcomeError || error instanceof FencedError;
    if (!mayBeThere) await discardPacks(target.store, [...packs.values()]);
    throw await asForkError(error, source, manifest);
  }
}

/** What it means that a pack is missing: a removal, where the manifest is gone too, and else damage. */
async function asForkError(
  error: unknown,
  { store }: CheckpointStore,
  manifest: Manifest,
): Promise<unknown> {
  const name = manifestName(manifest);
  const isMissing = error instanceof ObjectNotFoundError;
  const isRemoved = error instanceof CheckpointNotFoundError ||
    (isMissing && await store.stat(name) === undefined);
  if (isRemoved) {
    return new RemovedError(formatRef(manifest), store.place, "fork", { cause: error });
  }
  if (!isMissing) return error;
  return new DamagedError(name, "the packs that it names", "one less", { cause: error });
}

/** Gives the packs of a manifest names in another store; whether that could be done. */
async function linkPacks(
  source: Store,
  target: Store,
  { manifest, attempt, packs }: {
    readonly manifest: Manifest;
    readonly attempt: Attempt;
    readonly packs: Map<string, string>;
  },
  options: WriteOptions,
): Promise<boolean> {
  for (const pack of manifest.packs) {
    const node = parsePackName(pack)?.node ?? "main";
    const name = newPackName({ epoch: manifest.epoch, attempt: attempt.number }, node);
    if (await target.adopt?.(name, source, pack, options) !== true) return false;
    packs.set(pack, name);
  }
  return true;
}

function renamed(entry: BlobEntry, packs: ReadonlyMap<string, string>): BlobEntry {
  if ("absent" in entry || entry.blocks === undefined) return entry;
  const blocks = entry.blocks.map((block) => ({
    ...block,
    pack: packs.get(block.pack) ?? block.pack,
  }));
  return { ...entry, blocks };
}

/** All blobs with their bytes, to be written anew. */
async function copies(
  source: CheckpointStore,
  manifest: Manifest,
  options: StoreOptions,
): Promise<Record<string, Record<string, BlobToSave>>> {
  const nodes: [string, Record<string, BlobToSave>][] = [];
  for (const [node, blobs] of Object.entries(manifest.nodes)) {
    const copied: [string, BlobToSave][] = [];
    for (const [name, entry] of Object.entries(blobs)) {
      if ("absent" in entry) copied.push([name, entry]);
      else {
        const bytes = await source.readBytes(manifest, entry, options);
        const encoded = { type: entry.type, parts: [bytes], byteLength: bytes.byteLength };
        copied.push([name, { encoded, codec: entry.codec }]);
      }
    }
    nodes.push([node, Object.fromEntries(copied)]);
  }
  return Object.fromEntries(nodes);
}

function mapBlobs(
  { nodes }: Manifest,
  map: (entry: BlobEntry) => BlobToSave,
): Record<string, Record<string, BlobToSave>> {
  return Object.fromEntries(
    Object.entries(nodes).map(([node, blobs]) => [
      node,
      Object.fromEntries(Object.entries(blobs).map(([name, entry]) => [name, map(entry)])),
    ]),
  );
}
