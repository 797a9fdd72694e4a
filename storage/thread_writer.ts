/**
 * Has packs written by a thread of their own.
 *
 * @module
 */
import type { BlocksWritten, WriteBlocksOptions } from "./file_system.ts";
import { type ThreadAnswer, type ThreadRequest, threadSource } from "./write_thread.ts";

/** The thread gathers what is smaller: copying more costs more than the calls that it saves. */
const GATHER_BYTES = 64 * 1024;

/** Starts its thread with the first file that is to be written, and ends it with the last one, or when it is released. */
export class ThreadWriter {
  #worker: Worker | undefined;
  #isKept = false;
  #lastId = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<BlocksWritten>>();

  /**
   * Writes a new file of blocks. The memory must not change until then.
   *
   * @throws {Error} What the system's calls throw there.
   */
  async write(
    path: string,
    blocks: readonly (readonly Uint8Array[])[],
    { sync }: WriteBlocksOptions,
  ): Promise<BlocksWritten> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<BlocksWritten>();
    this.#waiting.set(id, answer);
    const request: ThreadRequest = { id, path, blocks, sync, gatherBytes: GATHER_BYTES };
    try {
      this.#thread().postMessage(request);
      return await answer.promise;
    } finally {
      this.#waiting.delete(id);
      // A thread that waits would keep the process alive.
      if (!this.#isKept) this.#end();
    }
  }

  /** Whether it is writing a file. */
  get isWriting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Keeps the thread between files, until it is released. */
  keep(): void {
    this.#isKept = true;
  }

  /** Ends the thread once nothing is being written; the next file starts another. */
  release(): void {
    this.#isKept = false;
    this.#end();
  }

  #end(): void {
    if (this.#waiting.size > 0) return;
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const source = `data:text/javascript,${encodeURIComponent(threadSource())}`;
    const worker = new Worker(source, { type: "module", name: "tidemark writer" });
    worker.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => {
      const answer = this.#waiting.get(data.id);
      if ("error" in data) answer?.reject(revived(data.error));
      else answer?.resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker = undefined;
      const error = new Error(`the writer thread ended: ${event.message}`);
      for (const answer of this.#waiting.values()) answer.reject(error);
    };
    this.#worker = worker;
    return worker;
  }
}

/** An error of the thread, as this one would have thrown it. */
function revived(
  { name, message, code }: Extract<ThreadAnswer, { error: unknown }>["error"],
): Error {
  const known: unknown = Reflect.get(Deno.errors, name);
  const error: Error = typeof known === "function"
    ? new (known as new (message: string) => Error)(message)
    : new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}
