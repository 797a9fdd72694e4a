/**
 * The real file system, through Deno's API.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { setImmediate } from "node:timers";
import { Existence } from "./existence.ts";
import { denoLocks } from "./file_locks.ts";
import type { FileReader, FileStat, FileSystem, FileWriter } from "./file_system.ts";
import { syncAhead } from "./sync_ahead.ts";
import { ThreadWriter } from "./thread_writer.ts";

/** Bytes that one synchronous call moves at most, so that the event loop turns every 10 ms or so. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** A read of so many bytes is made aside. */
const ASIDE_BYTES = 128 * 1024;

/** A sync of so many bytes, or fewer, takes about a millisecond: it is made at once … */
const SMALL_BYTES = 1024 * 1024;
/** … unless the last one took longer than this, as then the disk is slow, or busy. */
const QUICK_SYNC_MS = 5;

/** The file system of the machine. Needs permission to read and write the paths it is asked for. */
export function denoFileSystem(): FileSystem {
  const thread = new ThreadWriter();
  const syncs = new Syncs(() => thread.isWriting);
  const existence = new Existence((path) => stat(path) !== undefined);
  return {
    create: (path, options) => now(() => create(path, options?.sync === true, syncs)),
    open: (path) => now(() => open(path)),
    link: (from, to) => now(() => Deno.linkSync(from, to)),
    // To give back the space of a large pack takes a disk as long as to write some of it.
    remove: (path) => path.endsWith(".pack") ? Deno.remove(path) : now(() => Deno.removeSync(path)),
    makeFolder: (path) => now(() => Deno.mkdirSync(path)),
    async syncFolder(path) {
      using folder = Deno.openSync(path, { read: true });
      await syncs.sync(0, () => folder.syncSync(), () => folder.sync());
    },
    async syncFile(path) {
      const found = stat(path);
      if (found === undefined) throw new Deno.errors.NotFound("it is not there");
      // To open a pipe waits for ever, and a link leads elsewhere.
      if (found.kind !== "file") throw new Error(`it should be a file, but is a ${found.kind}`);
      // Windows syncs only what is open for writing, which another user's file may not be elsewhere.
      using file = Deno.openSync(path, { read: true, write: Deno.build.os === "windows" });
      await file.sync();
    },
    list: (path) => now(() => Array.from(Deno.readDirSync(path), ({ name }) => name)),
    stat: (path) => now(() => stat(path)),
    exists: (path) => existence.exists(path),
    // The error of a look for what is not there takes longer to make than a small append.
    glance: (path) => existsSync(path),
    commitAside: (files, onPoint) => thread.commit(files, onPoint),
    fillAside: (fill) => thread.fill(fill),
    locks: denoLocks((path, everyMs) => thread.beat({ path, everyMs })),
    keep: () => thread.keep(),
    release: () => thread.release(),
    mayRead: (path) => Deno.permissions.querySync({ name: "read", path }).state === "granted",
  };
}

/** Calls that take microseconds are made at once: to hand one to another thread takes longer. */
function now<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}

/**
 * Syncs at once what is small, on a disk that was quick the last time; all else aside, and all while the
 * writer thread commits: a sync may have to wait for that one's bytes too.
 */
class Syncs {
  #lastMs = 0;

  constructor(private readonly isBusy: () => boolean) {}

  async sync(bytes: number, atOnce: () => void, aside: () => Promise<void>): Promise<void> {
    const started = performance.now();
    if (bytes <= SMALL_BYTES && this.#lastMs <= QUICK_SYNC_MS && !this.isBusy()) atOnce();
    else await aside();
    this.#lastMs = performance.now() - started;
  }
}

function create(path: string, isSynced: boolean, syncs: Syncs): FileWriter {
  const file = Deno.openSync(path, { write: true, createNew: true });
  const ahead = isSynced ? syncAhead(path, setImmediate) : undefined;
  const turns = turner();
  let bytesWritten = 0;
  let bytesReserved = 0;
  let bytesUnsynced = 0;
  return {
    // Synchronous writes are several times as fast as asynchronous ones, which copy.
    async write(bytes) {
      const written = file.writeSync(bytes.subarray(0, PIECE_BYTES));
      bytesWritten += written;
      bytesUnsynced += written;
      await turns(written);
      await ahead?.written(written);
      return written;
    },
    async sync() {
      const bytes = bytesUnsynced;
      bytesUnsynced = 0;
      await syncs.sync(bytes, () => file.syncDataSync(), () => file.syncData());
      await ahead?.end();
    },
    reserve: (byteLength) =>
      now(() => {
        try {
          const zeros = new Uint8Array(byteLength);
          for (let at = 0; at < byteLength;) {
            at += file.writeSync(zeros.subarray(at));
            bytesReserved = bytesWritten + at;
          }
          bytesUnsynced += byteLength;
        } finally {
          file.seekSync(bytesWritten, Deno.SeekMode.Start);
        }
      }),
    async close() {
      try {
        if (bytesReserved > bytesWritten) file.truncateSync(bytesWritten);
      } catch {
        // The zeros stay, which say nothing.
      } finally {
        file.close();
      }
      await ahead?.end();
    },
  };
}

function open(path: string): FileReader {
  const file = Deno.openSync(path, { read: true });
  let byteLength: number;
  try {
    const info = file.statSync();
    // Opening a folder succeeds on some systems; reading it would fail later and say less.
    if (!info.isFile) throw new Deno.errors.IsADirectory("it is not a file");
    byteLength = info.size;
  } catch (error) {
    file.close();
    throw error;
  }
  const turns = turner();
  return {
    byteLength,
    async readAt(offset, into) {
      file.seekSync(offset, Deno.SeekMode.Start);
      // Several such reads go on at once, and the job's thread sums what has come meanwhile.
      if (into.byteLength >= ASIDE_BYTES) return await file.read(into) ?? 0;
      const read = file.readSync(into) ?? 0;
      await turns(read);
      return read;
    },
    close: () => file.close(),
  };
}

function stat(path: string): FileStat | undefined {
  try {
    const info = Deno.lstatSync(path);
    const kind = info.isSymlink
      ? "link"
      : info.isFile
      ? "file"
      : info.isDirectory
      ? "folder"
      : "other";
    return { kind, byteLength: info.size };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Lets the event loop turn each time enough bytes have been moved. */
function turner(): (bytes: number) => Promise<void> {
  let moved = 0;
  return async (bytes) => {
    moved += bytes;
    if (moved < PIECE_BYTES) return;
    moved = 0;
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
}
