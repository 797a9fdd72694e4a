/**
 * Removes checkpoints, in the reverse order of a commit.
 *
 * @module
 */
import { CheckpointNotFoundError, DamagedError } from "./errors.ts";
import { listManifests } from "./history.ts";
import { decodeRemoval, encodeRemoval, MAX_RECORD_BYTES } from "./job_record.ts";
import {
  FOLDERS,
  formatRef,
  isSameRef,
  manifestName,
  type ManifestRef,
  mayName,
  newRemovalName,
  parsePackName,
  parseRemovalName,
} from "./layout.ts";
import type { AttemptInfo } from "./line.ts";
import { Pace } from "./pace.ts";
import { keptByPins, listPins } from "./pins.ts";
import { readRecord } from "./record_reader.ts";
import { isWithdrawn, parentsAfter } from "./withdrawn.ts";
import { covers, type Durability, type Store, type StoreOptions } from "./store.ts";

/** Who removes, and how. */
export interface Remover {
  /** The store. */
  readonly store: Store;
  /** The attempt that holds the job. */
  readonly attempt: number;
  /** Where that attempt started from; it is not removed on behalf of another. */
  readonly parent: ManifestRef | undefined;
  /** What the removal must outlive. */
  readonly durability: Durability;
  /** Where all attempts start from. */
  readonly attempts: (options: StoreOptions) => Promise<readonly AttemptInfo[]>;
  /** The packs that a manifest names. */
  readonly packsOf: (ref: ManifestRef) => Promise<readonly string[]>;
  /** Throws where a newer attempt has taken the job over. */
  readonly checkNotFenced: () => Promise<void>;
}

/**
 * Removes manifests, then the packs that no other manifest names any more.
 *
 * First a record says what goes, so that whoever starts meanwhile keeps away from it; then a newer
 * attempt is looked for, and what was pinned meanwhile is left alone; then the manifests go, and last
 * the packs.
 *
 * @returns The names of what is gone.
 * @throws {FencedError} Where a newer attempt has taken the job over; nothing is removed.
 */
export async function removeManifests(
  remover: Remover,
  refs: readonly ManifestRef[],
  options: StoreOptions = {},
): Promise<readonly string[]> {
  const { store } = remover;
  const left = await leftRemovals(remover, options);
  // What could not be removed so far is named by each record that was left.
  const going = [...new Map([...refs, ...left.refs].map((ref) => [formatRef(ref), ref])).values()];
  if (going.length + left.records.length === 0) return [];
  const packs = await freedPacks(remover, going, options);
  const record = newRemovalName(remover.attempt);
  // Whoever is fenced must not write what the next attempt would finish.
  await remover.checkNotFenced();
  // It speaks to live processes only: after a power cut there is nobody left who removes.
  const durability = covers(remover.durability, "process") ? "process" : "none";
  await store.put(record, encodeRemoval(remover.attempt, going), { ...options, durability });
  // What is withdrawn must not come back with a power cut.
  const withdraw = () => store.remove([record], { durability: remover.durability });
  try {
    await remover.checkNotFenced();
    const isPinned = await readPins(remover, options);
    // Of what was left too: whoever pins may have looked before this record was there, and reads that one after it went.
    if (going.some(isPinned)) {
      await withdraw();
      return await removeManifests(remover, refs.filter((ref) => !isPinned(ref)), options);
    }
  } catch (error) {
    // What led here matters more; one that stays is void, or finished by the next removal, which looks for pins.
    await withdraw().catch(() => {});
    throw error;
  }
  const manifests = going.map(manifestName);
  // What they name this one does: where removals fail, each would leave one more. One that names what stays
  // must not come back with a power cut.
  await store.remove(left.records, { durability: left.isSpared ? remover.durability : durability });
  await store.remove(manifests, { durability: remover.durability });
  await store.remove(packs, { durability });
  await store.remove([record], { durability });
  return [...manifests, ...packs];
}

/** What earlier attempts were removing when they ended. */
interface LeftRemovals {
  /** The names of the records that say so. */
  readonly records: readonly string[];
  /** What is still to go of what they name. */
  readonly refs: readonly ManifestRef[];
  /** Whether they name something that stays. */
  readonly isSpared: boolean;
}

/** What pins keep now. Where attempts start from is looked at only where there are any. */
async function readPins(
  { store, attempts }: Remover,
  options: StoreOptions,
): Promise<(ref: ManifestRef) => boolean> {
  const pins = await listPins(store, options);
  return keptByPins(pins, pins.length === 0 ? [] : await attempts(options));
}

async function leftRemovals(remover: Remover, options: StoreOptions): Promise<LeftRemovals> {
  const { store, attempt, parent } = remover;
  const isParent = (ref: ManifestRef) => parent !== undefined && isSameRef(ref, parent);
  const records: string[] = [];
  const refs: ManifestRef[] = [];
  let isSpared = false;
  for (const name of await store.list(FOLDERS.removals, options)) {
    const by = parseRemovalName(name)?.attempt;
    if (by === undefined || by > attempt) continue;
    try {
      const bytes = await readRecord(store, name, MAX_RECORD_BYTES, options);
      if (bytes === undefined) continue;
      records.push(name);
      const named = decodeRemoval(name, bytes);
      const newer = by === attempt ? [] : await parentsAfter(store, by, options);
      if (isWithdrawn({ name, by, refs: named }, newer)) continue;
      for (const ref of named) {
        // An attempt lets go itself of where it started from, once it has saved something.
        if (by !== attempt && isParent(ref)) isSpared = true;
        else refs.push(ref);
      }
    } catch (error) {
      // One that a power cut has torn says nothing, and is cleared away.
      if (!(error instanceof DamagedError)) throw error;
    }
  }
  // Whoever left a record may have died before it looked for pins. A later pin was in vain.
  const isPinned = refs.length === 0 ? () => false : await readPins(remover, options);
  const going = refs.filter((ref) => !isPinned(ref));
  return { records, refs: going, isSpared: isSpared || going.length < refs.length };
}

/**
 * The packs that no manifest names once these are gone. A manifest that stays and cannot be read might
 * be mended by hand, and counts as if it named all that it may.
 */
async function freedPacks(
  remover: Remover,
  going: readonly ManifestRef[],
  options: StoreOptions,
): Promise<readonly string[]> {
  const candidates = new Set<string>();
  const pace = new Pace();
  for (const ref of going) {
    await pace.turn();
    for (const pack of await packsOrNone(remover, ref) ?? []) {
      const by = parsePackName(pack)?.attempt;
      if (by !== undefined && by <= remover.attempt) candidates.add(pack);
    }
  }
  const leaving = new Set(going.map(formatRef));
  for (const ref of await listManifests(remover.store, options)) {
    if (candidates.size === 0) break;
    await pace.turn();
    if (leaving.has(formatRef(ref))) continue;
    const packs = await packsOrNone(remover, ref);
    const named = packs ?? [...candidates].filter((pack) => mayName(ref, pack));
    for (const pack of named) candidates.delete(pack);
  }
  return [...candidates];
}

/** The packs that a manifest names; `undefined` where it is damaged. */
async function packsOrNone(
  { packsOf }: Remover,
  ref: ManifestRef,
): Promise<readonly string[] | undefined> {
  try {
    return await packsOf(ref);
  } catch (error) {
    if (error instanceof CheckpointNotFoundError) return [];
    if (error instanceof DamagedError) return undefined;
    throw error;
  }
}
