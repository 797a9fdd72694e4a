/**
 * How the `file:` store makes new files durable and visible, and what its failures mean.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { dirname } from "@std/path";
import {
  type CommitCalls,
  type CommitFailure,
  FilesCommit,
  type FilesCommitted,
  type FilesToCommit,
  type FileToFill,
} from "./commit_files.ts";
import { ObjectExistsError, ObjectNotFoundError, UnknownOutcomeError } from "./errors.ts";
import type { FileSystem } from "./file_system.ts";
import { ignoring } from "./file_place.ts";
import { discard, writeNew } from "./file_write.ts";
import { fillPack } from "./fill_pack.ts";
import { asStoreError } from "./io_errors.ts";
import { sealWith } from "./seal.ts";
import type { Durability } from "./store.ts";

/** A moment in a write at which a test may stop the process. */
export type StorePoint =
  | "pack write"
  | "pack sync"
  | "manifest write"
  | "manifest sync"
  | "log write"
  | "log sync"
  | "link"
  | "folder sync"
  | "after link"
  | "remove";

/** How many files and folders are synced at once that others have written. */
const SYNCS_AT_ONCE = 32;

/** Is called before each step of a write, with the path. */
export type OnPoint = (point: StorePoint, path: string) => void | Promise<void>;

/** How files are committed. */
interface CommitHow {
  /** Whether it is done aside from this thread, where that can be. */
  readonly isAside: boolean;
  /** Is called once it is done aside. */
  readonly onAside?: (() => void) | undefined;
  /** Ends it before it has an effect. */
  readonly signal: AbortSignal | undefined;
}

/** The steps of a write in one store's folder. */
export class FileCommit {
  readonly #onPoint: OnPoint;

  /** Takes what is beneath, the store's folder, and who is told of each step, if anyone. */
  constructor(
    private readonly fileSystem: FileSystem,
    private readonly root: string,
    private readonly given: OnPoint | undefined,
  ) {
    this.#onPoint = given ?? (() => {});
  }

  /** Writes a new pack from its parts, and gives its size. */
  write(
    path: string,
    parts: Iterable<Uint8Array>,
    durability: Durability,
    signal?: AbortSignal,
  ): Promise<number> {
    return writeNew(this.fileSystem, path, parts, {
      sync: durability === "power",
      onPoint: (step) => this.#onPoint(`pack ${step}`, path),
      signal,
    });
  }

  /**
   * Commits files, all or none.
   *
   * @throws {ObjectExistsError} Where there is a file of the record's name, which stays as it is.
   * @throws {UnknownOutcomeError} Where nobody can tell whether the record is there, or counts.
   * @throws {StoreError} Where it is certainly not there.
   */
  async commit(
    files: FilesToCommit,
    { isAside, onAside, signal }: CommitHow,
  ): Promise<FilesCommitted> {
    const { fileSystem } = this;
    const aside = isAside ? fileSystem.commitAside?.(files, this.given) : undefined;
    if (aside !== undefined) onAside?.();
    const committing = aside ?? new FilesCommit(files, this.#calls(signal)).run();
    const result = await committing.catch((error) => {
      throw this.#lost(error, files);
    });
    if (!("failed" in result)) return result;
    // Behind the link a record may name them, whatever it failed with.
    if (result.failed === "write" || isRefused(result, files, signal)) {
      for (const pack of result.begun) await discard(fileSystem, pack);
    }
    throw await this.#errorOf(result, files, signal);
  }

  #calls(signal: AbortSignal | undefined): CommitCalls {
    const { fileSystem } = this;
    return {
      create: (path, sync) => fileSystem.create(path, { sync }),
      link: (from, to) => {
        signal?.throwIfAborted();
        return fileSystem.link(from, to);
      },
      remove: (path) => fileSystem.remove(path),
      syncFolder: (path) => fileSystem.syncFolder(path),
      exists: async (path) =>
        fileSystem.exists?.(path) ?? await fileSystem.stat(path) !== undefined,
      fillPack: (file, blocks) => fillPack(stoppable(file, signal), blocks, crc32),
      withSums: sealWith,
      point: this.#onPoint,
    };
  }

  /** What it means that whoever commits aside has not said what came of it. */
  #lost(error: unknown, { packs, record }: FilesToCommit): Error {
    const path = record?.path ?? packs[0]?.path ?? this.root;
    const cause = asStoreError(error, "write", path, this.root);
    if (record === undefined) return cause;
    const why = `nobody can tell whether it is there: ${cause.message}`;
    return new UnknownOutcomeError("commit", record.path, why, { cause });
  }

  async #errorOf(
    { failed, path, error }: CommitFailure,
    { record, sync }: FilesToCommit,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    if (signal?.aborted === true && error === signal.reason) return error;
    const cause = asStoreError(error, failed === "look" ? "look at" : "write", path, this.root);
    if (failed === "write" || record === undefined) return cause;
    if (failed === "look") {
      const why = `nobody can tell whether ${record.path} counts: ${cause.message}`;
      return new UnknownOutcomeError("look at", path, why, { cause });
    }
    // Whoever made it may have died before the sync, and the caller may build on it.
    if (cause instanceof ObjectExistsError) return sync ? await this.#syncAgain(cause) : cause;
    if (isRefused({ failed, path, error }, { record }, signal)) return cause;
    const why = `nobody can tell whether it is there: ${cause.message}`;
    return new UnknownOutcomeError("commit", record.path, why, { cause });
  }

  /**
   * Gives a file of another folder a name here; `false` where the file system cannot.
   *
   * @throws {ObjectNotFoundError} Where there is no such file.
   * @throws {ObjectExistsError} Where there is a file of the new name, which stays as it is.
   */
  async adopt(from: string, to: string, durability: Durability): Promise<boolean> {
    try {
      await this.fileSystem.link(from, to);
    } catch (error) {
      const cause = asStoreError(error, "link", to, this.root);
      if (cause instanceof ObjectNotFoundError || cause instanceof ObjectExistsError) throw cause;
      return false;
    }
    try {
      // Whoever wrote it may not have had to sync it.
      if (durability === "power") await this.settle([to]);
      return true;
    } catch (error) {
      await discard(this.fileSystem, to);
      throw error;
    }
  }

  /**
   * Makes what somebody else wrote durable, as far as it is there.
   *
   * @throws {StoreError} Where that fails.
   */
  async settle(paths: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const path of paths) {
      // Whoever made the folders on the way may not have had to sync their entries either.
      for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) {
        folders.add(folder);
        if (folder === this.root || folder === dirname(folder)) break;
      }
    }
    // It counts only when all are synced, so that their order is nothing to anybody.
    await this.#syncAll([
      ...paths.map((path) => ({ path, sync: async () => await this.fileSystem.syncFile?.(path) })),
      ...[...folders].map((path) => ({ path, sync: () => this.syncFolder(path) })),
    ]);
  }

  /** Syncs what is there, several at once: a job that was started very often has very many small records. */
  async #syncAll(all: readonly { path: string; sync: () => Promise<void> }[]): Promise<void> {
    for (let at = 0; at < all.length; at += SYNCS_AT_ONCE) {
      const syncing = all.slice(at, at + SYNCS_AT_ONCE).map(async ({ path, sync }) => {
        try {
          await ignoring(Deno.errors.NotFound, sync);
        } catch (error) {
          throw asStoreError(error, "sync", path, this.root);
        }
      });
      // None may go on behind one that has failed.
      await Promise.allSettled(syncing);
      await Promise.all(syncing);
    }
  }

  /** Gives a file its name, and throws where that path exists. */
  async link(from: string, to: string, durability: Durability): Promise<void> {
    await this.#onPoint("link", to);
    await this.fileSystem.link(from, to);
    await this.#onPoint("after link", to);
    if (durability === "power") await this.syncFolder(dirname(to));
  }

  /** Makes the entries of a folder outlive a power cut. */
  async syncFolder(path: string): Promise<void> {
    await this.#onPoint("folder sync", path);
    await this.fileSystem.syncFolder(path);
  }

  /** Syncs the folder of what was there already. */
  async #syncAgain(exists: ObjectExistsError): Promise<Error> {
    const folder = dirname(exists.path);
    try {
      await this.syncFolder(folder);
      return exists;
    } catch (error) {
      return asStoreError(error, "sync", folder, this.root);
    }
  }
}

/** Whether a link failed before it was tried. */
function isRefused(
  { failed, path, error }: Pick<CommitFailure, "failed" | "path" | "error">,
  { record }: Pick<FilesToCommit, "record">,
  signal: AbortSignal | undefined,
): boolean {
  if (failed !== "link" || path !== record?.path || record.temporary === undefined) return false;
  if (error instanceof Deno.errors.NotCapable) return true;
  return signal?.aborted === true && error === signal.reason;
}

/** A file whose writing can be ended between two pieces. */
function stoppable(file: FileToFill, signal: AbortSignal | undefined): FileToFill {
  if (signal === undefined) return file;
  const write = (bytes: Uint8Array) => {
    signal.throwIfAborted();
    return file.write(bytes);
  };
  return { write, sync: () => file.sync(), close: () => file.close() };
}
