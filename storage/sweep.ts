/**
 * Removes what interrupted saves of earlier attempts have left.
 *
 * @module
 */
import { listManifests } from "./history.ts";
import { DamagedError } from "./errors.ts";
import { FOLDERS, type ManifestRef, mayName, parsePackName } from "./layout.ts";
import type { Store, StoreOptions } from "./store.ts";
import { parseLogName } from "./task_log_names.ts";

/** The most manifests that are read to find out. */
const MOST_READ = 1000;

/** Who sweeps, and how. */
export interface Sweeper {
  /** The store. */
  readonly store: Store;
  /** The attempt that holds the job; only packs of earlier ones are looked at. */
  readonly attempt: number;
  /** The packs that a manifest names. */
  readonly packsOf: (ref: ManifestRef) => Promise<readonly string[]>;
  /** Throws where a newer attempt has taken the job over. */
  readonly checkNotFenced: () => Promise<void>;
}

/**
 * Removes the packs of earlier attempts whose own manifest is not there, and which no other one names.
 * Only manifests of the same or a later attempt can name a pack: where these are very many, nothing
 * is read or removed, and `verifyStore` tells of what stays.
 *
 * One that cannot be read counts as if it named all that it may.
 *
 * @returns The names of what is gone.
 * @throws {FencedError} Where a newer attempt has taken the job over; nothing is removed.
 */
export async function sweepPacks(
  sweeper: Sweeper,
  options: StoreOptions = {},
): Promise<readonly string[]> {
  const { store, attempt, packsOf } = sweeper;
  // The packs first: one that is listed after its manifest was looked for might be taken for garbage.
  const packs = await packsBefore(store, attempt, options);
  const manifests = await listManifests(store, options);
  const committed = new Set(manifests.map((ref) => `${ref.epoch}@${ref.attempt}`));
  const garbage = new Map(
    packs.filter(({ epoch, attempt }) => !committed.has(`${epoch}@${attempt}`))
      .map((pack) => [pack.name, pack]),
  );
  const oldest = [...garbage.values()].reduce(
    (least, pack) => Math.min(least, pack.attempt),
    Infinity,
  );
  const naming = manifests.filter((ref) => ref.attempt >= oldest);
  if (naming.length > MOST_READ) return [];
  for (const ref of naming) {
    if (garbage.size === 0) break;
    const named = await packsOf(ref).catch((error) => {
      if (!(error instanceof DamagedError)) throw error;
      return [...garbage.keys()].filter((pack) => mayName(ref, pack));
    });
    for (const pack of named) garbage.delete(pack);
  }
  if (garbage.size === 0) return [];
  await sweeper.checkNotFenced();
  const names = [...garbage.keys()];
  await store.remove(names, { ...options, durability: "none" });
  return names;
}

async function packsBefore(
  store: Store,
  before: number,
  options: StoreOptions,
): Promise<readonly { readonly name: string; readonly epoch: number; readonly attempt: number }[]> {
  const packs = [];
  for (const folder of await store.list(FOLDERS.packs, options)) {
    const number = Number(/^packs\/a(\d{6,9})$/.exec(folder)?.[1] ?? NaN);
    if (!(number < before)) continue;
    for (const name of await store.list(`${folder}/`, options)) {
      const parsed = parsePackName(name);
      if (parsed !== undefined) packs.push({ name, ...parsed });
    }
  }
  return packs;
}

/** Where nobody writes but attempts that have begun. */
const OF_ATTEMPTS: readonly string[] = [
  ...[FOLDERS.epochs, FOLDERS.phases, FOLDERS.removals, FOLDERS.tasks],
];

/**
 * Of what killed writes have left, that which nobody who goes on can be writing, as long as there is no
 * newer attempt: others write pins, asks, and records with which attempts begin.
 */
export function abandoned(store: Store, leftovers: readonly string[]): readonly string[] {
  return leftovers.filter((name) =>
    OF_ATTEMPTS.some((folder) => name.startsWith(folder)) && store.isOwn?.(name) === false
  );
}

/** Of some objects, those of attempts before one, as their names say. */
export function ofEarlier(
  names: readonly string[],
  parse: (name: string) => { readonly attempt: number } | undefined,
  attempt: number,
): readonly string[] {
  return names.filter((name) => (parse(name)?.attempt ?? attempt) < attempt);
}

/** What nobody needs. */
export interface Garbage {
  /** Packs that no manifest names. */
  readonly packs: readonly string[];
  /** Task logs that tell only what led to a saved state, and packs of them, which come last. */
  readonly logs: readonly string[];
  /** What killed writes have left that is no object. */
  readonly leftovers: readonly string[];
}

/** Removes what nobody needs, as far as it is of earlier attempts, and gives the names of what is gone. */
export async function clearGarbage(
  { store, attempt, checkNotFenced }: Sweeper,
  { packs, logs, leftovers }: Garbage,
  options: StoreOptions,
): Promise<readonly string[]> {
  const objects = [
    ...ofEarlier(packs, parsePackName, attempt),
    ...ofEarlier(logs, parseLogName, attempt),
  ];
  await checkNotFenced();
  await store.remove(objects, options);
  await store.clear?.(leftovers, options);
  return [...objects, ...leftovers];
}
