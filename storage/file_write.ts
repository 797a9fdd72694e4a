/**
 * How the `file:` store writes a new file, and tries out its file system.
 *
 * @module
 */
import { basename, SEPARATOR } from "@std/path";
import type { FileSystem, FileWriter } from "./file_system.ts";
import { isPassing } from "./io_errors.ts";
import type { StorePromises } from "./store.ts";

/** Parts are gathered into pieces of this size, so that small ones cost no call each. */
const GATHER_BYTES = 1024 * 1024;

/** How a file is written. */
export interface NewFileOptions {
  /** Whether it must outlive a power cut. */
  readonly sync: boolean;
  /** Is called before the writing and before the sync. */
  readonly onPoint: (step: "write" | "sync") => void | Promise<void>;
  /** Ends it between two pieces; what was written is removed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a new file, and gives its size. A failed one is removed, as far as that works: its name
 * stands for nothing.
 */
export async function writeNew(
  fileSystem: FileSystem,
  path: string,
  parts: Iterable<Uint8Array>,
  options: NewFileOptions,
): Promise<number> {
  const file = await fileSystem.create(path, { sync: options.sync });
  let isOpen = true;
  try {
    await options.onPoint("write");
    const written = await writeParts(file, parts, options.signal);
    if (options.sync) {
      await options.onPoint("sync");
      // A failed sync is never tried again: the kernel may have dropped the pages it could not write.
      await file.sync();
    }
    isOpen = false;
    await file.close();
    return written;
  } catch (error) {
    if (isOpen) await file.close();
    await discard(fileSystem, path);
    throw error;
  }
}

async function writeParts(
  file: FileWriter,
  parts: Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const gather = new Gather();
  let written = 0;
  for (const part of parts) {
    signal?.throwIfAborted();
    written += part.byteLength;
    if (!gather.hasRoom(part)) await writeAll(file, gather.take());
    if (gather.hasRoom(part)) gather.add(part);
    else await writeAll(file, part);
  }
  await writeAll(file, gather.take());
  return written;
}

/** Small parts that are written together. */
class Gather {
  #parts: Uint8Array[] = [];
  #held = 0;
  #buffer: Uint8Array | undefined;

  hasRoom(part: Uint8Array): boolean {
    return this.#held + part.byteLength <= GATHER_BYTES;
  }

  add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#held += part.byteLength;
  }

  /** The parts held, as one; a lone part is not copied. */
  take(): Uint8Array {
    const parts = this.#parts;
    const held = this.#held;
    this.#parts = [];
    this.#held = 0;
    if (parts.length < 2) return parts[0] ?? new Uint8Array();
    if (this.#buffer === undefined || this.#buffer.byteLength < held) {
      this.#buffer = new Uint8Array(held);
    }
    let at = 0;
    for (const part of parts) {
      this.#buffer.set(part, at);
      at += part.byteLength;
    }
    return this.#buffer.subarray(0, held);
  }
}

async function writeAll(file: FileWriter, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.byteLength > 0) {
    const count = await file.write(rest);
    if (count <= 0 || count > rest.byteLength) throw new Error(`a write took ${count} bytes`);
    rest = rest.subarray(count);
  }
}

/** Removes a file that stands for nothing; where that fails it stays, which is harmless. */
export async function discard(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path);
  } catch {
    // A temporary name that stays is no object, and verification reports it as left over.
  }
}

/** A path in a folder that is no object's and no one else's; its name begins with eight digits, if these are given. */
export function temporaryIn(folder: string, mark = ""): string {
  return `${folder}${SEPARATOR}.${mark}${crypto.randomUUID().slice(mark.length)}.tmp`;
}

/** Whether a temporary path begins with these digits. */
export function isMarked(path: string, mark: string): boolean {
  return basename(path).startsWith(`.${mark}`);
}

/** So often what is tried out may be cleared away by somebody who repairs. */
const MOST_CLEARED = 10;

/** Tries out what a folder's file system can do. */
export async function probe(fileSystem: FileSystem, folder: string): Promise<StorePromises> {
  for (let tries = 1;; tries++) {
    try {
      return await probeOnce(fileSystem, folder);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || tries >= MOST_CLEARED) throw error;
    }
  }
}

async function probeOnce(fileSystem: FileSystem, folder: string): Promise<StorePromises> {
  const from = temporaryIn(folder);
  const to = temporaryIn(folder);
  const file = await fileSystem.create(from);
  await file.close();
  const reasons: string[] = [];
  try {
    const links = await works(reasons, "links", () => fileSystem.link(from, to));
    const syncs = await works(reasons, "folder syncs", () => fileSystem.syncFolder(folder));
    const durability = !links ? "none" : syncs ? "power" : "process";
    // Even without links, a file that must be new is created by one caller only.
    return { linearizableCreate: true, durability, reasons };
  } finally {
    await discard(fileSystem, from);
    await discard(fileSystem, to);
  }
}

async function works(
  reasons: string[],
  what: string,
  run: () => Promise<void>,
): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    // A file system that fails or is full today says nothing of what it can do, nor does a file that is gone.
    const isOfNow = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotFound || isPassing(error);
    if (isOfNow) throw error;
    const why = error instanceof Error ? error.message : String(error);
    reasons.push(`${what} do not work there: ${why}`);
    return false;
  }
}
