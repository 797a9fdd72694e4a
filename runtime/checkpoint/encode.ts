/**
 * Makes a workspace's blobs ready to be saved.
 *
 * @module
 */
import {
  Aliases,
  type BlobEntry,
  type BlobToSave,
  encodeValue,
  INLINE_BYTES,
  type PresentBlob,
  Snapshot,
  type Store,
} from "../../storage/mod.ts";
import type { Workspace } from "../session/workspace.ts";

/** Reads what was saved last. */
export interface SavedReader {
  /** The bytes that an entry of the last manifest stands for; `undefined` where they cannot be read. */
  bytes(entry: PresentBlob): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** How to fill memory aside from this thread; `undefined` where that cannot be. */
  filler(): Promise<Required<Store>["fill"] | undefined>;
}

/**
 * The first save of a blob larger than this is made of the blob itself, and waited for: to write it
 * takes no longer than to copy it into fresh memory.
 */
const MOST_FIRST_COPY_BYTES = 4 * 1024 * 1024;

/** How blobs are taken down. */
export interface EncodeOptions {
  /** Whether each that was written is saved whole, and of itself. */
  readonly isWhole: boolean;
  /** Whether nothing changes a blob before the save has ended, where that is asked for. */
  readonly isWaitedFor: boolean;
}

/** What was last saved of one node. */
export class SavedNode {
  /** The blobs' entries in the last manifest, by name. */
  entries: Readonly<Record<string, BlobEntry>> = {};
  readonly #versions = new Map<string, number>();
  readonly #encoded = new Map<string, number>();
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #filling = new Map<string, Promise<void>>();
  #isReleased = false;
  readonly #aliases: Aliases;

  /** Follows a workspace. */
  constructor(
    /** The workspace. */
    readonly workspace: Workspace,
    private readonly reader: SavedReader,
    private readonly memory: SpareMemory,
  ) {
    this.#aliases = new Aliases((name) => this.workspace.get(name));
  }

  /**
   * The blobs as a save takes them: those that cannot have changed are carried over from the last
   * manifest, of the others those blocks are written that differ; or, where they are saved whole, all, so that no
   * second copy of them is held.
   *
   * @throws {UnsupportedValueError} Where a value cannot be given back exactly.
   * @throws {AliasedValueError} Where two blobs share memory.
   */
  async encode(
    names: Iterable<string>,
    how: EncodeOptions,
  ): Promise<Record<string, BlobToSave>> {
    this.#encoded.clear();
    this.#noteDerived();
    const blobs: Record<string, BlobToSave> = {};
    for (const name of names) blobs[name] = await this.#encodeOne(name, how);
    return blobs;
  }

  /** Takes note of a manifest that holds what was encoded last. */
  committed(entries: Readonly<Record<string, BlobEntry>>): void {
    this.entries = entries;
    for (const [name, version] of this.#encoded) {
      this.#versions.set(name, version);
      const entry = entries[name];
      const lies = entry !== undefined && "blocks" in entry ? entry.blocks : undefined;
      if (lies === undefined) this.#snapshots.get(name)?.clear();
      else this.#snapshots.get(name)?.committed(lies);
    }
  }

  /** Takes note of a manifest that the workspace was just loaded from. */
  loaded(entries: Readonly<Record<string, BlobEntry>>): void {
    this.entries = entries;
    for (const name of Object.keys(entries)) {
      this.#versions.set(name, this.workspace.version(name));
      // It is carried over unseen, and yet may come to share memory with a blob that is encoded.
      const isPlain = this.workspace.declared.get(name)?.codec === undefined;
      if (isPlain && this.workspace.has(name)) this.#aliases.note(name, this.workspace.get(name));
    }
  }

  /** Takes note of a value that was loaded when it was first needed. */
  arrived(name: string, value: unknown): void {
    if (this.workspace.declared.get(name)?.codec === undefined) this.#aliases.note(name, value);
  }

  /** What is derived is not encoded, and yet may share memory with what is: a resume would part them. */
  #noteDerived(): void {
    const { workspace } = this;
    for (const [name, { derived, codec }] of workspace.declared) {
      const version = workspace.version(name);
      if (!derived || codec !== undefined || this.#versions.get(name) === version) continue;
      this.#versions.set(name, version);
      this.#aliases.note(name, workspace.get(name));
    }
  }

  /**
   * Begins to read back, aside, what was saved of these blobs, as far as they are large: the next save
   * compares them with it.
   */
  warm(names: Iterable<string>): void {
    for (const name of names) {
      const entry = this.entries[name];
      if (entry === undefined || "absent" in entry || entry.bytes <= MOST_FIRST_COPY_BYTES) {
        continue;
      }
      if (!this.#snapshots.has(name) && !this.#filling.has(name)) void this.#fill(name, entry);
    }
  }

  /** Gives its memory to whoever follows the node next. */
  release(): void {
    this.#isReleased = true;
    for (const [name, snapshot] of this.#snapshots) this.memory.set(name, snapshot);
    this.#snapshots.clear();
  }

  async #encodeOne(name: string, how: EncodeOptions): Promise<BlobToSave> {
    const { workspace } = this;
    const version = workspace.version(name);
    if (!workspace.has(name)) {
      await this.#filling.get(name);
      this.#encoded.set(name, version);
      this.#snapshots.get(name)?.clear();
      return { absent: true };
    }
    const entry = this.entries[name];
    if (entry !== undefined && this.#versions.get(name) === version) {
      this.#encoded.set(name, version);
      return { carry: entry };
    }
    const snapshot = how.isWhole ? undefined : await this.#snapshot(name);
    await workspace.arrive(name);
    const value = workspace.get(name);
    const codec = workspace.declared.get(name)?.codec;
    const encoded = codec === undefined
      ? encodeValue(value, { name, aliases: this.#aliases })
      : encodeValue(await codec.encode(value as never), { name });
    this.#encoded.set(name, version);
    const common = { codec: codec !== undefined };
    if (how.isWhole) return { ...common, encoded };
    if (encoded.byteLength <= INLINE_BYTES) {
      this.#snapshots.get(name)?.clear();
      // A task may change the value before it is written.
      return {
        ...common,
        encoded: { ...encoded, parts: encoded.parts.map((part) => part.slice()) },
      };
    }
    const isLarge = encoded.byteLength > MOST_FIRST_COPY_BYTES;
    if (snapshot === undefined && isLarge && how.isWaitedFor) {
      return { ...common, encoded };
    }
    const updated = snapshot ?? this.memory.take(name);
    this.#snapshots.set(name, updated);
    try {
      return { ...common, ...updated.update(encoded) };
    } catch (error) {
      // There is no memory for it.
      this.#snapshots.delete(name);
      if (!how.isWaitedFor || !(error instanceof RangeError)) throw error;
      return { ...common, encoded };
    }
  }

  /** A blob's snapshot; of one that was saved without, or loaded, made of what was saved. */
  async #snapshot(name: string): Promise<Snapshot | undefined> {
    const entry = this.entries[name];
    const hasBlocks = entry !== undefined && "blocks" in entry && entry.blocks !== undefined;
    if (hasBlocks && !this.#snapshots.has(name)) {
      await (this.#filling.get(name) ?? this.#fill(name, entry));
    }
    return this.#snapshots.get(name);
  }

  /** Makes a blob's snapshot of what was saved; of nothing, and none, where that cannot be read. */
  #fill(name: string, entry: PresentBlob): Promise<void> {
    const filling = this.#read(name, entry).then((snapshot) => {
      this.#filling.delete(name);
      if (snapshot === undefined) return;
      if (this.#isReleased) return this.memory.set(name, snapshot);
      // Its blocks may have been copied meanwhile, and those that were read be gone.
      const now = this.entries[name];
      const lies = now !== undefined && "blocks" in now ? now.blocks : undefined;
      if (lies === undefined) snapshot.clear();
      else snapshot.committed(lies);
      this.#snapshots.set(name, snapshot);
    });
    this.#filling.set(name, filling);
    return filling;
  }

  async #read(name: string, entry: PresentBlob): Promise<Snapshot | undefined> {
    const { blocks = [], bytes } = entry;
    const snapshot = this.memory.take(name);
    try {
      const fill = bytes > MOST_FIRST_COPY_BYTES ? await this.reader.filler() : undefined;
      if (fill !== undefined) await snapshot.fill(blocks, fill);
      else {
        const read = await this.reader.bytes(entry);
        if (read !== undefined) snapshot.adopt(read, blocks);
      }
      return snapshot;
    } catch {
      // There is no memory for it, or a thread that has ended may still be writing into it.
      return undefined;
    }
  }
}

/** Memory of snapshots that are no longer needed: shared memory that is let go of is collected late. */
export class SpareMemory {
  readonly #snapshots = new Map<string, Snapshot>();

  /** Takes a snapshot's memory. */
  set(name: string, snapshot: Snapshot): void {
    snapshot.clear();
    this.#snapshots.set(name, snapshot);
  }

  /** An empty snapshot for a blob, with the memory that it had. */
  take(name: string): Snapshot {
    const spare = this.#snapshots.get(name) ?? new Snapshot();
    this.#snapshots.delete(name);
    return spare;
  }
}
