/**
 * Has packs written by a thread of their own.
 *
 * @module
 */
import type { BlocksWritten, WriteBlocksOptions } from "./file_system.ts";
import { type ThreadAnswer, type ThreadRequest, threadSource } from "./write_thread.ts";

/** The thread gathers what is smaller: copying more costs more than the calls that it saves. */
const GATHER_BYTES = 64 * 1024;

/** A thread that is not released keeps its process alive for so long after the last file. */
const IDLE_MS = 500;

/** Starts its thread with the first file that is to be written, and ends it when it is released or idle. */
export class ThreadWriter {
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
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
    clearTimeout(this.#idle);
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<BlocksWritten>();
    this.#waiting.set(id, answer);
    const request: ThreadRequest = { id, path, blocks, sync, gatherBytes: GATHER_BYTES };
    try {
      this.#thread().postMessage(request);
      return await answer.promise;
    } finally {
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.release(), IDLE_MS);
    }
  }

  /** Ends the thread, where nothing is being written; the next file starts another. */
  release(): void {
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#idle);
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
