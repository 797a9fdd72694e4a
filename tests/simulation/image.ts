/**
 * What a disk holds, and what of that is durable: nothing but what POSIX promises to be.
 */

/** A change of the disk; files and folders are known by number, and 0 is the root. */
export type Change =
  | { readonly op: "create"; readonly folder: number; readonly name: string; readonly node: number }
  | { readonly op: "write"; readonly node: number; readonly bytes: Uint8Array }
  | { readonly op: "reserve"; readonly node: number; readonly byteLength: number }
  | { readonly op: "sync"; readonly node: number }
  | { readonly op: "link"; readonly folder: number; readonly name: string; readonly node: number }
  | { readonly op: "remove"; readonly folder: number; readonly name: string }
  | {
    readonly op: "makeFolder";
    readonly folder: number;
    readonly name: string;
    readonly node: number;
  }
  | { readonly op: "syncFolder"; readonly folder: number }
  /** What the system writes by itself after a while: everything. */
  | { readonly op: "settle" }
  /** The power was cut, which has left this; what follows is done by others than before. */
  | { readonly op: "powerCut"; readonly left: Image };

/** A file. */
export interface SimulatedFile {
  bytes: Uint8Array;
  /** Where the next write goes: before what is reserved. */
  at: number;
  /** What it had when it was synced last. */
  durable: Uint8Array;
}

/** A folder: of its entries those are durable that were synced. */
export interface SimulatedFolder {
  readonly durable: Map<string, number>;
  /** What names have led to since their folder was synced, oldest first; `undefined` for nothing. */
  readonly pending: Map<string, readonly (number | undefined)[]>;
}

/** What is on a disk, in its caches and for certain. */
export class Image {
  readonly files = new Map<number, SimulatedFile>();
  readonly folders = new Map<number, SimulatedFolder>([[0, newFolder()]]);

  /** A copy; bytes are shared, as they are never changed in place. */
  clone(): Image {
    const copy = new Image();
    for (const [node, file] of this.files) copy.files.set(node, { ...file });
    for (const [node, { durable, pending }] of this.folders) {
      copy.folders.set(node, { durable: new Map(durable), pending: new Map(pending) });
    }
    return copy;
  }

  /** What a name in a folder leads to now. */
  entry(folder: number, name: string): number | undefined {
    const { durable, pending } = this.folder(folder);
    const changes = pending.get(name);
    return changes === undefined ? durable.get(name) : changes.at(-1);
  }

  /** The names in a folder now. */
  names(folder: number): string[] {
    const { durable, pending } = this.folder(folder);
    return [...new Set([...durable.keys(), ...pending.keys()])]
      .filter((name) => this.entry(folder, name) !== undefined);
  }

  folder(node: number): SimulatedFolder {
    const folder = this.folders.get(node);
    if (folder === undefined) throw new Deno.errors.NotADirectory(`${node} is no folder`);
    return folder;
  }

  file(node: number): SimulatedFile {
    const file = this.files.get(node);
    if (file === undefined) throw new Deno.errors.IsADirectory(`${node} is no file`);
    return file;
  }

  /** Makes a change. */
  apply(change: Change): void {
    switch (change.op) {
      case "create":
        this.files.set(change.node, newFile());
        return this.#change(change.folder, change.name, change.node);
      case "makeFolder":
        this.folders.set(change.node, newFolder());
        return this.#change(change.folder, change.name, change.node);
      case "link":
        return this.#change(change.folder, change.name, change.node);
      case "remove":
        return this.#change(change.folder, change.name, undefined);
      case "write": {
        const file = this.file(change.node);
        const end = file.at + change.bytes.byteLength;
        const bytes = new Uint8Array(Math.max(file.bytes.byteLength, end));
        bytes.set(file.bytes);
        bytes.set(change.bytes, file.at);
        file.bytes = bytes;
        file.at = end;
        return;
      }
      case "reserve": {
        const file = this.file(change.node);
        const bytes = new Uint8Array(
          Math.max(file.bytes.byteLength, file.at + change.byteLength),
        );
        bytes.set(file.bytes);
        file.bytes = bytes;
        return;
      }
      case "sync": {
        const file = this.file(change.node);
        file.durable = file.bytes;
        return;
      }
      case "syncFolder":
        return this.#syncFolder(this.folder(change.folder));
      case "settle":
        for (const folder of this.folders.values()) this.#syncFolder(folder);
        for (const file of this.files.values()) file.durable = file.bytes;
        return;
      case "powerCut": {
        const { files, folders } = change.left.clone();
        this.#replace(this.files, files);
        this.#replace(this.folders, folders);
      }
    }
  }

  #replace<T>(old: Map<number, T>, left: ReadonlyMap<number, T>): void {
    old.clear();
    for (const [node, item] of left) old.set(node, item);
  }

  #change(folder: number, name: string, node: number | undefined): void {
    const { durable, pending } = this.folder(folder);
    const changes = pending.get(name) ?? [durable.get(name)];
    pending.set(name, [...changes, node]);
  }

  #syncFolder({ durable, pending }: SimulatedFolder): void {
    for (const [name, changes] of pending) {
      const last = changes.at(-1);
      if (last === undefined) durable.delete(name);
      else durable.set(name, last);
    }
    pending.clear();
  }
}

/** A file all of which is durable. */
export function newFile(bytes: Uint8Array = new Uint8Array()): SimulatedFile {
  return { bytes, at: bytes.byteLength, durable: bytes };
}

function newFolder(): SimulatedFolder {
  return { durable: new Map(), pending: new Map() };
}
