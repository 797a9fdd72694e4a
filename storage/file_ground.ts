/**
 * What a `file:` store stands on: its folder, what that promises, and what an error there means.
 *
 * @module
 */
import { PromiseError } from "./errors.ts";
import type { OnPoint } from "./file_commit.ts";
import { FilePlace } from "./file_place.ts";
import type { FileSystem } from "./file_system.ts";
import { isMarked, probe, temporaryIn } from "./file_write.ts";
import { asStoreError } from "./io_errors.ts";
import { checkName } from "./names.ts";
import {
  covers,
  type Durability,
  type StoreOptions,
  type StorePromises,
  type WriteOptions,
} from "./store.ts";

/** Where an object is to be written. */
interface Prepared {
  /** The path of its file. */
  readonly path: string;
  /** The folder of that, which is there. */
  readonly folder: string;
  /** What it will outlive. */
  readonly durability: Durability;
  /** Whether the file system has links. */
  readonly links: boolean;
}

/** The ground of one store. */
export class FileGround {
  /** The folder. */
  readonly place: FilePlace;
  /** Folders that are there, each with what its entry outlives. */
  readonly #ready = new Set<string>();
  #promises: Promise<StorePromises> | undefined;
  #mark: string | undefined;

  /** Names the folder; nothing is looked at yet. */
  constructor(
    private readonly fileSystem: FileSystem,
    private readonly root: string,
    private readonly onPoint: OnPoint,
  ) {
    this.place = new FilePlace(fileSystem, root);
  }

  /** Makes the store's own folder, and what its entry must outlive. */
  async make(durability: Durability = "none"): Promise<void> {
    await this.place.make([], this.#folderOptions(durability));
  }

  /** A path in a folder that is no object's and no one else's. */
  temporary(folder: string): string {
    return temporaryIn(folder, this.#mark ??= crypto.randomUUID().slice(0, 8));
  }

  /** Whether a temporary file was made here. */
  isOwn(name: string): boolean {
    return this.#mark !== undefined && isMarked(name, this.#mark);
  }

  /** Tries out links and folder syncs in the folder, which it makes. */
  async promises({ signal }: StoreOptions = {}): Promise<StorePromises> {
    signal?.throwIfAborted();
    this.#promises ??= this.guard("write", this.root, async () => {
      await this.place.make([], this.#folderOptions("none"));
      return await probe(this.fileSystem, this.root);
    });
    try {
      const found = await this.#promises;
      return { ...found, reasons: [...found.reasons, ...this.place.notes] };
    } catch (error) {
      this.#promises = undefined;
      throw error;
    }
  }

  /** Checks the name and the promise, and makes the folders on the way. */
  async prepare(
    name: string,
    { signal, durability: asked }: WriteOptions,
  ): Promise<Prepared> {
    signal?.throwIfAborted();
    const parts = checkName(name);
    const folders = parts.slice(0, -1);
    const path = this.place.path(parts);
    const folder = this.place.path(folders);
    const promised = await this.promises();
    const durability = asked ?? promised.durability;
    if (!covers(promised.durability, durability)) {
      throw new PromiseError(
        `file:${this.root}`,
        `durability "${durability}"`,
        promised.reasons,
        `ask for "${promised.durability}", or name a place on another file system`,
      );
    }
    const ready = `${durability} ${folder}`;
    if (!this.#ready.has(ready)) {
      const options = this.#folderOptions(durability);
      await this.guard("write", path, () => this.place.make(folders, options));
      this.#ready.add(ready);
    }
    return { path, folder, durability, links: promised.durability !== "none" };
  }

  /** Runs something whose errors are made typed ones. */
  async guard<T>(
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

  #folderOptions(durability: Durability): Parameters<FilePlace["make"]>[1] {
    return {
      sync: durability === "power",
      onSync: (path) => this.onPoint("folder sync", path),
    };
  }
}
