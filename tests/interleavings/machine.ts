/**
 * The disk that simulated processes share, and the locks on it.
 */

import {
  type FileLocks,
  FileStore,
  type FileSystem,
  type FileWriter,
  type HoldRequest,
  type LockedFile,
  type Store,
  type StoreOptions,
} from "../../storage/mod.ts";
import { decodeHolder } from "../../storage/hold.ts";
import { Disk } from "../simulation/disk.ts";
import { ROOT } from "../simulation/runner.ts";
import { statesAfter } from "../simulation/states.ts";
import type { Note } from "./notes.ts";
import type { Scheduler, SimulatedProcess } from "./scheduler.ts";
import { type Thread, withThread } from "./writer_thread.ts";

/** So many states that a power cut may leave are looked at, of which one is gone on from. */
const MOST_STATES = 6;

/** A file that is locked, or was. */
interface Lockable {
  bytes: Uint8Array;
  touchedMs: number;
  /** Who wrote what it says. */
  writer: SimulatedProcess | undefined;
  /** Who has it locked, on each machine that locks reach. */
  readonly by: Map<string, SimulatedProcess>;
}

/** What changes a process's file system, as a build that is broken on purpose does. */
export type ChangeFileSystem = (
  inner: FileSystem,
  process: SimulatedProcess,
) => FileSystem;

/** A disk that several machines share. */
export class Machine {
  /** What is on it, and all that was done to it. */
  readonly disk = new Disk<Note>();
  readonly #locks = new Map<string, Lockable>();

  /** Takes what decides when each operation is done. */
  constructor(
    /** It. */
    readonly scheduler: Scheduler,
    /** Whether a lock is seen from other machines. */
    readonly doLocksReach: boolean,
    private readonly change: ChangeFileSystem = (inner) => inner,
    /** The thread that writes saves, where there is one. */
    private readonly thread?: Thread,
  ) {}

  /** The job's store, as a process has it open. */
  open(process: SimulatedProcess): Store {
    const { thread } = this;
    const own = this.change(this.#fileSystem(process), process);
    if (thread === undefined) return this.#store(process, own);
    const { disk } = this;
    const touch = (path: string): void => this.#touch(path);
    return this.#store(process, withThread(own, thread, { disk, process, touch }), thread);
  }

  #store(process: SimulatedProcess, fileSystem: FileSystem, thread?: Thread): Store {
    // Where somebody is to be told of them, the thread asks at each point whether it may go on.
    const onPoint = thread?.by === "text" ? { onPoint: () => {} } : {};
    const store = new FileStore(ROOT, { fileSystem, ...onPoint });
    const hold = store.hold.bind(store);
    // Whether a process may know its machine's name depends on its permissions; here it does.
    store.hold = (request: HoldRequest, options?: StoreOptions) =>
      hold({ ...request, host: process.host }, options);
    return store;
  }

  /** Cuts the power, once all processes are dead: the disk is in one of some states then. */
  cutPower(): void {
    const { disk, scheduler: { random, trace } } = this;
    const { images: states } = statesAfter(disk.now, { most: MOST_STATES, random });
    disk.note({ note: "power cut", states });
    disk.cutPower(states[random(states.length)] ?? disk.now);
    this.#locks.clear();
    trace.push("the power is cut");
  }

  #fileSystem(process: SimulatedProcess): FileSystem {
    const inner = this.disk.process();
    const operate = <T>(op: string, path: string, run: () => Promise<T>): Promise<T> =>
      this.scheduler.operate(process, `${op} ${path.slice(ROOT.length + 1) || "."}`, run);
    return {
      create: (path) =>
        operate("create", path, async () => {
          const file = await inner.create(path);
          const own: FileWriter = {
            write: (bytes) => operate("write", path, () => file.write(bytes)),
            reserve: (byteLength) =>
              operate("reserve", path, async () => await file.reserve?.(byteLength)),
            sync: () => operate("sync", path, () => file.sync()),
            close: () => {},
          };
          return own;
        }),
      open: (path) => operate("open", path, () => inner.open(path)),
      link: (from, to) =>
        operate("link", to, () => {
          this.disk.note({ note: "link", by: process.name, atMs: this.scheduler.nowMs });
          return inner.link(from, to);
        }),
      remove: (path) => operate("remove", path, () => inner.remove(path)),
      makeFolder: (path) => operate("make folder", path, () => inner.makeFolder(path)),
      syncFolder: (path) => operate("sync folder", path, () => inner.syncFolder(path)),
      syncFile: (path) => operate("sync file", path, async () => await inner.syncFile?.(path)),
      list: (path) => operate("list", path, () => inner.list(path)),
      stat: (path) => operate("stat", path, () => inner.stat(path)),
      locks: this.#locksFor(process, operate),
    };
  }

  #locksFor(
    process: SimulatedProcess,
    operate: <T>(op: string, path: string, run: () => Promise<T>) => Promise<T>,
  ): FileLocks {
    return {
      lock: (path) => operate("lock", path, () => Promise.resolve(this.#lock(process, path))),
      look: (path) =>
        operate("look at", path, () => {
          const { bytes, touchedMs, by } = this.#file(path);
          const isLocked = bytes.byteLength > 0 && by.has(this.#reach(process));
          return Promise.resolve({ isLocked, bytes, touchedMs });
        }),
      beat: (path, everyMs) => {
        const timer = process.setTimer(() => this.#touch(path), everyMs, true);
        return { [Symbol.dispose]: () => process.clearTimer(timer) };
      },
    };
  }

  #lock(process: SimulatedProcess, path: string): LockedFile | undefined {
    const file = this.#file(path);
    const reach = this.#reach(process);
    if (file.by.has(reach)) return undefined;
    file.by.set(reach, process);
    const close = (): void => {
      if (file.by.get(reach) === process) file.by.delete(reach);
    };
    process.onEnd(close);
    return {
      read: () => file.bytes,
      write: (bytes) => {
        const { writer } = file;
        if (writer !== undefined && writer !== process && !writer.isOver && !writer.wasHeldUp) {
          const what = bytes.byteLength > 0 ? "taken" : "let go";
          this.disk.note({ note: "hold", what, by: process.name, from: writer.name });
        }
        const held = decodeHolder(path, bytes);
        if (held !== undefined) {
          this.disk.note({ note: "held", by: process.name, sinceMs: held.sinceMs });
        }
        file.writer = bytes.byteLength === 0 ? undefined : process;
        file.bytes = bytes.slice();
        file.touchedMs = this.scheduler.nowMs;
      },
      close,
    };
  }

  #touch(path: string): void {
    this.#file(path).touchedMs = this.scheduler.nowMs;
  }

  /** Those who see each other's locks. */
  #reach({ host }: SimulatedProcess): string {
    return this.doLocksReach ? "all" : host;
  }

  #file(path: string): Lockable {
    let file = this.#locks.get(path);
    if (file === undefined) {
      const touchedMs = this.scheduler.nowMs;
      file = { bytes: new Uint8Array(), touchedMs, writer: undefined, by: new Map() };
      this.#locks.set(path, file);
    }
    return file;
  }
}
