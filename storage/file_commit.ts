/**
 * How the `file:` store makes new files durable and visible, step by step.
 *
 * @module
 */
import { dirname } from "@std/path";
import { ObjectExistsError, ObjectNotFoundError, UnknownOutcomeError } from "./errors.ts";
import type { BlocksWritten, FileSystem } from "./file_system.ts";
import { discard, writeNew } from "./file_write.ts";
import { asStoreError } from "./io_errors.ts";
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

/** Is called before each step of a write, with the path. */
export type OnPoint = (point: StorePoint, path: string) => void | Promise<void>;

/** The steps of a write in one store's folder. */
export class FileCommit {
  /** Takes what is beneath, the store's folder, and who is told of each step. */
  constructor(
    private readonly fileSystem: FileSystem,
    private readonly root: string,
    private readonly onPoint: OnPoint,
  ) {}

  /** Writes a new file from its parts, and gives its size. */
  write(
    path: string,
    parts: Iterable<Uint8Array>,
    kind: "pack" | "manifest",
    durability: Durability,
    signal?: AbortSignal,
  ): Promise<number> {
    return writeNew(this.fileSystem, path, parts, {
      sync: durability === "power",
      onPoint: (step) => this.onPoint(`${kind} ${step}`, path),
      signal,
    });
  }

  /** Writes a new pack from its blocks, aside from this thread. */
  async writeBlocks(
    write: NonNullable<FileSystem["writeBlocks"]>,
    path: string,
    blocks: readonly (readonly Uint8Array[])[],
    durability: Durability,
  ): Promise<BlocksWritten> {
    await this.onPoint("pack write", path);
    try {
      const written = await write(path, blocks, { sync: durability === "power" });
      await this.onPoint("pack sync", path);
      return written;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) await discard(this.fileSystem, path);
      throw error;
    }
  }

  /**
   * Gives a finished file its name: the commit.
   *
   * @throws {ObjectExistsError} Where there is a file of that name, which stays as it is.
   * @throws {UnknownOutcomeError} Where nobody can tell whether it is there.
   */
  async link(from: string, to: string, durability: Durability): Promise<void> {
    await this.onPoint("link", to);
    try {
      await this.fileSystem.link(from, to);
      await this.onPoint("after link", to);
      if (durability === "power") await this.syncFolder(dirname(to));
    } catch (error) {
      const cause = asStoreError(error, "write", to, this.root);
      // Whoever made it may have died before the sync, and the caller may build on it.
      if (cause instanceof ObjectExistsError && durability === "power") await this.#syncAgain(to);
      if (cause instanceof ObjectExistsError || error instanceof Deno.errors.NotCapable) {
        throw cause;
      }
      const why = `nobody can tell whether it is there: ${cause.message}`;
      throw new UnknownOutcomeError("commit", to, why, { cause });
    }
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
      if (durability === "power") await this.syncFolder(dirname(to));
      return true;
    } catch (error) {
      await discard(this.fileSystem, to);
      throw asStoreError(error, "sync", dirname(to), this.root);
    }
  }

  /** Makes the entries of a folder outlive a power cut. */
  async syncFolder(path: string): Promise<void> {
    await this.onPoint("folder sync", path);
    await this.fileSystem.syncFolder(path);
  }

  async #syncAgain(path: string): Promise<void> {
    const folder = dirname(path);
    try {
      await this.syncFolder(folder);
    } catch (error) {
      throw asStoreError(error, "sync", folder, this.root);
    }
  }
}
