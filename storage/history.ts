/**
 * What a job has saved: its attempts and lines, as listings and small records tell.
 *
 * @module
 */
import { DamagedError } from "./errors.ts";
import { decodeParent, decodeRemoval, MAX_RECORD_BYTES, type ParentRecord } from "./job_record.ts";
import {
  FOLDERS,
  formatRef,
  type ManifestRef,
  parentName,
  parseAttemptName,
  parseManifestName,
  parseRemovalName,
} from "./layout.ts";
import { type AttemptInfo, computeLines, headOf, type Lines } from "./line.ts";
import { comparePosition } from "./layout.ts";
import { attemptByManifest, placeLost, savedBy, unrecordedIn } from "./lost_attempts.ts";
import type { Manifest } from "./manifest.ts";
import { Pace } from "./pace.ts";
import { readRecord } from "./record_reader.ts";
import type { Store, StoreOptions } from "./store.ts";
import { isWithdrawn, type RemovalRecord } from "./withdrawn.ts";

/** What a job has saved. */
export interface History extends Lines {
  /** All attempts, oldest first. */
  readonly attempts: readonly AttemptInfo[];
  /** The attempt with which a person began the branch that the job is on, where that is known. */
  readonly branch: number | undefined;
  /** All saved states, on whichever line, but for those being removed. */
  readonly manifests: readonly ManifestRef[];
  /** Attempts that have saved something, and of which no record is left and nothing else says that they were here. */
  readonly unrecorded: readonly number[];
  /** The removal records that are there, by name, but for torn ones. */
  readonly removals: readonly string[];
  /** The records that were found damaged on the way. */
  readonly damaged: readonly DamagedError[];
}

/** The most records that are read at once. */
const READS_AT_ONCE = 16;

/** Reads and remembers the small records that never change. */
export class HistoryReader {
  readonly #store: Store;
  readonly #readManifest: (ref: ManifestRef) => Promise<Manifest>;
  readonly #parents = new Map<number, ParentRecord>();
  /** What the names of manifests said that were listed last … */
  #refs: ReadonlyMap<string, ManifestRef> = new Map();
  /** … and all that was listed with them, oldest first. */
  #listed: { readonly names: readonly string[]; readonly refs: readonly ManifestRef[] } | undefined;
  #highest: number | undefined;

  /** Takes a store, and how one of its manifests is read. */
  constructor(store: Store, readManifest: (ref: ManifestRef) => Promise<Manifest>) {
    this.#store = store;
    this.#readManifest = readManifest;
  }

  /** The highest attempt among the manifests listed last; `undefined` where none was ever listed. */
  get highest(): number | undefined {
    return this.#highest;
  }

  /** Lists what is saved; of manifests only the names are read. */
  async read(options: StoreOptions): Promise<History> {
    const damaged: DamagedError[] = [];
    const begun = await this.#store.list(FOLDERS.attempts, options);
    // What is listed after them holds whatever was saved before they began.
    const removals = await this.#removals(options);
    const listed = await this.#list(options);
    const attempts = await this.#attempts(begun, listed, damaged, options);
    const leaving = new Set(
      removals.filter((removal) => !isWithdrawn(removal, attempts))
        .flatMap(({ refs }) => refs.map(formatRef)),
    );
    const manifests = leaving.size === 0
      ? listed
      : listed.filter((ref) => !leaving.has(formatRef(ref)));
    const branch = headOf(attempts)?.branch;
    const lines = computeLines(attempts, manifests);
    const names = removals.map(({ name }) => name);
    const unrecorded = unrecordedIn(attempts, manifests);
    return { ...lines, attempts, branch, manifests, unrecorded, removals: names, damaged };
  }

  async #list(options: StoreOptions): Promise<readonly ManifestRef[]> {
    const names = await listManifestNames(this.#store, options);
    // A start lists twice, and mostly finds the same.
    if (this.#listed !== undefined && isSameList(names, this.#listed.names)) {
      return this.#listed.refs;
    }
    const found = new Map<string, ManifestRef>();
    for (const name of names) {
      const ref = this.#refs.get(name) ?? parseManifestName(name);
      if (ref !== undefined) found.set(name, ref);
    }
    this.#refs = found;
    const refs = [...found.values()].sort(compareRefs);
    this.#listed = { names, refs };
    this.#highest = refs.reduce((most, { attempt }) => Math.max(most, attempt), 0);
    return refs;
  }

  async #attempts(
    names: readonly string[],
    manifests: readonly ManifestRef[],
    damaged: DamagedError[],
    options: StoreOptions,
  ): Promise<readonly AttemptInfo[]> {
    const parsed = names.map(parseAttemptName).filter((found) => found !== undefined);
    const started = new Set(
      parsed.filter(({ isParent }) => isParent).map(({ attempt }) => attempt),
    );
    const begun = new Set(parsed.map(({ attempt }) => attempt));
    const saved = new Set(manifests.map(({ attempt }) => attempt));
    const attempts: AttemptInfo[] = [];
    const pace = new Pace();
    const numbers = [...new Set([...begun, ...saved])].sort((a, b) => a - b);
    for (let at = 0; at < numbers.length; at += READS_AT_ONCE) {
      await pace.turn();
      const read = numbers.slice(at, at + READS_AT_ONCE).map(async (attempt) => {
        const isBegun = begun.has(attempt);
        const bare = { attempt, isStarted: false, parent: undefined };
        if (!started.has(attempt) && !saved.has(attempt)) return bare;
        // Whoever has left no record at all, where others have, may never have been here.
        const isPlaced = isBegun || started.size === 0;
        const own = () => savedBy(attempt, manifests);
        return await this.#attempt(attempt, own, isPlaced, damaged, options) ??
          (isBegun ? bare : undefined);
      });
      for (const info of await Promise.all(read)) if (info !== undefined) attempts.push(info);
    }
    const lost = await placeLost(attempts, manifests, this.#readManifest);
    return [...attempts, ...lost].sort((a, b) => a.attempt - b.attempt);
  }

  /** An attempt that has started; nothing where that cannot be told. */
  async #attempt(
    attempt: number,
    own: () => readonly ManifestRef[],
    isPlaced: boolean,
    damaged: DamagedError[],
    options: StoreOptions,
  ): Promise<AttemptInfo | undefined> {
    try {
      const record = await this.#parent(attempt, options);
      if (record !== undefined) {
        const { parent, branch, removals } = record;
        return { attempt, isStarted: true, parent, branch, removals };
      }
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      damaged.push(error);
      const refs = own();
      const unknown = { attempt, isStarted: true, parent: undefined };
      return await attemptByManifest(attempt, refs, this.#readManifest) ??
        (refs.length > 0 ? unknown : undefined);
    }
    // Its start was taken back since that was listed; or, where it has saved, the record is lost.
    return isPlaced ? await attemptByManifest(attempt, own(), this.#readManifest) : undefined;
  }

  async #parent(attempt: number, options: StoreOptions): Promise<ParentRecord | undefined> {
    const known = this.#parents.get(attempt);
    if (known !== undefined) return known;
    const name = parentName(attempt);
    const bytes = await readRecord(this.#store, name, MAX_RECORD_BYTES, options);
    if (bytes === undefined) return undefined;
    const parent = decodeParent(attempt, bytes);
    this.#parents.set(attempt, parent);
    return parent;
  }

  /** What somebody is removing, or was when it died: nobody starts from it. */
  async #removals(
    options: StoreOptions,
  ): Promise<readonly RemovalRecord[]> {
    const removals: RemovalRecord[] = [];
    for (const name of await this.#store.list(FOLDERS.removals, options)) {
      const by = parseRemovalName(name)?.attempt;
      if (by === undefined) continue;
      try {
        const bytes = await readRecord(this.#store, name, MAX_RECORD_BYTES, options);
        if (bytes !== undefined) removals.push({ name, by, refs: decodeRemoval(name, bytes) });
      } catch (error) {
        // It was not synced: a power cut tears it, which loses nothing, and the next removal clears it.
        if (!(error instanceof DamagedError)) throw error;
      }
    }
    return removals;
  }
}

/**
 * All manifests by name, oldest first, those among them that are being removed.
 *
 * @throws {StoreError} Where the listing fails.
 *
 * @example
 * ```ts
 * import { listManifests, MemoryStore } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await listManifests(new MemoryStore()), []);
 * ```
 */
export async function listManifests(
  store: Store,
  options: StoreOptions = {},
): Promise<readonly ManifestRef[]> {
  return (await listManifestNames(store, options))
    .map(parseManifestName)
    .filter((ref) => ref !== undefined)
    .sort(compareRefs);
}

async function listManifestNames(store: Store, options: StoreOptions): Promise<readonly string[]> {
  const epochs = await store.list(FOLDERS.epochs, options);
  return [...epochs, ...await store.list(FOLDERS.phases, options)];
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function compareRefs(a: ManifestRef, b: ManifestRef): number {
  return comparePosition(a, b) || a.attempt - b.attempt;
}
