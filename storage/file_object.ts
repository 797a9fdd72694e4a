/**
 * Objects open for reading.
 *
 * @module
 */
import type { FileReader } from "./file_system.ts";
import type { ObjectReader, ReadOptions, StoreOptions } from "./store.ts";

/** What a file's reads are told to. */
interface FileObjectHooks {
  /** Is told of the bytes read. */
  readonly onRead: (bytes: number) => void;
  /** Makes the error of a failed read. */
  readonly asError: (error: unknown) => Error;
}

/** A file open as an object. */
export class FileObject implements ObjectReader {
  readonly #file: FileReader;
  readonly #hooks: FileObjectHooks;

  /** Takes an open file, and closes it in the end. */
  constructor(file: FileReader, hooks: FileObjectHooks) {
    this.#file = file;
    this.#hooks = hooks;
  }

  /** The object's size when it was opened. */
  get byteLength(): number {
    return this.#file.byteLength;
  }

  /** Reads into `into`, as far as the object goes. */
  async readAt(
    offset: number,
    into: Uint8Array,
    { signal }: StoreOptions = {},
  ): Promise<number> {
    let read = 0;
    while (read < into.byteLength) {
      signal?.throwIfAborted();
      let count: number;
      try {
        count = await this.#file.readAt(offset + read, into.subarray(read));
      } catch (error) {
        throw this.#hooks.asError(error);
      }
      if (count === 0) break;
      read += count;
      this.#hooks.onRead(count);
    }
    return read;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Reads a range of an open object into memory of its own, no more than the object has. */
export async function readRange(
  reader: ObjectReader,
  { offset = 0, length, signal }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  checkRange(offset, length);
  const left = Math.max(0, reader.byteLength - offset);
  const into = new Uint8Array(Math.min(left, length ?? left));
  const read = await reader.readAt(offset, into, { signal });
  return read === into.byteLength ? into : into.slice(0, read);
}

/** Checks a range, which must be whole numbers of bytes. */
export function checkRange(offset: number, length: number | undefined): void {
  for (const bytes of [offset, length ?? 0]) {
    if (Number.isSafeInteger(bytes) && bytes >= 0) continue;
    throw new RangeError(
      `Cannot read a range of ${bytes} bytes: give a whole number that is not negative`,
    );
  }
}
