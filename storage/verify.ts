/**
 * Looks at all that a store holds, and says what is good, what is damaged, and what nobody needs.
 *
 * @module
 */
import { type WaitingAsk, waitingAsks } from "./asks.ts";
import { type Broken, checkPack } from "./check_pack.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import {
  type BlobUse,
  type Damage,
  isDamage,
  isNewer,
  type Newer,
  toUnreadable,
  type Unreadable,
} from "./damage.ts";
import { CheckpointNotFoundError } from "./errors.ts";
import type { History } from "./history.ts";
import { formatRef, isSameRef, type ManifestRef, mayName } from "./layout.ts";
import { listAll } from "./listing.ts";
import type { BlockRef, Manifest } from "./manifest.ts";
import { Pace } from "./pace.ts";
import type { StoreOptions } from "./store.ts";
import { unreadableRecords } from "./verify_records.ts";
import { damagedValues } from "./verify_values.ts";
import { verifyLogs } from "./verify_logs.ts";

/** What a store holds. */
export interface StoreReport {
  /** The place. */
  readonly place: string;
  /** The checkpoints with nothing wrong. */
  readonly good: readonly ManifestRef[];
  /** The checkpoints that cannot be restored in full. */
  readonly bad: readonly ManifestRef[];
  /**
   * Those of them that an attempt saved last and a newer one has taken over from, beside the current line:
   * a save that was never acknowledged may name packs that the newer one had removed.
   */
  readonly overtaken: readonly ManifestRef[];
  /** What is damaged. */
  readonly damaged: readonly Damage[];
  /** What is of a version of the format that this one does not know, and need not be damaged. */
  readonly newer: readonly Newer[];
  /** The packs that no manifest names. */
  readonly garbage: readonly string[];
  /** Those that no manifest names, and one that cannot be read may. */
  readonly doubtful: readonly string[];
  /** The task logs, and packs of them, that tell only what led to a saved state; packs last. */
  readonly logs: readonly string[];
  /** What killed writes have left that is no object. */
  readonly leftovers: readonly string[];
  /** Records of removals that were not finished. */
  readonly removals: readonly string[];
  /** Asks that wait until whoever holds the job does them. */
  readonly asks: readonly WaitingAsk[];
  /** What is not Tidemark's. */
  readonly foreign: readonly string[];
  /** The size of all packs, in bytes. */
  readonly packBytes: number;
  /** The size of those that are garbage, in bytes. */
  readonly garbageBytes: number;
  /** How many bytes of packs were read and summed. */
  readonly checkedBytes: number;
}

/** What verifying takes. */
export interface VerifyOptions extends StoreOptions {
  /** Whether every byte is read and summed, and every value decoded; else records are, and packs looked for. */
  readonly full?: boolean;
}

/**
 * Verifies a store: every record, that every pack is there and long enough, and in full every byte.
 * Nothing is changed. While a runner is at work, what it has just written may be taken for garbage. However
 * much there is, the event loop has its turns meanwhile: one manifest, log or value is the longest step.
 *
 * @throws {StoreError} Where reading fails, which is no damage.
 *
 * @example
 * ```ts
 * import { CheckpointStore, MemoryStore, verifyStore } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const store = await CheckpointStore.open(new MemoryStore());
 * const { good, damaged, newer } = await verifyStore(store, { full: true });
 * assertEquals([good, damaged, newer], [[], [], []]);
 * ```
 */
export async function verifyStore(
  store: CheckpointStore,
  options: VerifyOptions = {},
): Promise<StoreReport> {
  const pace = new Pace();
  const names = await listAll(store.store, options);
  await pace.turn();
  const history = await store.history(options);
  await pace.turn();
  const unreadable = await unreadableRecords(store, history, options);
  const { packs, refs, unread } = await readManifests(store, names.manifests, options);
  for (const one of unread.values()) unreadable.push(one);
  const broken: Broken[] = [];
  let checkedBytes = 0;
  for (const [pack, { manifest, blocks }] of packs) {
    await pace.turn();
    const checked = await unlessRemoved(checkPack(store.store, pack, manifest, blocks, options));
    if (checked === undefined) continue;
    for (const one of checked.broken) broken.push(one);
    checkedBytes += checked.bytes;
  }
  const bad = new Map<string, ManifestRef>();
  const uses = await usesOf(store, refs, broken, options);
  broken.forEach(({ error }, index) => {
    const blobs = uses[index] ?? [];
    // Whatever needed them was removed since the listing, as a running job does.
    if (blobs.length === 0) return;
    unreadable.push({ object: error.object, problem: error.message, blobs });
  });
  const values = options.full === true ? await damagedValues(store, refs, options) : [];
  for (const one of values) unreadable.push(one);
  const newer = new Set<string>();
  for (const [ref, one] of unread) {
    if (isNewer(one)) newer.add(formatRef(ref));
    else bad.set(formatRef(ref), ref);
  }
  const damaged = unreadable.filter(isDamage);
  for (const { ref } of damaged.flatMap(({ blobs }) => blobs)) bad.set(formatRef(ref), ref);
  const isBad = (ref: ManifestRef) => bad.has(formatRef(ref));
  const unnamed = names.packs.filter((pack) => !packs.has(pack));
  // What one of another version names this one does not know.
  const isDoubtful = (pack: string) =>
    newer.size > 0 || [...unread.keys()].some((ref) => mayName(ref, pack));
  const garbage = unnamed.filter((pack) => !isDoubtful(pack));
  await pace.turn();
  const logs = await verifyLogs(
    store,
    (ref) => isBad(ref) || newer.has(formatRef(ref)),
    options,
  );
  await pace.turn();
  const bytesOf = async (list: readonly string[]) => {
    let bytes = 0;
    for (const name of list) {
      await pace.turn();
      bytes += (await store.store.stat(name, options))?.byteLength ?? 0;
    }
    return bytes;
  };
  return {
    place: store.store.place,
    good: refs.filter((ref) => !isBad(ref)),
    bad: [...bad.values()],
    overtaken: overtakenOf(history, [...bad.values()]),
    damaged: [...damaged, ...logs.unreadable.filter(isDamage)],
    newer: [...unreadable, ...logs.unreadable].filter(isNewer),
    garbage,
    doubtful: unnamed.filter(isDoubtful),
    logs: logs.old,
    leftovers: await store.store.leftovers?.(options) ?? [],
    removals: names.removals,
    asks: await waitingAsks(store.store, names.asks, options),
    foreign: names.foreign,
    packBytes: await bytesOf(names.packs),
    garbageBytes: await bytesOf(garbage),
    checkedBytes,
  };
}

/** The states beside the current line that are the last of attempts with a newer one. */
function overtakenOf(
  { line, manifests, attempts }: History,
  bad: readonly ManifestRef[],
): readonly ManifestRef[] {
  return bad.filter((ref) => {
    const last = manifests.findLast(({ attempt }) => attempt === ref.attempt);
    return !line.some((other) => isSameRef(other, ref)) &&
      last !== undefined && isSameRef(last, ref) &&
      attempts.some(({ attempt }) => attempt === ref.attempt + 1);
  });
}

/** What manifests need of a pack. */
interface PackNeed {
  /** One of the manifests that name it. */
  readonly manifest: Manifest;
  readonly blocks: Map<string, BlockRef>;
}

/** Reads all manifests; of their blocks each is kept once. */
async function readManifests(
  store: CheckpointStore,
  listed: readonly ManifestRef[],
  options: StoreOptions,
): Promise<{
  readonly packs: ReadonlyMap<string, PackNeed>;
  readonly refs: readonly ManifestRef[];
  readonly unread: ReadonlyMap<ManifestRef, Unreadable>;
}> {
  const packs = new Map<string, PackNeed>();
  const unread = new Map<ManifestRef, Unreadable>();
  const refs: ManifestRef[] = [];
  const pace = new Pace();
  for (const ref of listed) {
    await pace.turn();
    try {
      const manifest = await unlessRemoved(store.readManifest(ref, options));
      // A checkpoint that was removed since the listing is neither good nor bad.
      if (manifest === undefined) continue;
      refs.push(ref);
      for (const pack of manifest.packs) {
        if (!packs.has(pack)) packs.set(pack, { manifest, blocks: new Map() });
      }
      for (const { block } of blocksOf(manifest)) {
        const key = `${block.offset}:${block.length}:${block.crc32}`;
        packs.get(block.pack)?.blocks.set(key, block);
      }
    } catch (error) {
      unread.set(ref, toUnreadable(error));
    }
  }
  return { packs, refs, unread };
}

/** What reading gives; nothing where the checkpoint was removed meanwhile. */
async function unlessRemoved<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof CheckpointNotFoundError)) throw error;
    return undefined;
  }
}

function* blocksOf(
  { nodes }: Manifest,
): Generator<{ readonly node: string; readonly blob: string; readonly block: BlockRef }> {
  for (const [node, blobs] of Object.entries(nodes)) {
    for (const [blob, entry] of Object.entries(blobs)) {
      if ("absent" in entry) continue;
      for (const block of entry.blocks ?? []) yield { node, blob, block };
    }
  }
}

/** For each of what is broken the blobs of all checkpoints that need it; each manifest is read once for all. */
async function usesOf(
  store: CheckpointStore,
  refs: readonly ManifestRef[],
  broken: readonly Broken[],
  options: StoreOptions,
): Promise<readonly (readonly BlobUse[])[]> {
  const uses = broken.map((): BlobUse[] => []);
  if (broken.length === 0) return uses;
  const usesAt = new Map<string, BlobUse[]>();
  const placeOf = ({ pack, offset, length, crc32 }: BlockRef) =>
    `${pack}:${offset}:${length}:${crc32}`;
  broken.forEach(({ blocks }, index) => {
    for (const block of blocks) usesAt.set(placeOf(block), uses[index] ?? []);
  });
  const pace = new Pace();
  for (const ref of refs) {
    await pace.turn();
    const manifest = await unlessRemoved(store.readManifest(ref, options));
    if (manifest === undefined) continue;
    for (const { node, blob, block } of blocksOf(manifest)) {
      const found = usesAt.get(placeOf(block));
      const last = found?.at(-1);
      const isKnown = last?.ref === ref && last.node === node && last.blob === blob;
      if (!isKnown) found?.push({ ref, node, blob });
    }
  }
  return uses;
}
