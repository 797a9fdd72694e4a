/**
 * The folder of a `file:` store: which of its folders are there, whole, and no symbolic links.
 *
 * @module
 */
import { dirname, join, SEPARATOR } from "@std/path";
import { StoreError, StorePermissionError } from "./errors.ts";
import type { FileSystem } from "./file_system.ts";
import { isPassing } from "./io_errors.ts";
import { permissionAdvice } from "./permission_advice.ts";

/** Which folders must be there. */
interface FolderOptions {
  /** Whether their entries must outlive a power cut. */
  readonly sync: boolean;
  /** Is called before each folder sync. */
  readonly onSync: (path: string) => void | Promise<void>;
}

/** Makes and checks the folders of one store. */
export class FilePlace {
  /** Folders seen to be real folders. */
  readonly #seen = new Set<string>();
  /** Folders whose entry in their parent is known to outlive a power cut. */
  readonly #synced = new Set<string>();
  /** Folders down to the store's own whose entries are not synced yet. */
  readonly #unsynced: string[] = [];
  /** Folders above the store's, and itself, that were made here. */
  readonly #made = new Set<string>();
  /** What could not be made durable, in words. */
  readonly notes: string[] = [];
  readonly #prefix: string;

  /** Names the store's folder; nothing is looked at yet. */
  constructor(
    /** The file system. */
    readonly fileSystem: FileSystem,
    /** The store's folder. It may itself be a symbolic link; nothing inside it may be. */
    readonly root: string,
  ) {
    this.#prefix = join(root, "_").slice(0, -1);
  }

  /** The path of a name's parts, which lead nowhere else. */
  path(parts: readonly string[]): string {
    return parts.length === 0 ? join(this.root) : this.#prefix + parts.join(SEPARATOR);
  }

  /**
   * Checks that the folders on the way to a name are folders, not links that lead elsewhere.
   *
   * @returns Whether they all exist.
   */
  async check(folders: readonly string[]): Promise<boolean> {
    for (let depth = 1; depth <= folders.length; depth++) {
      const path = this.path(folders.slice(0, depth));
      if (this.#seen.has(path)) continue;
      const info = await this.fileSystem.stat(path);
      if (info === undefined) return false;
      if (info.kind !== "folder") throw notFolder(path, info.kind);
      this.#seen.add(path);
    }
    return true;
  }

  /** Makes the folders on the way to a name, from the store's own folder down. */
  async make(folders: readonly string[], options: FolderOptions): Promise<void> {
    await this.#makeRoot(options);
    for (let depth = 1; depth <= folders.length; depth++) {
      const path = this.path(folders.slice(0, depth));
      await this.#makeOne(path);
      if (options.sync) await this.#syncEntry(path, options);
    }
  }

  async #makeRoot(options: FolderOptions): Promise<void> {
    if (!this.#seen.has(this.root)) {
      const missing: string[] = [];
      for (let path = this.root; await this.#isMissing(path); path = dirname(path)) {
        missing.unshift(path);
        if (dirname(path) === path) break;
      }
      for (const path of missing) {
        await this.#makeMissing(path);
      }
      for (const path of missing) this.#made.add(path);
      // A process that made the folders above may have died before it synced their entries.
      for (let path = this.root; dirname(path) !== path; path = dirname(path)) {
        this.#unsynced.unshift(path);
      }
      this.#seen.add(this.root);
    }
    if (!options.sync) return;
    for (let path = this.#unsynced[0]; path !== undefined; path = this.#unsynced[0]) {
      await this.#syncRootEntry(path, options);
      // Another call may have done it meanwhile, and begun with the next one.
      if (this.#unsynced[0] === path) this.#unsynced.shift();
    }
  }

  async #makeMissing(path: string): Promise<void> {
    try {
      await ignoring(Deno.errors.AlreadyExists, () => this.fileSystem.makeFolder(path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      // What is above could not be looked at, so it was taken to be there.
      const above = dirname(path);
      const { flag, words } = permissionAdvice("write", this.root, above);
      const why = `"${above}" is not there, and Deno does not permit to make it: make it, ` +
        `or run with ${words}`;
      throw new StorePermissionError("make", path, why, flag, { cause: error });
    }
  }

  async #isMissing(path: string): Promise<boolean> {
    // A program may be permitted its own folder and nothing above it, which then has to exist.
    if (path !== this.root && !this.#mayRead(path)) return false;
    try {
      const info = await this.fileSystem.stat(path);
      if (info !== undefined && info.kind !== "folder" && info.kind !== "link") {
        throw notFolder(path, info.kind);
      }
      return info === undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable && path !== this.root) return false;
      throw error;
    }
  }

  async #makeOne(path: string): Promise<void> {
    if (this.#seen.has(path)) return;
    await ignoring(Deno.errors.AlreadyExists, () => this.fileSystem.makeFolder(path));
    const info = await this.fileSystem.stat(path);
    if (info?.kind !== "folder") throw notFolder(path, info?.kind ?? "nothing");
    this.#seen.add(path);
  }

  /**
   * Syncs the parent of a folder, once, also where the folder was there already: whoever made it may
   * have died before the sync.
   */
  async #syncEntry(path: string, options: FolderOptions): Promise<void> {
    if (this.#synced.has(path)) return;
    const parent = dirname(path);
    await options.onSync(parent);
    await this.fileSystem.syncFolder(parent);
    this.#synced.add(path);
  }

  async #syncRootEntry(path: string, options: FolderOptions): Promise<void> {
    const parent = dirname(path);
    const isOurs = path === this.root || this.#made.has(path);
    try {
      if (this.#mayRead(parent)) return await this.#syncEntry(path, options);
    } catch (error) {
      const isDenied = error instanceof Deno.errors.NotCapable ||
        error instanceof Deno.errors.PermissionDenied;
      // What was there, above, may lie on a file system that cannot sync folders.
      if (!isDenied && (isOurs || isPassing(error))) throw error;
    }
    this.#synced.add(path);
    if (!isOurs) return;
    this.notes.push(
      `the entry of "${path}" in "${parent}" is not synced, for want of permission to read that`,
    );
  }

  #mayRead(path: string): boolean {
    return this.fileSystem.mayRead?.(path) ?? true;
  }
}

/** A folder's path in the form in which the paths of what lies in it lead back to it. */
export function folderPath(path: string): string {
  return dirname(join(path, "_"));
}

function notFolder(path: string, kind: string): StoreError {
  const what = kind === "link" ? "a symbolic link, which stores do not follow" : `a ${kind}`;
  return new StoreError("use", path, `it should be a folder, but is ${what}: name another place`);
}

/** Runs something where one kind of error does not matter. */
export async function ignoring(
  kind: new (message: string) => Error,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
}

/** Removes a file that may be gone already. */
export function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  return ignoring(Deno.errors.NotFound, () => fileSystem.remove(path));
}

/** The names in a folder; none where it is not there. */
export async function namesIn(fileSystem: FileSystem, path: string): Promise<string[]> {
  let names: string[] = [];
  await ignoring(Deno.errors.NotFound, async () => {
    names = await fileSystem.list(path);
  });
  return names;
}
