/**
 * The `file:` store: a folder, with one file for each object.
 *
 * @module
 */
import { dirname } from "@std/path";
import { denoFileSystem } from "./deno_file_system.ts";
import { committedBefore } from "./commit.ts";
import { ObjectExistsError, StoreError } from "./errors.ts";
import { FileCommit, type OnPoint } from "./file_commit.ts";
import type { FileStoreOptions } from "./file_options.ts";
import { checkLeftover, leftTemporaries } from "./file_leftovers.ts";
import { FileGround } from "./file_ground.ts";
import { folderPath, namesIn, removeIfThere } from "./file_place.ts";
import { filesOf, type FilesRequest, isForThread } from "./files_of.ts";
import { fileHolder, HOLD_FILE, holdFile } from "./file_hold.ts";
import type { Holder, HoldRequest, HoldResult } from "./hold.ts";
import { FileLog } from "./file_log.ts";
import { FileObject, readRange } from "./file_object.ts";
import type { FileSystem } from "./file_system.ts";
import { discard } from "./file_write.ts";
import type { BlockRef } from "./manifest.ts";
import { asStoreError } from "./io_errors.ts";
import { Pace } from "./pace.ts";
import { checkName, checkPrefix } from "./names.ts";
import type {
  CommitOutcome,
  CommitRequest,
  LogWriter,
  ObjectReader,
  ObjectStat,
  ReadOptions,
  Store,
  StoreOptions,
  StorePromises,
  WriteOptions,
} from "./store.ts";

/**
 * A store in a folder. Its own path may lead through symbolic links; inside it none is followed.
 *
 * An object is committed by a link from a temporary name, and packs are written under their final
 * name; FORMAT.md has the order of the syncs. Temporary names start with a dot and are no objects.
 */
export class FileStore implements Store {
  /** The kind. */
  readonly kind = "file";
  /** The path of the folder. */
  readonly root: string;
  /** How many bytes of objects were read through this value. */
  bytesRead = 0;
  /** How many bytes of objects were written through this value. */
  bytesWritten = 0;
  readonly #ground: FileGround;
  readonly #fileSystem: FileSystem;
  readonly #onPoint: OnPoint;
  readonly #path = (name: string): string => this.#ground.place.path(checkName(name));
  readonly #commit: FileCommit;
  #isKept = false;
  /** Whether a temporary file was made by this store. */
  readonly isOwn = (leftover: string): boolean => this.#ground.isOwn(leftover);

  /** Names a folder; nothing is looked at yet, and none made before the first write. */
  constructor(root: string, options: FileStoreOptions = {}) {
    this.root = folderPath(root);
    this.#fileSystem = options.fileSystem ?? denoFileSystem();
    this.#onPoint = options.onPoint ?? (() => {});
    this.#ground = new FileGround(this.#fileSystem, this.root, this.#onPoint);
    this.#commit = new FileCommit(this.#fileSystem, this.root, options.onPoint);
  }

  /** The place. */
  get place(): string {
    return `file:${this.root}`;
  }

  /** Tries out links and folder syncs in the folder, which it makes. */
  promises(options: StoreOptions = {}): Promise<StorePromises> {
    return this.#ground.promises(options);
  }

  /** Commits a whole object. */
  async put(name: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await this.#commitFiles({ packs: [], record: { name, content: bytes } }, options);
  }

  /** Commits packs and the record that names them, by a thread of its own where that is kept and there is much to write. */
  async commit(request: CommitRequest, options: WriteOptions = {}): Promise<CommitOutcome> {
    try {
      return await this.#commitFiles(request, options);
    } catch (error) {
      const { record } = request;
      if (record === undefined || !(error instanceof ObjectExistsError)) throw error;
      throw error.path === this.#path(record.name) ? committedBefore(record.name, error) : error;
    }
  }

  async #commitFiles(request: FilesRequest, options: WriteOptions): Promise<CommitOutcome> {
    const { signal } = options;
    const files = await filesOf(this.#ground, request, options);
    // To start the thread for one save and end it takes longer than to write what most saves do.
    const isAside = this.#isKept && isForThread(files, this.#fileSystem.asideBytes);
    const how = { isAside, onAside: request.onAside, signal };
    const committed = await this.#commit.commit(files, how);
    this.bytesWritten += committed.byteLength;
    return committed;
  }

  /** Fills memory by a thread of its own. */
  async fill(memory: Uint8Array, blocks: readonly BlockRef[]): Promise<number> {
    const read = blocks.map(({ pack, ...block }) => ({ ...block, path: this.#path(pack) }));
    const filled = await this.#fileSystem.fillAside?.({ memory, blocks: read }) ?? 0;
    this.bytesRead += blocks.slice(0, filled).reduce((sum, { length }) => sum + length, 0);
    return filled;
  }

  /** Writes an object from its parts. */
  async write(
    name: string,
    parts: Iterable<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<number> {
    const { path, folder, durability } = await this.#ground.prepare(name, options);
    return await this.#ground.guard("write", path, async () => {
      const written = await this.#commit.write(path, parts, durability, options.signal);
      this.bytesWritten += written;
      if (durability === "power") await this.#commit.syncFolder(folder);
      return written;
    }, options.signal);
  }

  /** Creates a file that grows. */
  async createLog(name: string, options: WriteOptions = {}): Promise<LogWriter> {
    const { path, folder, durability, links } = await this.#ground.prepare(name, options);
    const first = links ? this.#ground.temporary(folder) : path;
    const file = await this.#ground.guard("write", path, () => this.#fileSystem.create(first));
    return new FileLog({
      ...{ file, path, sync: durability === "power", onPoint: this.#onPoint },
      commit: async () => {
        if (!links) return;
        await this.#commit.link(first, path, durability);
        await discard(this.#fileSystem, first);
      },
      discard: () => discard(this.#fileSystem, first),
      asError: (error) => asStoreError(error, "write", path, this.root),
      onWritten: (bytes) => this.bytesWritten += bytes,
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
    const { path, durability, links } = await this.#ground.prepare(name, options);
    const source = from.#ground.place.path(checkName(fromName));
    return links && await this.#commit.adopt(source, path, durability);
  }

  /** Takes the hold of the folder, which it makes, by a lock on a file in it. */
  async hold(request: HoldRequest, options: StoreOptions = {}): Promise<HoldResult> {
    const { locks } = this.#fileSystem;
    if (locks === undefined) return { impossible: `the file system of ${this.place} has no locks` };
    const path = this.#ground.place.path([HOLD_FILE]);
    return await this.#ground.guard("lock", path, async () => {
      await this.#ground.make();
      // It is written to, so that no link may lead from it to a file elsewhere.
      await this.#stat([HOLD_FILE], path);
      return await holdFile(locks, path, request, options);
    }, options.signal);
  }

  /** Who has the hold of the folder. */
  async holder({ signal }: StoreOptions = {}): Promise<Holder | undefined> {
    signal?.throwIfAborted();
    const { locks } = this.#fileSystem;
    if (locks === undefined) return undefined;
    const path = this.#ground.place.path([HOLD_FILE]);
    return await this.#ground.guard("read", path, async () => {
      if (await this.#stat([HOLD_FILE], path) === undefined) return undefined;
      return await fileHolder(locks, path);
    });
  }

  /** Keeps the thread that writes between two packs. */
  keep(): void {
    this.#isKept = true;
    this.#fileSystem.keep?.();
  }

  /** Ends the thread that writes. */
  release(): void {
    this.#isKept = false;
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
    const path = this.#ground.place.path(parts);
    return await this.#ground.guard("read", path, async () => {
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
    const path = this.#ground.place.path(parts);
    return await this.#ground.guard("list", path, async () => {
      if (!await this.#ground.place.check(parts)) return [];
      const entries = await namesIn(this.#fileSystem, path);
      const names = entries.filter((entry) => !entry.startsWith(".")).sort();
      return names.map((name) => prefix + name);
    });
  }

  /** The temporary files that killed writes have left. */
  async leftovers({ signal }: StoreOptions = {}): Promise<string[]> {
    signal?.throwIfAborted();
    const left = () => leftTemporaries(this.#fileSystem, this.#ground.place);
    return await this.#ground.guard("list", this.root, left);
  }

  /** Removes temporary files, of which nobody may be writing one. */
  async clear(names: readonly string[], { signal }: StoreOptions = {}): Promise<void> {
    for (const name of names) {
      signal?.throwIfAborted();
      const path = this.#ground.place.path(checkLeftover(name));
      await this.#ground.guard("remove", path, () => removeIfThere(this.#fileSystem, path));
    }
  }

  /** Removes objects, in the order given. */
  async remove(names: readonly string[], options: WriteOptions = {}): Promise<void> {
    const folders = new Set<string>();
    const pace = new Pace();
    for (const name of names) {
      await pace.turn();
      options.signal?.throwIfAborted();
      const parts = checkName(name);
      const path = this.#ground.place.path(parts);
      await this.#ground.guard("remove", path, async () => {
        if (!await this.#ground.place.check(parts.slice(0, -1))) return;
        await this.#onPoint("remove", path);
        await removeIfThere(this.#fileSystem, path);
        folders.add(dirname(path));
      });
    }
    if ((options.durability ?? (await this.promises()).durability) !== "power") return;
    for (const folder of folders) {
      await this.#ground.guard("sync", folder, () => this.#commit.syncFolder(folder));
    }
  }

  /** Whether there is an object, as far as a quick look tells. */
  glance(name: string): boolean | undefined {
    return this.#fileSystem.glance?.(this.#path(name));
  }

  /** Syncs files, as far as they are there, and their folders. */
  async settle(names: readonly string[]): Promise<void> {
    await this.#ground.guard("sync", this.root, () => this.#ground.make("power"));
    await this.#commit.settle(names.map((name) => this.#path(name)));
  }

  /** An object's facts, or `undefined` where there is none. */
  async stat(name: string, { signal }: StoreOptions = {}): Promise<ObjectStat | undefined> {
    signal?.throwIfAborted();
    const parts = checkName(name);
    const path = this.#ground.place.path(parts);
    return await this.#ground.guard("look at", path, () => this.#stat(parts, path));
  }

  async #stat(parts: readonly string[], path: string): Promise<ObjectStat | undefined> {
    if (!await this.#ground.place.check(parts.slice(0, -1))) return undefined;
    const info = await this.#fileSystem.stat(path);
    if (info === undefined) return undefined;
    if (info.kind === "file") return { byteLength: info.byteLength };
    throw new StoreError("read", path, `it should be a file, but is a ${info.kind}`);
  }
}
