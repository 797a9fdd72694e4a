/**
 * A disk in memory that can lose what was not synced: its file system, and a log of all that was done.
 */

import type { FileReader, FileSystem, FileWriter } from "../../storage/mod.ts";
import { type Change, Image } from "./image.ts";

/** A line of a disk's log: a change, or something that is remarked between two changes. */
export type LogEntry<Note> =
  | { readonly change: Change; readonly path: string }
  | { readonly note: Note };

/** The process of that file system is dead: it does nothing any more. */
export class DeadError extends Error {
  /** The error's class. */
  override readonly name = "DeadError";
}

/** What a process's file system is given. */
export interface ProcessOptions {
  /** The process dies instead of making so many changes and one; never where not given. */
  readonly diesAfter?: number;
  /** Is awaited before each operation, for what others do meanwhile. */
  readonly before?: () => void | Promise<void>;
}

/** The calls of a thread, which are done when they return, and throw what Deno's own throw. */
export interface DiskCalls {
  /** Makes a new file, and gives its number. */
  create(path: string): number;
  /** Appends to a file, perhaps not all; gives how many bytes. */
  write(path: string, node: number, bytes: Uint8Array): number;
  /** Makes what is in a file durable. */
  sync(path: string, node: number): void;
  /** What is in a file. */
  read(path: string): Uint8Array;
  /** Gives a file a second name. */
  link(from: string, to: string): void;
  /** Removes a file. */
  remove(path: string): void;
  /** Makes the entries of a folder durable. */
  syncFolder(path: string): void;
  /** Whether there is something at a path. */
  exists(path: string): boolean;
}

/** A write takes so many bytes, so that there are moments in the middle of a file. */
const WRITE_BYTES = 4096;

/** A disk: what was on it at the start, and all that was done to it since. */
export class Disk<Note> {
  /** All changes and notes, in order. */
  readonly log: LogEntry<Note>[] = [];
  /** Up to this line of the log nothing happened that other workloads do not have too. */
  worthFrom = 0;
  readonly #now: Image;
  #next: number;

  /** Begins with an image, all of which is durable. */
  constructor(
    /** What was there at the start. */
    readonly start: Image = new Image(),
  ) {
    this.#now = start.clone();
    this.#next = Math.max(0, ...start.files.keys(), ...start.folders.keys()) + 1;
  }

  /** Writes a note into the log. */
  note(note: Note): void {
    this.log.push({ note });
  }

  /** Lets the system write everything, as it does by itself after a while. */
  settle(): void {
    this.#make({ op: "settle" }, "");
  }

  /** What is on it, and what of that is durable. */
  get now(): Image {
    return this.#now;
  }

  /** Cuts the power, which leaves one of the states that it may: no process may be alive then. */
  cutPower(left: Image): void {
    this.#make({ op: "powerCut", left }, "");
  }

  /** The file system of one process. */
  process(
    { diesAfter = Infinity, before = () => {} }: ProcessOptions = {},
  ): FileSystem & { readonly isDead: boolean } {
    let changes = 0;
    let isDead = false;
    const look = async <T>(run: () => T): Promise<T> => {
      await before();
      if (isDead) throw new DeadError("the process is dead");
      return run();
    };
    const change = (path: string, make: () => Change): Promise<Change> =>
      look(() => {
        const made = make();
        isDead = changes++ >= diesAfter;
        if (isDead) throw new DeadError("the process is dead");
        this.#make(made, path);
        return made;
      });
    const inFolder = (path: string) => ({ folder: this.#parent(path), name: nameOf(path) });
    return {
      get isDead() {
        return isDead;
      },
      create: async (path) => {
        const node = this.#next++;
        await change(path, () => {
          this.#checkFree(path);
          return { op: "create", ...inFolder(path), node };
        });
        return this.#writer(path, node, change);
      },
      open: (path) => look(() => this.#open(path)),
      link: async (from, to) => {
        await change(to, () => {
          const node = this.#find(from);
          this.#checkFree(to);
          return { op: "link", ...inFolder(to), node };
        });
      },
      remove: async (path) => {
        await change(path, () => {
          this.#now.file(this.#find(path));
          return { op: "remove", ...inFolder(path) };
        });
      },
      makeFolder: async (path) => {
        const node = this.#next++;
        await change(path, () => {
          this.#checkFree(path);
          return { op: "makeFolder", ...inFolder(path), node };
        });
      },
      syncFolder: async (path) => {
        await change(path, () => {
          const folder = this.#find(path);
          this.#now.folder(folder);
          return { op: "syncFolder", folder };
        });
      },
      syncFile: async (path) =>
        void await change(path, () => ({ op: "sync", node: this.#find(path) })),
      list: (path) => look(() => this.#now.names(this.#find(path))),
      stat: (path) => look(() => this.#stat(path)),
    };
  }

  /** The calls of a thread. */
  calls(): DiskCalls {
    const inFolder = (path: string) => ({ folder: this.#parent(path), name: nameOf(path) });
    return {
      create: (path) => {
        this.#checkFree(path);
        const node = this.#next++;
        this.#make({ op: "create", ...inFolder(path), node }, path);
        return node;
      },
      write: (path, node, given) => {
        const bytes = given.slice(0, WRITE_BYTES);
        this.#make({ op: "write", node, bytes }, path);
        return bytes.byteLength;
      },
      sync: (path, node) => this.#make({ op: "sync", node }, path),
      read: (path) => this.#now.file(this.#find(path)).bytes,
      link: (from, to) => {
        const node = this.#find(from);
        this.#checkFree(to);
        this.#make({ op: "link", ...inFolder(to), node }, to);
      },
      remove: (path) => {
        this.#now.file(this.#find(path));
        this.#make({ op: "remove", ...inFolder(path) }, path);
      },
      syncFolder: (path) => this.#make({ op: "syncFolder", folder: this.#find(path) }, path),
      exists: (path) => this.#lookUp(path) !== undefined,
    };
  }

  #writer(
    path: string,
    node: number,
    change: (path: string, make: () => Change) => Promise<Change>,
  ): FileWriter {
    return {
      write: async (given) => {
        const bytes = given.slice(0, WRITE_BYTES);
        await change(path, () => ({ op: "write", node, bytes }));
        return bytes.byteLength;
      },
      sync: async () => void await change(path, () => ({ op: "sync", node })),
      reserve: async (byteLength) =>
        void await change(path, () => ({ op: "reserve", node, byteLength })),
      close: () => {},
    };
  }

  #make(change: Change, path: string): void {
    this.#now.apply(change);
    this.log.push({ change, path });
  }

  #open(path: string): FileReader {
    const { bytes } = this.#now.file(this.#find(path));
    return {
      byteLength: bytes.byteLength,
      readAt: (offset, into) => {
        const read = bytes.subarray(offset, offset + into.byteLength);
        into.set(read);
        return Promise.resolve(read.byteLength);
      },
      close: () => {},
    };
  }

  #stat(path: string): Awaited<ReturnType<FileSystem["stat"]>> {
    const node = this.#lookUp(path);
    if (node === undefined) return undefined;
    const file = this.#now.files.get(node);
    return file === undefined
      ? { kind: "folder", byteLength: 0 }
      : { kind: "file", byteLength: file.bytes.byteLength };
  }

  #checkFree(path: string): void {
    if (this.#lookUp(path) !== undefined) throw new Deno.errors.AlreadyExists(path);
  }

  #parent(path: string): number {
    return this.#find(path.slice(0, path.lastIndexOf("/")));
  }

  #find(path: string): number {
    const node = this.#lookUp(path);
    if (node === undefined) throw new Deno.errors.NotFound(path);
    return node;
  }

  #lookUp(path: string): number | undefined {
    let node: number | undefined = 0;
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (node === undefined) return undefined;
      node = this.#now.entry(node, name);
    }
    return node;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
