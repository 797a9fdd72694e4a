/**
 * Logs of a `file:` store: files that grow.
 *
 * @module
 */
import type { OnPoint } from "./file_commit.ts";
import type { FileWriter } from "./file_system.ts";
import type { LogWriter } from "./store.ts";

/** What a log is made of. */
export interface FileLogOptions {
  /** The new file, which has a temporary name. */
  readonly file: FileWriter;
  /** The path that it gets. */
  readonly path: string;
  /** Whether what is appended must outlive a power cut. */
  readonly sync: boolean;
  /** Gives the file its name, once it has something that is whole. */
  readonly commit: () => Promise<void>;
  /** Removes a file that never got its name. */
  readonly discard: () => Promise<void>;
  /** Is called before each step. */
  readonly onPoint: OnPoint;
  /** Makes a typed error. */
  readonly asError: (error: unknown) => Error;
  /** Is told how many bytes were written. */
  readonly onWritten: (bytes: number) => void;
}

/** Small appends get room of so many bytes at once: a sync that has no new size to note is cheaper. */
const ROOM_BYTES = 256 * 1024;
/** A log of fewer appends is not worth it. */
const APPENDS_WITHOUT_ROOM = 8;

/** A file that grows by whole appends. */
export class FileLog implements LogWriter {
  #appends = 0;
  #room = 0;
  #failure: Error | undefined;

  /** Takes the new file. */
  constructor(private readonly options: FileLogOptions) {}

  /** Appends bytes, and makes them durable. */
  async append(bytes: Uint8Array): Promise<void> {
    // What lies behind a failed write is not known, and nothing may come after it.
    if (this.#failure !== undefined) throw this.#failure;
    const { file, path, sync, commit, onPoint, asError, onWritten } = this.options;
    try {
      if (sync && this.#wantsRoom(bytes.byteLength)) await this.#makeRoom(bytes.byteLength);
      await onPoint("log write", path);
      for (let rest = bytes; rest.byteLength > 0;) {
        const count = await file.write(rest);
        if (count <= 0 || count > rest.byteLength) throw new Error(`a write took ${count} bytes`);
        rest = rest.subarray(count);
      }
      if (sync) {
        await onPoint("log sync", path);
        await file.sync();
      }
      // What a log begins with says whether older ones count, so that it must not be torn.
      if (this.#appends === 0) await commit();
      this.#appends++;
      onWritten(bytes.byteLength);
    } catch (error) {
      this.#failure = asError(error);
      throw this.#failure;
    }
  }

  /** Closes the file. */
  close(): void {
    this.options.file.close();
    if (this.#appends === 0) void this.options.discard();
  }

  #wantsRoom(byteLength: number): boolean {
    this.#room = Math.max(0, this.#room - byteLength);
    const isSmall = byteLength <= ROOM_BYTES / 8;
    return this.#room === 0 && isSmall && this.#appends >= APPENDS_WITHOUT_ROOM;
  }

  async #makeRoom(byteLength: number): Promise<void> {
    try {
      await this.options.file.reserve?.(byteLength + ROOM_BYTES);
      this.#room = ROOM_BYTES;
    } catch {
      // It is a matter of speed only: a disk that is full, or broken, shows with what is written next.
      this.#room = Infinity;
    }
  }
}
