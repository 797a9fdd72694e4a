/**
 * What a `file:` store stands on: its folder, what that promises, and what an error there means.
 *
 * @module
 */
import { PromiseError } from "./errors.ts";
import type { OnPoint } from "./file_commit.ts";
import { FilePlace } from "./file_place.ts";
import type { FileSystem } from "./file_system.ts";
import { isMarked, probe, temporaryPath } from "./file_write.ts";
import { asStoreError } from "./io_errors.ts";
import { checkName } from "./names.ts";
import {
  covers,
  type Durability,
  type StoreOptions,
  type StorePromises,
  type WriteOptions,
} from "./store.ts";

/** The ground of one store. */
export class FileGround {
  /** The folder. */
  readonly place: FilePlace;
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

  /** Makes the store's own folder. */
  async make(): Promise<void> {
    await this.place.make([], this.#folderOptions("none"));
  }

  /** A path beside another that is no object's and no one else's. */
  temporary(path: string): string {
    return temporaryPath(path, this.#mark ??= crypto.randomUUID().slice(0, 8));
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
  ): Promise<{ readonly path: string; readonly durability: Durability; readonly links: boolean }> {
    signal?.throwIfAborted();
    const parts = checkName(name);
    const path = this.place.path(parts);
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
    await this.guard(
      "write",
      path,
      () => this.place.make(parts.slice(0, -1), this.#folderOptions(durability)),
    );
    return { path, durability, links: promised.durability !== "none" };
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
