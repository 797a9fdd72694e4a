/**
 * The order in which a save's files are written, made durable and made visible.
 *
 * Both the job's thread and the one that writes aside follow it, so that there is one order to prove.
 *
 * @module
 */
import type { StorePoint } from "./file_commit.ts";
import type { UnsummedRecord } from "./unsummed.ts";

/** A new pack. */
export interface PackFile {
  /** Its path. */
  readonly path: string;
  /** The bytes of its blocks, each in one or more parts. */
  readonly blocks: readonly (readonly Uint8Array[])[];
  /** Whether another thread may take those over. */
  readonly isDisposable?: boolean | undefined;
}

/** The record that makes a save visible. */
export interface RecordFile {
  /** Its path. */
  readonly path: string;
  /** The folder of that. */
  readonly folder: string;
  /** The path it is written under first; none where the file system has no links. */
  readonly temporary: string | undefined;
  /** What it says, perhaps but for the sums of the packs' blocks. */
  readonly content: Uint8Array | UnsummedRecord;
  /** What must not be there once it is committed. */
  readonly newer?: string | undefined;
}

/** Files that are committed together. All folders are there. */
export interface FilesToCommit {
  /** What the record names. */
  readonly packs: readonly PackFile[];
  /** The packs' folders, each once. */
  readonly folders: readonly string[];
  /** What names them; none for packs that something else will name. */
  readonly record: RecordFile | undefined;
  /** Whether they must outlive a power cut. */
  readonly sync: boolean;
}

/** What was committed. */
export interface FilesCommitted {
  /** The CRC-32 of each block, of all packs in order. */
  readonly sums: readonly number[];
  /** How many bytes were written. */
  readonly byteLength: number;
  /** Whether what must not be there was. */
  readonly isSuperseded: boolean;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** What failed. */
export interface CommitFailure {
  /**
   * At which step: only behind `"write"` is it certain that nothing was committed, and behind
   * `"look"` that it was.
   */
  readonly failed: "write" | "link" | "look";
  /** At which path. */
  readonly path: string;
  /** The packs that were begun. */
  readonly begun: readonly string[];
  /** What the system's call threw. */
  readonly error: unknown;
}

/** What has come of a commit. */
export type CommitResult = FilesCommitted | CommitFailure;

/** A value, or the promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** A new file, which is written from its start to its end. */
export interface FileToFill {
  /** Appends bytes, perhaps not all of them; gives how many. */
  write(bytes: Uint8Array): Awaitable<number>;
  /** Makes what was written outlive a power cut. */
  sync(): Awaitable<void>;
  /** Closes it. */
  close(): Awaitable<void>;
}

/** The calls that a commit makes. */
export interface CommitCalls {
  /** Makes a new file, which will be synced or not, and throws where the path exists. */
  create(path: string, sync: boolean): Awaitable<FileToFill>;
  /** Gives a file a second name, and throws where that path exists. */
  link(from: string, to: string): Awaitable<void>;
  /** Removes a file. */
  remove(path: string): Awaitable<void>;
  /** Makes the entries of a folder outlive a power cut. */
  syncFolder(path: string): Awaitable<void>;
  /** Whether there is something at a path. */
  exists(path: string): Awaitable<boolean>;
  /** Writes a pack's blocks into its file. */
  fillPack(
    file: FileToFill,
    blocks: PackFile["blocks"],
  ): Promise<{ readonly sums: readonly number[]; readonly byteLength: number }>;
  /** Puts the sums of the blocks into a record, and seals it. */
  withSums(record: UnsummedRecord, sums: readonly number[]): Uint8Array;
  /** Is called before each step. */
  point(point: StorePoint, path: string): Awaitable<void>;
}

/** What the end of a pack has failed with. */
interface PackFailure {
  readonly path: string;
  readonly error: unknown;
}

/**
 * Writes packs, syncs each while the next one is written, then syncs their folders, writes and syncs
 * the record, links it into place, syncs its folder, and looks for what would supersede it.
 *
 * It runs from its text too, so that it uses nothing from around it.
 */
export class FilesCommit {
  readonly #files: FilesToCommit;
  readonly #calls: CommitCalls;
  readonly #startedMs = performance.now();
  readonly #sums: number[] = [];
  readonly #begun: string[] = [];
  #byteLength = 0;
  #step: CommitFailure["failed"] = "write";
  #at = "";
  /** A name that is to go, whatever happens. */
  #leftover: string | undefined;
  /** The end of the last pack, which is synced while the next one is written. */
  #ending: Promise<void | PackFailure> = Promise.resolve();

  /** Takes the files, of which none is begun yet. */
  constructor(files: FilesToCommit, calls: CommitCalls) {
    this.#files = files;
    this.#calls = calls;
  }

  /** Commits them, once. */
  async run(): Promise<CommitResult> {
    const { packs, folders, record, sync } = this.#files;
    try {
      for (const pack of packs) await this.#makePack(pack);
      await this.#ended(this.#ending);
      for (const folder of sync ? folders : []) await this.#syncFolder(folder);
      if (record === undefined) return this.#committed(false);
      await this.#makeRecord(record);
      await this.#removeLeftover();
      if (record.newer === undefined) return this.#committed(false);
      this.#step = "look";
      this.#at = record.newer;
      return this.#committed(await this.#calls.exists(record.newer));
    } catch (error) {
      await this.#ending;
      await this.#removeLeftover();
      return { failed: this.#step, path: this.#at, begun: this.#begun, error };
    }
  }

  #committed(isSuperseded: boolean): FilesCommitted {
    const durationMs = performance.now() - this.#startedMs;
    return { sums: this.#sums, byteLength: this.#byteLength, isSuperseded, durationMs };
  }

  async #makePack({ path, blocks }: PackFile): Promise<void> {
    const file = await this.#writeFile(path, "pack", async (file) => {
      const { sums, byteLength } = await this.#calls.fillPack(file, blocks);
      for (const sum of sums) this.#sums.push(sum);
      this.#byteLength += byteLength;
    });
    const before = this.#ending;
    this.#ending = this.#endFile(file).catch((error) => ({ path, error }));
    await this.#ended(before);
  }

  async #ended(pack: Promise<void | PackFailure>): Promise<void> {
    const failure = await pack;
    if (failure === undefined) return;
    this.#at = failure.path;
    throw failure.error;
  }

  async #makeRecord({ path, folder, temporary, content }: RecordFile): Promise<void> {
    const calls = this.#calls;
    const bytes = content instanceof Uint8Array ? content : calls.withSums(content, this.#sums);
    const file = await this.#writeFile(temporary ?? path, "manifest", async (file) => {
      for (let done = 0; done < bytes.byteLength;) {
        const count = await file.write(bytes.subarray(done));
        if (count <= 0) throw new Error(`a write took ${count} bytes`);
        done += count;
      }
    });
    await this.#endFile(file);
    this.#byteLength += bytes.byteLength;
    if (temporary === undefined) return void (this.#leftover = undefined);
    this.#step = "link";
    this.#at = path;
    await calls.point("link", path);
    await calls.link(temporary, path);
    await calls.point("after link", path);
    if (this.#files.sync) await this.#syncFolder(folder);
  }

  async #writeFile(
    path: string,
    kind: "pack" | "manifest",
    fill: (file: FileToFill) => Promise<void>,
  ): Promise<FileToFill> {
    const { sync } = this.#files;
    this.#at = path;
    const file = await this.#calls.create(path, sync);
    try {
      if (kind === "pack") this.#begun.push(path);
      else this.#leftover = path;
      await this.#calls.point(`${kind} write`, path);
      await fill(file);
      if (sync) await this.#calls.point(`${kind} sync`, path);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #endFile(file: FileToFill): Promise<void> {
    try {
      // A failed sync is never tried again: the kernel may have dropped the pages it could not write.
      if (this.#files.sync) await file.sync();
    } finally {
      await file.close();
    }
  }

  async #syncFolder(path: string): Promise<void> {
    this.#at = path;
    await this.#calls.point("folder sync", path);
    await this.#calls.syncFolder(path);
  }

  async #removeLeftover(): Promise<void> {
    try {
      if (this.#leftover !== undefined) await this.#calls.remove(this.#leftover);
    } catch {
      // A temporary name that stays is no object, and verification reports it as left over; but under
      // its own name the record may be whole.
      if (this.#leftover === this.#files.record?.path) this.#step = "link";
    }
    this.#leftover = undefined;
  }
}
