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

/** A file that grows by whole appends. */
export class FileLog implements LogWriter {
  #isNew = true;
  #failure: Error | undefined;

  /** Takes the new file. */
  constructor(private readonly options: FileLogOptions) {}

  /** Appends bytes, and makes them durable. */
  async append(bytes: Uint8Array): Promise<void> {
    // What lies behind a failed write is not known, and nothing may come after it.
    if (this.#failure !== undefined) throw this.#failure;
    const { file, path, sync, syncFolder, onPoint, asError, onWritten } = this.options;
    try {
      await onPoint("log write", path);
      for (let rest = bytes; rest.byteLength > 0;) {
        const count = await file.write(rest);
        if (count <= 0 || count > rest.byteLength) throw new Error(`a write took ${count} bytes`);
        rest = rest.subarray(count);
      }
      if (sync) {
        await onPoint("log sync", path);
        await file.sync();
        if (this.#isNew) await syncFolder();
      }
      this.#isNew = false;
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
}
