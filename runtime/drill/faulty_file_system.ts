/**
 * A file system that fails at one of its operations, as real ones do.
 *
 * @module
 */
import {
  denoFileSystem,
  type FileReader,
  type FileSystem,
  type FileWriter,
} from "../../storage/mod.ts";

/** The faults of a drill, and what they are called. */
export const FAULTS = {
  "full disk": { code: "ENOSPC", operations: ["write", "create", "folder"] },
  "failed write": { code: "EIO", operations: ["write"] },
  "failed sync": { code: "EIO", operations: ["sync", "folder sync"] },
  "failed link": { code: "EIO", operations: ["link"] },
  "failed read": { code: "EIO", operations: ["read", "open", "list"] },
  "too many open files": { code: "EMFILE", operations: ["create", "open"] },
} as const;

/** A kind of fault. */
export type FaultKind = keyof typeof FAULTS;

/** A fault: of this kind, from the `nth` operation that can have it on, counted from 1. */
export interface Fault {
  /** The kind. */
  readonly kind: FaultKind;
  /** From which operation on. */
  readonly nth: number;
  /** How many operations fail; all that come where not given. */
  readonly times?: number;
}

type Operation = (typeof FAULTS)[FaultKind]["operations"][number];

/** The real file system, with a fault in it, which stays until the process ends or it has come so often. */
export class FaultyFileSystem implements FileSystem {
  readonly #real = denoFileSystem();
  /** Locks as they are. */
  readonly locks = this.#real.locks;
  readonly #fault: Fault;
  #count = 0;

  /** Takes the fault. */
  constructor(fault: Fault) {
    this.#fault = fault;
  }

  /** Whether it has failed anything. */
  get hasFailed(): boolean {
    return this.#count >= this.#fault.nth;
  }

  async create(path: string): Promise<FileWriter> {
    this.#operation("create", path);
    const file = await this.#real.create(path);
    return {
      write: (bytes) => this.#try("write", path, () => file.write(bytes)),
      sync: () => this.#try("sync", path, () => file.sync()),
      close: () => file.close(),
    };
  }

  async open(path: string): Promise<FileReader> {
    this.#operation("open", path);
    const file = await this.#real.open(path);
    return {
      byteLength: file.byteLength,
      readAt: (offset, into) => this.#try("read", path, () => file.readAt(offset, into)),
      close: () => file.close(),
    };
  }

  link(from: string, to: string): Promise<void> {
    return this.#try("link", to, () => this.#real.link(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#real.remove(path);
  }

  makeFolder(path: string): Promise<void> {
    return this.#try("folder", path, () => this.#real.makeFolder(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#try("folder sync", path, () => this.#real.syncFolder(path));
  }

  list(path: string): Promise<string[]> {
    return this.#try("list", path, () => this.#real.list(path));
  }

  stat(path: string): ReturnType<FileSystem["stat"]> {
    return this.#real.stat(path);
  }

  async #try<T>(operation: Operation, path: string, run: () => Promise<T>): Promise<T> {
    this.#operation(operation, path);
    return await run();
  }

  #operation(operation: Operation, path: string): void {
    const { kind, nth, times = Infinity } = this.#fault;
    const { code, operations } = FAULTS[kind];
    if (!(operations as readonly Operation[]).includes(operation)) return;
    if (++this.#count < nth || this.#count >= nth + times) return;
    throw Object.assign(new Error(`${code}: a drill's ${kind}, at "${path}"`), { code });
  }
}
