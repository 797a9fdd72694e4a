/**
 * Makes a workspace's blobs ready to be saved.
 *
 * @module
 */
import { Aliases, type BlobEntry, type BlobToSave, encodeValue } from "../../storage/mod.ts";
import type { Workspace } from "../session/workspace.ts";

/** What was last saved of one node. */
export class SavedNode {
  /** The blobs' entries in the last manifest, by name. */
  entries: Readonly<Record<string, BlobEntry>> = {};
  readonly #versions = new Map<string, number>();
  readonly #encoded = new Map<string, number>();
  readonly #aliases: Aliases;

  /** Follows a workspace. */
  constructor(
    /** The workspace. */
    readonly workspace: Workspace,
  ) {
    this.#aliases = new Aliases((name) => this.workspace.get(name));
  }

  /**
   * The blobs as a save takes them: those that cannot have changed are carried over from the last
   * manifest, the others are encoded.
   *
   * @throws {UnsupportedValueError} Where a value cannot be given back exactly.
   * @throws {AliasedValueError} Where two blobs share memory.
   */
  async encode(names: Iterable<string>): Promise<Record<string, BlobToSave>> {
    this.#encoded.clear();
    const blobs: Record<string, BlobToSave> = {};
    for (const name of names) blobs[name] = await this.#encodeOne(name);
    return blobs;
  }

  /** Takes note of a manifest that holds what was encoded last. */
  committed(entries: Readonly<Record<string, BlobEntry>>): void {
    this.entries = entries;
    for (const [name, version] of this.#encoded) this.#versions.set(name, version);
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

  async #encodeOne(name: string): Promise<BlobToSave> {
    const { workspace } = this;
    this.#encoded.set(name, workspace.version(name));
    if (!workspace.has(name)) return { absent: true };
    const known = this.entries[name];
    if (known !== undefined && this.#versions.get(name) === workspace.version(name)) {
      return { carry: known };
    }
    const value = workspace.get(name);
    const codec = workspace.declared.get(name)?.codec;
    if (codec === undefined) {
      return { encoded: encodeValue(value, { name, aliases: this.#aliases }), codec: false };
    }
    return { encoded: encodeValue(await codec.encode(value as never), { name }), codec: true };
  }
}
