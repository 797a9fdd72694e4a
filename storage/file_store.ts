/**
 * The `file:` store: a folder, with one file for each object.
 *
 * @module
 */
import { dirname } from "@std/path";
import { denoFileSystem } from "./deno_file_system.ts";
import { PromiseError, StoreError } from "./errors.ts";
import { FileCommit, type OnPoint } from "./file_commit.ts";
import { FilePlace, ignoring } from "./file_place.ts";
import { FileObject, readRange } from "./file_object.ts";
import { discard, probe, temporaryPath } from "./file_write.ts";
import type { FileSystem } from "./file_system.ts";
import { asStoreError } from "./io_errors.ts";
import { checkName, checkPrefix } from "./names.ts";
import type {
  Durability,
  ObjectReader,
  ObjectStat,
  ReadOptions,
  Store,
  StoreOptions,
  StorePromises,
  WriteOptions,
} from "./store.ts";
import { lengthOf } from "./pieces.ts";
import { covers } from "./store.ts";

/** To hand over less than this to a thread costs more than it saves. */
const THREAD_BYTES = 1024 * 1024;

/** What a `file:` store may be given. */
export interface FileStoreOptions {
  /** What is beneath it; Deno's own file system where not given. */
  readonly fileSystem?: FileSystem;
  /**
   * Is called before each step of a write (`"after link"`: behind the link and before its sync),
   * with the path; for tests that stop the process there.
   */
  readonly onPoint?: OnPoint;
}

/**
 * A store in a folder. Its own path may lead through symbolic links; inside it none is followed.
 *
 * An object is committed by a link from a temporary name, and packs are written under their final
 * name; FORMAT.md has the order of the syncs. Temporary names start with a dot and are no objects.
 */
export class FileStore implements Store {
  /** The kind. */
  readonly kind = "file";
  /** How many bytes of objects were read through this value. */
  bytesRead = 0;
  /** How many bytes of objects were written through this value. */
  bytesWritten = 0;
  readonly #place: FilePlace;
  readonly #fileSystem: FileSystem;
  readonly #onPoint: OnPoint;
  readonly #commit: FileCommit;
  #promises: Promise<StorePromises> | undefined;

  /** Names a folder; nothing is looked at yet, and none made before the first write. */
  constructor(
    /** The path of the folder. */
    readonly root: string,
    options: FileStoreOptions = {},
  ) {
    this.#fileSystem = options.fileSystem ?? denoFileSystem();
    this.#place = new FilePlace(this.#fileSystem, root);
    this.#onPoint = options.onPoint ?? (() => {});
    this.#commit = new FileCommit(this.#fileSystem, root, this.#onPoint);
  }

  /** The place. */
  get place(): string {
    return `file:${this.root}`;
  }

  /** Tries out links and folder syncs in the folder, which it makes. */
  async promises({ signal }: StoreOptions = {}): Promise<StorePromises> {
    signal?.throwIfAborted();
    this.#promises ??= this.#guard("write", this.root, async () => {
      await this.#place.make([], this.#folderOptions("none"));
      return await probe(this.#fileSystem, this.root);
    });
    try {
      const found = await this.#promises;
      return { ...found, reasons: [...found.reasons, ...this.#place.notes] };
    } catch (error) {
      this.#promises = undefined;
      throw error;
    }
  }

  /** Commits a whole object. */
  async put(name: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { path, durability, links } = await this.#prepare(name, options);
    if (!links) {
      await this.#guard(
        "write",
        path,
        () => this.#commit.write(path, [bytes], "manifest", durability),
      );
      this.bytesWritten += bytes.byteLength;
      return;
    }
    const temporary = temporaryPath(path);
    try {
      await this.#guard(
        "write",
        path,
        () => this.#commit.write(temporary, [bytes], "manifest", durability),
      );
      options.signal?.throwIfAborted();
      await this.#commit.link(temporary, path, durability);
    } finally {
      await discard(this.#fileSystem, temporary);
    }
    this.bytesWritten += bytes.byteLength;
  }

  /** Writes an object from its parts. */
  async write(
    name: string,
    parts: Iterable<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<number> {
    const { path, durability } = await this.#prepare(name, options);
    return await this.#guard("write", path, async () => {
      const written = await this.#commit.write(path, parts, "pack", durability, options.signal);
      this.bytesWritten += written;
      if (durability === "power") await this.#commit.syncFolder(dirname(path));
      return written;
    }, options.signal);
  }

  /** Writes an object of blocks by a thread of its own, where it is large and the file system has one. */
  async writeBlocks(
    name: string,
    blocks: readonly (readonly Uint8Array[])[],
    options: WriteOptions = {},
  ): Promise<readonly number[] | undefined> {
    const write = this.#fileSystem.writeBlocks;
    if (write === undefined || lengthOf(blocks) < THREAD_BYTES) return undefined;
    const { path, durability } = await this.#prepare(name, options);
    return await this.#guard("write", path, async () => {
      const { byteLength, sums } = await this.#commit.writeBlocks(write, path, blocks, durability);
      this.bytesWritten += byteLength;
      if (durability === "power") await this.#commit.syncFolder(dirname(path));
      return sums;
    });
  }

  /** Links to another folder's file, on the same file system. */
  async adopt(
    name: string,
    from: Store,
    fromName: string,
    options: WriteOptions = {},
  ): Promise<boolean> {
    if (!(from instanceof FileStore)) return false;
    const { path, durability, links } = await this.#prepare(name, options);
    const source = from.#place.path(checkName(fromName));
    return links && await this.#commit.adopt(source, path, durability);
  }

  /** Keeps the thread that writes between two packs. */
  keep(): void {
    this.#fileSystem.keep?.();
  }

  /** Ends the thread that writes. */
  release(): void {
    this.#fileSystem.release?.();
  }

  /** Reads an object, or a range of it. */
  async get(name: string, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    using reader = await this.open(name, options);
    return await readRange(reader, options);
  }

  /** Opens an object for reading. */
  async open(name: string, { signal }: StoreOptions = {}): Promise<ObjectReader> {
    signal?.throwIfAborted();
    const parts = checkName(name);
    const path = this.#place.path(parts);
    return await this.#guard("read", path, async () => {
      const info = await this.#stat(parts, path);
      if (info === undefined) throw new Deno.errors.NotFound("there is no such object");
      const file = await this.#fileSystem.open(path);
      return new FileObject(file, {
        onRead: (bytes) => this.bytesRead += bytes,
        asError: (error) => asStoreError(error, "read", path, this.root),
      });
    });
  }

  /** The names of the objects directly below a prefix, sorted. */
  async list(prefix: string, { signal }: StoreOptions = {}): Promise<string[]> {
    signal?.throwIfAborted();
    const folder = checkPrefix(prefix);
    const parts = folder === "" ? [] : folder.split("/");
    const path = this.#place.path(parts);
    return await this.#guard("list", path, async () => {
      if (!await this.#place.check(parts)) return [];
      let entries: string[] = [];
      await ignoring(Deno.errors.NotFound, async () => {
        entries = await this.#fileSystem.list(path);
      });
      return entries.filter((entry) => !entry.startsWith(".")).map((entry) => prefix + entry)
        .sort();
    });
  }

  /** Removes objects, in the order given. */
  async remove(names: readonly string[], options: WriteOptions = {}): Promise<void> {
    const folders = new Set<string>();
    for (const name of names) {
      options.signal?.throwIfAborted();
      const parts = checkName(name);
      const path = this.#place.path(parts);
      await this.#guard("remove", path, async () => {
        if (!await this.#place.check(parts.slice(0, -1))) return;
        await this.#onPoint("remove", path);
        await ignoring(Deno.errors.NotFound, () => this.#fileSystem.remove(path));
        folders.add(dirname(path));
      });
    }
    if ((options.durability ?? (await this.promises()).durability) !== "power") return;
    for (const folder of folders) {
      await this.#guard("sync", folder, () => this.#commit.syncFolder(folder));
    }
  }

  /** An object's facts, or `undefined` where there is none. */
  async stat(name: string, { signal }: StoreOptions = {}): Promise<ObjectStat | undefined> {
    signal?.throwIfAborted();
    const parts = checkName(name);
    const path = this.#place.path(parts);
    return await this.#guard("look at", path, () => this.#stat(parts, path));
  }

  async #stat(parts: readonly string[], path: string): Promise<ObjectStat | undefined> {
    if (!await this.#place.check(parts.slice(0, -1))) return undefined;
    const info = await this.#fileSystem.stat(path);
    if (info === undefined) return undefined;
    if (info.kind === "file") return { byteLength: info.byteLength };
    throw new StoreError("read", path, `it should be a file, but is a ${info.kind}`);
  }

  /** Checks the name and the promise, and makes the folders on the way. */
  async #prepare(
    name: string,
    { signal, durability: asked }: WriteOptions,
  ): Promise<{ readonly path: string; readonly durability: Durability; readonly links: boolean }> {
    signal?.throwIfAborted();
    const parts = checkName(name);
    const path = this.#place.path(parts);
    const promised = await this.promises();
    const durability = asked ?? promised.durability;
    if (!covers(promised.durability, durability)) {
      throw new PromiseError(
        this.place,
        `durability "${durability}"`,
        promised.reasons,
        `ask for "${promised.durability}", or name a place on another file system`,
      );
    }
    await this.#guard(
      "write",
      path,
      () => this.#place.make(parts.slice(0, -1), this.#folderOptions(durability)),
    );
    return { path, durability, links: promised.durability !== "none" };
  }

  #folderOptions(durability: Durability): Parameters<FilePlace["make"]>[1] {
    return {
      sync: durability === "power",
      onSync: (path) => this.#onPoint("folder sync", path),
    };
  }

  async #guard<T>(
    op: string,
    path: string,
    run: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) throw error;
      throw asStoreError(error, op, path, this.root);
    }
  }
}
