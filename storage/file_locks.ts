/**
 * Locks on files, which end with the process that has them.
 *
 * @module
 */

/** A file that is locked. */
export interface LockedFile {
  /** What it holds, up to `most` bytes. */
  read(most: number): Uint8Array;
  /** Makes these its whole content. */
  write(bytes: Uint8Array): void;
  /** Unlocks it. */
  close(): void;
}

/** What is seen of a file that may be locked. */
export interface LockLook {
  /** Whether somebody has it locked. */
  readonly isLocked: boolean;
  /** What it holds. */
  readonly bytes: Uint8Array;
  /** When it was last touched, in milliseconds since 1970. */
  readonly touchedMs: number;
}

/** Lock operations of a file system. They throw what Deno's own throw. */
export interface FileLocks {
  /** Opens and locks a file, and makes it where it is missing; `undefined` where somebody has it locked. */
  lock(path: string): Promise<LockedFile | undefined>;
  /** Touches a file every so often until it is disposed, from a thread that no task keeps busy. */
  beat(path: string, everyMs: number): Disposable;
  /** Looks at such a file, and only reads; its content up to `most` bytes. */
  look(path: string, most: number): Promise<LockLook>;
}

/**
 * The locks of the machine. Needs permission to read and write the paths it is asked for.
 *
 * @param beat Touches files from another thread.
 */
export function denoLocks(beat: FileLocks["beat"]): FileLocks {
  return { lock, beat, look };
}

async function lock(path: string): Promise<LockedFile | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  let isLocked = false;
  try {
    isLocked = await file.tryLock(true);
  } finally {
    if (!isLocked) file.close();
  }
  if (!isLocked) return undefined;
  return {
    read: (most) => readSome(file, most),
    write: (bytes) => {
      file.truncateSync(0);
      file.seekSync(0, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.byteLength;) at += file.writeSync(bytes.subarray(at));
    },
    close: () => file.close(),
  };
}

async function look(path: string, most: number): Promise<LockLook> {
  using file = await Deno.open(path, { read: true });
  const { mtime } = await file.stat();
  const bytes = readSome(file, most);
  // Who lets go empties it: to try an empty one's lock would only be in the way of whoever takes it.
  const isLocked = bytes.byteLength > 0 && !await file.tryLock(false);
  return { isLocked, bytes, touchedMs: mtime?.getTime() ?? 0 };
}

function readSome(file: Deno.FsFile, most: number): Uint8Array {
  file.seekSync(0, Deno.SeekMode.Start);
  const bytes = new Uint8Array(most);
  let at = 0;
  while (at < most) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes.subarray(0, at);
}
