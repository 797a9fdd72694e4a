/**
 * How a `file:` store is held: by a lock, and between machines by a lease.
 *
 * @module
 */
import type { FileLocks, LockedFile, LockLook } from "./file_locks.ts";
import {
  decodeHolder,
  diedLoading,
  encodeHolder,
  type HeldLoading,
  type Hold,
  type Holder,
  type HoldRequest,
  type HoldResult,
  MAX_HOLDER_BYTES,
} from "./hold.ts";
import { codeOf } from "./io_errors.ts";
import { compareBytes } from "./record_cbor.ts";

/** The name of the file that is locked. Its dot says that it is no object. */
export const HOLD_FILE = ".hold";

/** How often a holder's heart beats. */
const BEAT_MS = 2000;
/** A holder on another machine that has not been heard of for so long is dead. */
const LEASE_MS = 10_000;
const LOOK_EVERY_MS = 250;

/** What locks give where a file system has none. */
const NO_LOCKS: ReadonlySet<string> = new Set([
  "ENOLCK",
  "EOPNOTSUPP",
  "ENOTSUP",
  "ENOSYS",
  "EINVAL",
]);

/** How a hold is taken. */
export interface FileHoldOptions {
  /** Ends the waiting for another machine's lease. */
  readonly signal?: AbortSignal | undefined;
  /** Waits; a test's own clock may do so. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/**
 * Takes the hold of a folder.
 *
 * The lock alone tells whether a process of this machine has it, and ends with that process. Where
 * the last holder was of another machine by name, and did not let go, the lock may not reach that far
 * (some network file systems): then its heart is listened to for the length of a lease.
 */
export async function holdFile(
  locks: FileLocks,
  path: string,
  request: HoldRequest,
  options: FileHoldOptions = {},
): Promise<HoldResult> {
  let file: LockedFile | undefined;
  try {
    file = await locks.lock(path);
  } catch (error) {
    const hasNone = error instanceof Deno.errors.NotSupported || NO_LOCKS.has(codeOf(error) ?? "");
    if (!hasNone) throw error;
    return { impossible: `the file system of "${path}" has no locks` };
  }
  if (file === undefined) return { holder: await lookAtHolder(locks, path) };
  const own = encodeHolder(request);
  let died: HeldLoading | undefined;
  let beat: Disposable;
  try {
    const before = decodeHolder(HOLD_FILE, file.read(MAX_HOLDER_BYTES));
    const isElsewhere = before?.host !== undefined && request.host !== undefined &&
      before.host !== request.host;
    if (isElsewhere && await isBeating(locks, path, options)) {
      file.close();
      return { holder: { ...before, beatAgoMs: 0 } };
    }
    // Whoever lets go empties it: what is left is of one that died.
    died = before === undefined ? undefined : diedLoading(before);
    file.write(own);
    beat = locks.beat(path, BEAT_MS);
  } catch (error) {
    file.close();
    throw error;
  }
  return { hold: new FileHold(file, beat, request, own, died) };
}

/** A folder's lock, and the record in its file. */
class FileHold implements Hold {
  readonly diedLoading: HeldLoading | undefined;
  #isOver = false;
  #own: Uint8Array;

  constructor(
    private readonly file: LockedFile,
    private readonly beat: Disposable,
    private readonly request: HoldRequest,
    own: Uint8Array,
    diedLoading: HeldLoading | undefined,
  ) {
    this.#own = own;
    this.diedLoading = diedLoading;
  }

  noteLoading(loading: HeldLoading | undefined): Promise<void> {
    if (!this.#isOver) {
      this.#ifOwn(() => {
        const record = encodeHolder(this.request, loading);
        this.file.write(record);
        this.#own = record;
      });
    }
    return Promise.resolve();
  }

  release(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    this.#isOver = true;
    this.beat[Symbol.dispose]();
    try {
      this.#ifOwn(() => this.file.write(new Uint8Array()));
    } finally {
      this.file.close();
    }
    return Promise.resolve();
  }

  /** Changes the record, unless another machine has taken the hold as this process was still for a lease. */
  #ifOwn(change: () => void): void {
    try {
      if (compareBytes(this.file.read(MAX_HOLDER_BYTES), this.#own) === 0) change();
    } catch {
      // The lock is what holds; whoever comes next takes it whatever the record says.
    }
  }
}

/** Who has the hold of a folder now; `undefined` where nobody has, as far as one can see from here. */
export async function fileHolder(locks: FileLocks, path: string): Promise<Holder | undefined> {
  try {
    const look = await locks.look(path, MAX_HOLDER_BYTES);
    return look.isLocked ? holderOf(look) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Who has it, where it could not be taken. */
async function lookAtHolder(locks: FileLocks, path: string): Promise<Holder> {
  try {
    return holderOf(await locks.look(path, MAX_HOLDER_BYTES));
  } catch {
    // Some systems let nobody read a locked file; that it is locked says enough.
    return { beatAgoMs: undefined };
  }
}

/** Who has a file locked, by what it says. */
function holderOf({ bytes, touchedMs }: LockLook): Holder {
  return { ...decodeHolder(HOLD_FILE, bytes), beatAgoMs: Math.max(0, Date.now() - touchedMs) };
}

/** Whether a file is touched within the length of a lease; no two clocks are compared. */
async function isBeating(
  locks: FileLocks,
  path: string,
  { signal, sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }: FileHoldOptions,
): Promise<boolean> {
  const first = (await locks.look(path, 0)).touchedMs;
  for (let waited = 0; waited < LEASE_MS; waited += LOOK_EVERY_MS) {
    signal?.throwIfAborted();
    await sleep(LOOK_EVERY_MS);
    if ((await locks.look(path, 0)).touchedMs !== first) return true;
  }
  return false;
}
