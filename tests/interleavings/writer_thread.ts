/**
 * The thread that writes and commits, in a simulated process: the product's own, on both sides of its messages, but
 * for the calls that it makes. Those, and the messages, happen when the scheduler lets them.
 */

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import type { FileSystem } from "../../storage/mod.ts";
import { FilesCommit } from "../../storage/commit_files.ts";
import { beatHeart } from "../../storage/heartbeat.ts";
import type { fillMemory } from "../../storage/fill_memory.ts";
import { fillPack } from "../../storage/fill_pack.ts";
import { syncAhead } from "../../storage/sync_ahead.ts";
import type { threadFiles } from "../../storage/thread_files.ts";
import { ThreadWriter, type WriterWorker } from "../../storage/thread_writer.ts";
import { withSums } from "../../storage/unsummed.ts";
import {
  type ThreadAnswer,
  type ThreadRequest,
  type ThreadScope,
  writeThread,
} from "../../storage/write_thread.ts";
import { runInside } from "./fake_time.ts";
import type { SimulatedProcess } from "./scheduler.ts";

/** What a trace says where a process hears its thread. */
export const HEARD = "hear the thread";

/** The calls by which the thread makes files. */
export type ThreadFiles = ReturnType<typeof threadFiles>;

/** A file system whose saves with packs are committed by a thread, however small they are. */
export function withThread(
  fileSystem: FileSystem,
  process: SimulatedProcess,
  change: (files: ThreadFiles) => ThreadFiles = (files) => files,
): FileSystem {
  const writer = new ThreadWriter(() => new SimulatedThread(fileSystem, process, change));
  return {
    ...fileSystem,
    asideBytes: 1,
    commitAside: (files, onPoint) => writer.commit(files, onPoint),
    fillAside: (fill) => writer.fill(fill),
    keep: () => writer.keep(),
    release: () => writer.release(),
  };
}

/** A thread of a simulated process. */
class SimulatedThread implements WriterWorker {
  onmessage: WriterWorker["onmessage"] = null;
  onerror: WriterWorker["onerror"] = null;
  readonly #process: SimulatedProcess;
  readonly #scope: ThreadScope;
  /** What was sent either way, and has not arrived; in order. */
  readonly #toThread: (() => void)[] = [];
  readonly #fromThread: (() => void)[] = [];
  #isOver = false;

  constructor(
    fileSystem: FileSystem,
    process: SimulatedProcess,
    change: (files: ThreadFiles) => ThreadFiles,
  ) {
    this.#process = process;
    this.#scope = {
      onmessage: () => {},
      postMessage: (answer) => this.#answer(answer),
    };
    const own = this.#whileItRuns(fileSystem);
    writeThread({
      ...{ scope: this.#scope, crc32, createHash, setImmediate },
      ...{ FilesCommit, beatHeart, fillPack, syncAhead, withSums },
      fillMemory: fillingFrom(own),
      threadFiles: () => change(filesOf(own)),
    });
  }

  postMessage(request: ThreadRequest, transfer: Transferable[]): void {
    // What is not shared is copied, or taken away, when it is sent.
    const data = structuredClone(request, { transfer });
    this.#send(this.#toThread, "tell the thread", () => this.#scope.onmessage({ data }));
  }

  terminate(): void {
    this.#isOver = true;
  }

  #answer(answer: ThreadAnswer): void {
    const event = new MessageEvent("message", { data: structuredClone(answer) });
    this.#send(this.#fromThread, HEARD, () => {
      this.onmessage?.(event);
    });
  }

  #send(queue: (() => void)[], what: string, arrive: () => void): void {
    queue.push(arrive);
    const process = this.#process;
    void process.scheduler.operate(process, what, () => {
      const first = queue.shift();
      if (!this.#isOver && first !== undefined) runInside(process, first);
      return Promise.resolve();
    });
  }

  /** A file system of which nothing comes back any more once the thread is ended. */
  #whileItRuns(inner: FileSystem): FileSystem {
    const alive = async <T>(run: () => Promise<T>): Promise<T> => {
      const result = await (this.#isOver ? new Promise<T>(() => {}) : run());
      return this.#isOver ? await new Promise<T>(() => {}) : result;
    };
    return {
      ...inner,
      create: (path, options) => alive(() => inner.create(path, options)),
      open: (path) => alive(() => inner.open(path)),
      link: (from, to) => alive(() => inner.link(from, to)),
      remove: (path) => alive(() => inner.remove(path)),
      syncFolder: (path) => alive(() => inner.syncFolder(path)),
      stat: (path) => alive(() => inner.stat(path)),
    };
  }
}

function filesOf(fileSystem: FileSystem): ThreadFiles {
  return {
    create: (path, sync) => fileSystem.create(path, { sync }),
    link: (from, to) => fileSystem.link(from, to),
    remove: (path) => fileSystem.remove(path),
    syncFolder: (path) => fileSystem.syncFolder(path),
    exists: async (path) => await fileSystem.stat(path) !== undefined,
  };
}

/** Reads blocks as the thread does, up to the first that is not what it should be. */
function fillingFrom(fileSystem: FileSystem): typeof fillMemory {
  return async ({ memory, blocks }, crc32) => {
    let at = 0;
    let done = 0;
    for (const { path, offset, length, crc32: sum } of blocks) {
      const into = memory.subarray(at, at += length);
      try {
        const file = await fileSystem.open(path);
        for (let read = 0; read < length;) {
          const count = await file.readAt(offset + read, into.subarray(read));
          if (count === 0) return done;
          read += count;
        }
      } catch {
        return done;
      }
      if (crc32(into) !== sum) return done;
      done++;
    }
    return done;
  };
}
