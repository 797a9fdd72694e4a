/**
 * The few file operations that the `file:` store is made of.
 *
 * A test puts its own file system, or a wrapper around the real one, beneath the store: to log the
 * order of operations, to fail one of them, or to end the process at one.
 *
 * @module
 */

import type { CommitResult, FilesToCommit } from "./commit_files.ts";
import type { OnPoint } from "./file_commit.ts";
import type { FileLocks } from "./file_locks.ts";
import type { MemoryToFill } from "./fill_memory.ts";

/** A new file, open for writing. */
export interface FileWriter {
  /** Writes some of the bytes at the end, and gives how many (at least one). */
  write(bytes: Uint8Array): Promise<number>;
  /** Makes what was written outlive a power cut. Never called again once it has failed. */
  sync(): Promise<void>;
  /**
   * Puts so many zeros behind what is written, over which later writes go, so that a sync of these has
   * no new size to note. What is left of them is given back by `close`. Where not given, files grow.
   */
  reserve?(byteLength: number): Promise<void>;
  /** Closes the file. */
  close(): void | Promise<void>;
}

/** How a file is made. */
export interface CreateOptions {
  /** Whether it will be synced, so that the disk may be set to work before. */
  readonly sync?: boolean;
}

/** A file open for reading. */
export interface FileReader {
  /** The file's size when it was opened. */
  readonly byteLength: number;
  /** Reads some bytes from `offset` on, and gives how many: none at the end. */
  readAt(offset: number, into: Uint8Array): Promise<number>;
  /** Closes the file. */
  close(): void;
}

/** What a path leads to, not following a symbolic link at its end. */
export interface FileStat {
  /** What it is. */
  readonly kind: "file" | "folder" | "link" | "other";
  /** The size of a file. */
  readonly byteLength: number;
}

/**
 * File operations, by path. They throw what Deno's own throw, `Deno.errors.NotFound` and
 * `Deno.errors.AlreadyExists` above all.
 */
export interface FileSystem {
  /** Makes a new file, and throws where the path exists. */
  create(path: string, options?: CreateOptions): Promise<FileWriter>;
  /** Opens a file for reading. */
  open(path: string): Promise<FileReader>;
  /** Gives a file a second name, and throws where that path exists. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file. */
  remove(path: string): Promise<void>;
  /** Makes a folder, and throws where the path exists. */
  makeFolder(path: string): Promise<void>;
  /** Makes the entries of a folder outlive a power cut. */
  syncFolder(path: string): Promise<void>;
  /** Makes what is in a file outlive a power cut, whoever wrote it; where not given, there is no need. */
  syncFile?(path: string): Promise<void>;
  /** The names in a folder. */
  list(path: string): Promise<string[]>;
  /** What is at a path, or `undefined`. */
  stat(path: string): Promise<FileStat | undefined>;
  /**
   * Whether there is something at a path, most likely not; where not given, a `stat` tells. Throws where
   * that cannot be found out.
   */
  exists?(path: string): boolean;
  /**
   * Whether there is something at a path, in a fraction of the time of a look that fails; where the look
   * itself fails, it says no. Where not given, there is no such thing.
   */
  glance?(path: string): boolean;
  /**
   * Commits files aside from this thread; where not given, stores do that here. Where it rejects, nobody
   * can tell what came of it.
   */
  commitAside?(files: FilesToCommit, onPoint: OnPoint | undefined): Promise<CommitResult>;
  /** How many bytes it is worth to commit aside at least; 1 MiB where not given. */
  readonly asideBytes?: number;
  /** Fills memory that threads share, aside from this one; gives how many of the blocks are there. */
  fillAside?(fill: MemoryToFill): Promise<number>;
  /** Keeps what commits aside running between two commits, until it is released. */
  keep?(): void;
  /** Ends what was kept running. */
  release?(): void;
  /** Locks; not given where there are none. */
  readonly locks?: FileLocks | undefined;
  /** Whether a path may be read without anyone being asked for permission; yes where not given. */
  mayRead?(path: string): boolean;
}
