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
  /** The new file. */
  readonly file: FileWriter;
  /** Its path. */
  readonly path: string;
  /** Whether what is appended must outlive a power cut. */
  readonly sync: boolean;
  /** Makes the file's entry in its folder outlive one. */
  readonly syncFolder: () => Promise<void>;
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
    const { file, path, sync, syncFolder, onPoint, asError, onWritten } = this.options;
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
        if (this.#appends === 0) await syncFolder();
      }
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
