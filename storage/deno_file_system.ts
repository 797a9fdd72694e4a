/**
 * The real file system, through Deno's API.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { denoLocks } from "./file_locks.ts";
import type { FileReader, FileStat, FileSystem, FileWriter } from "./file_system.ts";
import { ThreadWriter } from "./thread_writer.ts";

/** Bytes that one synchronous call moves at most, so that the event loop turns every 10 ms or so. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** The file system of the machine. Needs permission to read and write the paths it is asked for. */
export function denoFileSystem(): FileSystem {
  const thread = new ThreadWriter();
  return {
    create: async (path) => writer(await Deno.open(path, { write: true, createNew: true })),
    open,
    link: (from, to) => Deno.link(from, to),
    remove: (path) => Deno.remove(path),
    makeFolder: (path) => Deno.mkdir(path),
    syncFolder,
    list: async (path) => (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name),
    stat,
    writeBlocks: (path, blocks, options) => thread.write(path, blocks, options),
    locks: denoLocks(),
    keep: () => thread.keep(),
    release: () => thread.release(),
    mayRead: (path) => Deno.permissions.querySync({ name: "read", path }).state === "granted",
  };
}

function writer(file: Deno.FsFile): FileWriter {
  const turns = turner();
  return {
    // Synchronous writes are several times as fast as asynchronous ones, which copy.
    async write(bytes) {
      const written = file.writeSync(bytes.subarray(0, PIECE_BYTES));
      await turns(written);
      return written;
    },
    sync: () => file.syncData(),
    close: () => file.close(),
  };
}

async function open(path: string): Promise<FileReader> {
  const file = await Deno.open(path, { read: true });
  let byteLength: number;
  try {
    const info = await file.stat();
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
      const read = file.readSync(into.subarray(0, PIECE_BYTES)) ?? 0;
      await turns(read);
      return read;
    },
    close: () => file.close(),
  };
}

async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

async function stat(path: string): Promise<FileStat | undefined> {
  try {
    const info = await Deno.lstat(path);
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
