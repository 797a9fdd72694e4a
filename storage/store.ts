/**
 * What a store is: a handful of operations on named, immutable objects.
 *
 * @module
 */
import type { Holder, HoldRequest, HoldResult } from "./hold.ts";
import type { BlockRef } from "./manifest.ts";
import type { UnsummedRecord } from "./unsummed.ts";

/**
 * What a finished write outlives: a power cut (`"power"`), the death of the process (`"process"`),
 * or nothing in particular (`"none"`).
 */
export type Durability = "power" | "process" | "none";

/** What a store can promise where it stands. */
export interface StorePromises {
  /** Whether of several that create the same name at once exactly one succeeds, and all see it from then on. */
  readonly linearizableCreate: boolean;
  /** The strongest durability it has. */
  readonly durability: Durability;
  /** Why it promises no more, and what else to know about it. */
  readonly reasons: readonly string[];
}

/** What every operation takes. */
export interface StoreOptions {
  /** Ends the operation before it has an effect; a commit under way is not torn. */
  readonly signal?: AbortSignal | undefined;
}

/** What a write takes. */
export interface WriteOptions extends StoreOptions {
  /** What the write must outlive; the strongest that the store has where not given. */
  readonly durability?: Durability | undefined;
}

/** What a read takes. */
export interface ReadOptions extends StoreOptions {
  /** Where to begin, in bytes; 0 where not given. */
  readonly offset?: number | undefined;
  /** How many bytes to read; up to the end where not given. */
  readonly length?: number | undefined;
}

/** An object's facts. */
export interface ObjectStat {
  /** Its size. */
  readonly byteLength: number;
}

/** An object opened for reading; it stays readable when its name is removed meanwhile, where the system allows. */
export interface ObjectReader extends Disposable {
  /** The object's size when it was opened. */
  readonly byteLength: number;
  /**
   * Reads into `into`, as far as the object goes, and gives the number of bytes read.
   *
   * @throws {StoreError} Where the read fails, which is no damage.
   */
  readAt(offset: number, into: Uint8Array, options?: StoreOptions): Promise<number>;
}

/** A pack that is to be written. */
export interface PackToWrite {
  /** Its name. */
  readonly name: string;
  /** The bytes of its blocks, each in one or more parts, which must not change until it is committed. */
  readonly blocks: readonly (readonly Uint8Array[])[];
  /** Whether those may be taken from whoever asks, but for what lies in memory that threads share. */
  readonly isDisposable?: boolean;
}

/** What is committed together. */
export interface CommitRequest {
  /** The packs. */
  readonly packs: readonly PackToWrite[];
  /** The record that names them; none where something else will. */
  readonly record?: {
    /** Its name. */
    readonly name: string;
    /** What it says, but for the sums of the packs' blocks. */
    readonly content: UnsummedRecord;
    /** The object that would supersede it. */
    readonly newer: string;
  };
  /**
   * Is called once this thread can be kept busy without holding it up; never, where that is not before
   * the end.
   */
  readonly onAside?: (() => void) | undefined;
}

/** What was committed. */
export interface CommitOutcome {
  /** The CRC-32 of each block, of all packs in order. */
  readonly sums: readonly number[];
  /** Whether there is an object that supersedes the record. */
  readonly isSuperseded: boolean;
  /** How long it took, in milliseconds, where that is known better than by waiting for it. */
  readonly durationMs?: number;
}

/** An object that grows, until it is closed. */
export interface LogWriter {
  /**
   * Appends bytes. Once it resolves they outlive what the log was created to outlive, and so do all
   * that were appended before; of a failed one, any first part may be there, and nothing more can be
   * appended. One at a time.
   *
   * @throws {StoreError} Where that fails.
   */
  append(bytes: Uint8Array): Promise<void>;
  /** Ends it; its bytes never change from then on. */
  close(): void;
}

/**
 * Named, immutable objects with prefixes.
 *
 * Names are parts of `[A-Za-z0-9_.-]` separated by `/`, none of which starts with a dot; see
 * {@linkcode checkName}. An object is created once and never changed. All kinds of store pass the
 * same tests, in `tests/conformance/store.ts`.
 */
export interface Store {
  /** The kind, as in `"file"`. */
  readonly kind: string;
  /** The place, as in `"file:checkpoints/digits"`. */
  readonly place: string;
  /** How many bytes of objects were read through this value. */
  readonly bytesRead: number;
  /** How many bytes of objects were written through this value. */
  readonly bytesWritten: number;
  /**
   * What the store can promise where it stands; tried out once, which makes its folder.
   *
   * @throws {StoreError} Where it cannot be tried.
   */
  promises(options?: StoreOptions): Promise<StorePromises>;
  /**
   * Commits a whole object: it becomes visible at once and entire, or not at all.
   *
   * @throws {ObjectExistsError} Where there is an object of that name, which stays as it is.
   * @throws {UnknownOutcomeError} Where nobody can tell whether it was committed.
   * @throws {PromiseError} Where the store does not have that durability.
   * @throws {StoreError} Where it was certainly not committed.
   */
  put(name: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /**
   * Writes an object from its parts under its final name, for objects that nothing refers to until
   * it resolves: one left by a failure is short. The parts must not change until then.
   *
   * @returns How many bytes were written.
   * @throws {ObjectExistsError} Where there is an object of that name, which stays as it is.
   * @throws {PromiseError} Where the store does not have that durability.
   * @throws {StoreError} Where it was not written, or not durably; never try its name again.
   */
  write(name: string, parts: Iterable<Uint8Array>, options?: WriteOptions): Promise<number>;
  /**
   * Writes packs, then commits a record that names them, then looks for an object that supersedes it;
   * aside from this thread, where the store is kept and can, and there is much to write: then the signal
   * is not heard any more. Where it is not given, that is done by the operations above.
   *
   * @throws {UnknownOutcomeError} Where nobody can tell whether the record was committed, or superseded.
   * @throws {PromiseError} Where the store does not have that durability.
   * @throws {StoreError} Where it was certainly not committed; the packs are gone, as far as that works.
   */
  commit?(request: CommitRequest, options?: WriteOptions): Promise<CommitOutcome>;
  /**
   * Reads blocks of objects into memory that threads share, one behind another and aside from this
   * thread, up to the first that is not what it should be; gives how many those are. Not given by
   * stores that cannot.
   */
  fill?(memory: Uint8Array, blocks: readonly BlockRef[]): Promise<number>;
  /**
   * Creates an object that grows, and is readable from its first append on; not given by stores whose
   * objects cannot.
   *
   * @throws {ObjectExistsError} Where there is an object of that name, which stays as it is.
   * @throws {PromiseError} Where the store does not have that durability.
   * @throws {StoreError} Where it cannot be created.
   */
  createLog?(name: string, options?: WriteOptions): Promise<LogWriter>;
  /** Has large writes made aside, and keeps what they need running between them; whoever calls it releases it. */
  keep?(): void;
  /** Ends what was kept running; the store may be used on. */
  release?(): void;
  /**
   * Gives an object of another store a name here too, without copying it; `false` where that cannot be
   * done, or where it is not given. Each name is removed by itself.
   *
   * @throws {ObjectNotFoundError} Where the other store has no such object.
   * @throws {ObjectExistsError} Where there is an object of that name here, which stays as it is.
   * @throws {StoreError} Where it fails.
   */
  adopt?(name: string, from: Store, fromName: string, options?: WriteOptions): Promise<boolean>;
  /**
   * Takes the hold of the whole store, until it is released or this process ends; not given by stores
   * of which nobody can tell who works on them. Objects can be read and written without it.
   *
   * @throws {StoreError} Where that fails.
   */
  hold?(request: HoldRequest, options?: StoreOptions): Promise<HoldResult>;
  /**
   * Who has the hold; `undefined` where nobody has. Given by stores that can be held.
   *
   * @throws {StoreError} Where that cannot be found out.
   */
  holder?(options?: StoreOptions): Promise<Holder | undefined>;
  /**
   * Reads an object, or a range of it, as far as the object goes.
   *
   * @throws {ObjectNotFoundError} Where there is none.
   * @throws {StoreError} Where the read fails, which is no damage.
   */
  get(name: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Opens an object for reading.
   *
   * @throws {ObjectNotFoundError} Where there is none.
   * @throws {StoreError} Where that fails, which is no damage.
   */
  open(name: string, options?: StoreOptions): Promise<ObjectReader>;
  /**
   * The names directly below a prefix (`""`, or one that ends in `/`), of objects and of what has
   * objects below it, sorted.
   *
   * @throws {StoreError} Where the listing fails.
   */
  list(prefix: string, options?: StoreOptions): Promise<string[]>;
  /**
   * Removes objects in the order given; those that are not there are skipped.
   *
   * @throws {StoreError} Where one cannot be removed; those before it are gone.
   */
  remove(names: readonly string[], options?: WriteOptions): Promise<void>;
  /**
   * The names of what killed writes have left that is no object; not given where there is no such thing.
   *
   * @throws {StoreError} Where the listing fails.
   */
  leftovers?(options?: StoreOptions): Promise<string[]>;
  /**
   * Removes such things; a write that one of them belongs to fails.
   *
   * @throws {StoreError} Where one cannot be removed.
   */
  clear?(names: readonly string[], options?: StoreOptions): Promise<void>;
  /** Whether such a thing was made through this value, which may be writing it; not given where there are none. */
  isOwn?(leftover: string): boolean;
  /**
   * Makes objects that somebody else wrote outlive a power cut, as he may have died before he did; those
   * that are not there are skipped. Not given where objects never need it.
   *
   * @throws {StoreError} Where that fails.
   */
  settle?(names: readonly string[]): Promise<void>;
  /**
   * An object's facts, or `undefined` where there is none.
   *
   * @throws {StoreError} Where that cannot be found out.
   */
  stat(name: string, options?: StoreOptions): Promise<ObjectStat | undefined>;
  /**
   * Whether there is an object, as far as a quick look tells, which says no where it fails; not given, or
   * `undefined`, where there is no quicker look than {@linkcode Store.stat}.
   */
  glance?(name: string): boolean | undefined;
}

const STRENGTH: Readonly<Record<Durability, number>> = { none: 0, process: 1, power: 2 };

/** Whether what outlives `has` also outlives `asked`. */
export function covers(has: Durability, asked: Durability): boolean {
  return STRENGTH[has] >= STRENGTH[asked];
}
