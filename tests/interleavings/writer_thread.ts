/**
 * The thread that writes and commits, in a simulated process: the product's own, on both sides of its
 * messages, which arrive when the scheduler lets them.
 *
 * It runs in one of two ways. By steps, the calls that it makes are the simulation's, each of which
 * waits for its turn. By its text, it is what a `Worker` runs, and only the system beneath is simulated:
 * between the points at which it asks, and its syncs, nobody else does anything, but it may be killed
 * before each call. It beats the heart of the hold, too.
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
import { type FakeMachine, runInside } from "./fake_time.ts";
import { type SimulatedProcess, TOLD } from "./scheduler.ts";
import { runText, type TextGiven } from "./thread_text.ts";

/** What a trace says where a process hears its thread. */
export const HEARD = "hear the thread";

/** The calls by which the thread makes files. */
export type ThreadFiles = ReturnType<typeof threadFiles>;

/** How the thread runs, and what a broken build changes of it. */
export type Thread =
  | { readonly by: "steps"; readonly change?: (files: ThreadFiles) => ThreadFiles }
  | { readonly by: "text"; readonly change?: (text: string) => string };

/** A file system whose saves with packs are committed by a thread, however small they are. */
export function withThread(fileSystem: FileSystem, thread: Thread, given: TextGiven): FileSystem {
  const { process } = given;
  const run = thread.by === "text"
    ? (scope: ThreadScope) => runText(scope, given, thread.change)
    : (scope: ThreadScope, isOver: () => boolean) =>
      runSteps(scope, whileItRuns(fileSystem, isOver), thread.change);
  const writer = new ThreadWriter(() => new SimulatedThread(process, run));
  const { locks } = fileSystem;
  const beat = (path: string, everyMs: number) => writer.beat({ path, everyMs });
  return {
    ...fileSystem,
    ...thread.by === "text" && locks !== undefined ? { locks: { ...locks, beat } } : {},
    asideBytes: 1,
    commitAside: (files, onPoint) => writer.commit(files, onPoint),
    fillAside: (fill) => writer.fill(fill),
    keep: () => writer.keep(),
    release: () => writer.release(),
  };
}

/** Runs the thread, with calls each of which is a step. */
function runSteps(
  scope: ThreadScope,
  fileSystem: FileSystem,
  change: (files: ThreadFiles) => ThreadFiles = (files) => files,
): void {
  writeThread({
    ...{ scope, crc32, createHash, setImmediate },
    ...{ FilesCommit, beatHeart, fillPack, syncAhead, withSums },
    fillMemory: fillingFrom(fileSystem),
    threadFiles: () => change(filesOf(fileSystem)),
  });
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
  readonly #timers = new Set<number>();
  #isOver = false;

  constructor(
    process: SimulatedProcess,
    run: (scope: ThreadScope, isOver: () => boolean) => void,
  ) {
    this.#process = process;
    this.#scope = {
      onmessage: () => {},
      postMessage: (answer) => this.#answer(answer),
    };
    run(this.#scope, () => this.#isOver);
  }

  postMessage(request: ThreadRequest, transfer: Transferable[]): void {
    // What is not shared is copied, or taken away, when it is sent.
    const data = structuredClone(request, { transfer });
    const hear = () => this.#scope.onmessage({ data });
    this.#send(this.#toThread, TOLD, () => runInside(this.#own, hear));
  }

  terminate(): void {
    this.#isOver = true;
    for (const timer of this.#timers) this.#process.clearTimer(timer);
  }

  /** What the thread is given: the process's, but its timers end with it. */
  get #own(): FakeMachine {
    const process = this.#process;
    return {
      nowMs: () => process.nowMs(),
      setTimer: (call, ms, isRepeated) => {
        const timer = process.setTimer(call, ms, isRepeated);
        this.#timers.add(timer);
        return timer;
      },
      clearTimer: (timer) => process.clearTimer(timer),
      randomUUID: () => process.randomUUID(),
    };
  }

  #answer(answer: ThreadAnswer): void {
    const event = new MessageEvent("message", { data: structuredClone(answer) });
    const process = this.#process;
    this.#send(this.#fromThread, HEARD, () => runInside(process, () => this.onmessage?.(event)));
  }

  #send(queue: (() => void)[], what: string, arrive: () => void): void {
    queue.push(arrive);
    const process = this.#process;
    void process.scheduler.operate(process, what, () => {
      const first = queue.shift();
      if (!this.#isOver) first?.();
      return Promise.resolve();
    });
  }
}

/** A file system of which nothing comes back any more once the thread is ended. */
function whileItRuns(inner: FileSystem, isOver: () => boolean): FileSystem {
  const alive = async <T>(run: () => Promise<T>): Promise<T> => {
    const result = await (isOver() ? new Promise<T>(() => {}) : run());
    return isOver() ? await new Promise<T>(() => {}) : result;
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
