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
} from "../../storage/mod.ts";
import type { Workspace } from "../session/workspace.ts";

/** Reads the bytes that an entry of the last manifest stands for; `undefined` where that cannot be. */
export type ReadSaved = (entry: PresentBlob) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** What was last saved of one node. */
export class SavedNode {
  /** The blobs' entries in the last manifest, by name. */
  entries: Readonly<Record<string, BlobEntry>> = {};
  readonly #versions = new Map<string, number>();
  readonly #encoded = new Map<string, number>();
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #aliases: Aliases;

  /** Follows a workspace. */
  constructor(
    /** The workspace. */
    readonly workspace: Workspace,
    private readonly read: ReadSaved,
  ) {
    this.#aliases = new Aliases((name) => this.workspace.get(name));
  }

  /**
   * The blobs as a save takes them: those that cannot have changed are carried over from the last
   * manifest, of the others those blocks are written that differ; or, with `isWhole`, all, so that no
   * second copy of them is held.
   *
   * @throws {UnsupportedValueError} Where a value cannot be given back exactly.
   * @throws {AliasedValueError} Where two blobs share memory.
   */
  async encode(
    names: Iterable<string>,
    isWhole: boolean,
  ): Promise<Record<string, BlobToSave>> {
    this.#encoded.clear();
    this.#noteDerived();
    const blobs: Record<string, BlobToSave> = {};
    for (const name of names) blobs[name] = await this.#encodeOne(name, isWhole);
    return blobs;
  }

  /** Takes note of a manifest that holds what was encoded last. */
  committed(entries: Readonly<Record<string, BlobEntry>>): void {
    this.entries = entries;
    for (const [name, version] of this.#encoded) {
      this.#versions.set(name, version);
      const entry = entries[name];
      if (entry !== undefined && "blocks" in entry && entry.blocks !== undefined) {
        this.#snapshots.get(name)?.committed(entry.blocks);
      }
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

  async #encodeOne(name: string, isWhole: boolean): Promise<BlobToSave> {
    const { workspace } = this;
    const version = workspace.version(name);
    if (!workspace.has(name)) {
      this.#encoded.set(name, version);
      this.#snapshots.get(name)?.clear();
      return { absent: true };
    }
    const entry = this.entries[name];
    if (entry !== undefined && this.#versions.get(name) === version) {
      this.#encoded.set(name, version);
      return { carry: entry };
    }
    const snapshot = isWhole ? undefined : await this.#snapshot(name);
    await workspace.arrive(name);
    const value = workspace.get(name);
    const codec = workspace.declared.get(name)?.codec;
    const encoded = codec === undefined
      ? encodeValue(value, { name, aliases: this.#aliases })
      : encodeValue(await codec.encode(value as never), { name });
    this.#encoded.set(name, version);
    const common = { codec: codec !== undefined };
    if (snapshot === undefined) return { ...common, encoded };
    if (encoded.byteLength <= INLINE_BYTES) {
      this.#snapshots.get(name)?.clear();
      // A task may change the value before it is written.
      return {
        ...common,
        encoded: { ...encoded, parts: encoded.parts.map((part) => part.slice()) },
      };
    }
    this.#snapshots.set(name, snapshot);
    return { ...common, ...snapshot.update(encoded) };
  }

  /** A blob's snapshot; after a load made of what was saved, once it is first needed. */
  async #snapshot(name: string): Promise<Snapshot> {
    const known = this.#snapshots.get(name);
    if (known !== undefined) return known;
    const made = new Snapshot();
    const entry = this.entries[name];
    if (entry === undefined || "absent" in entry || entry.blocks === undefined) return made;
    const bytes = await this.read(entry);
    if (bytes !== undefined) made.adopt(bytes, entry.blocks);
    return made;
  }
}
