/**
 * What was last saved of all nodes, or loaded into them.
 *
 * @module
 */
import type { BlobToSave, CheckpointStore, Manifest, PresentBlob } from "../../storage/mod.ts";
import type { CheckpointHost } from "../session/session.ts";
import { SavedNode } from "./encode.ts";
import { type EpochRef, parseEpoch } from "./epoch_ref.ts";

/** Follows the workspaces of a session from save to save. */
export class SavedNodes {
  readonly #nodes = new Map<string, SavedNode>();
  readonly #store: () => Promise<CheckpointStore>;
  #last: Manifest | undefined;

  /** Takes how to reach the store that the last manifest lies in. */
  constructor(store: () => Promise<CheckpointStore>) {
    this.#store = store;
  }

  /** What was saved or loaded last. */
  get last(): Manifest | undefined {
    return this.#last;
  }

  /** That, where it is the epoch meant: to find one in the store lists all there are. */
  lastIfOf(wanted: EpochRef): Manifest | undefined {
    const { epoch, attempt } = parseEpoch(wanted);
    const last = this.#last;
    const isOf = last?.phase === "epoch" && last.epoch === epoch && last.attempt === attempt;
    return isOf ? last : undefined;
  }

  /** The blobs of all nodes as a save takes them; `isWhole` saves each that was written whole. */
  async encode(
    host: CheckpointHost,
    nodes: readonly string[],
    namesOf: (node: string) => readonly string[],
    isWhole: boolean,
  ): Promise<Record<string, Record<string, BlobToSave>>> {
    const encoded: Record<string, Record<string, BlobToSave>> = {};
    for (const node of nodes) {
      encoded[node] = await this.#follow(host, node).encode(namesOf(node), isWhole);
    }
    return encoded;
  }

  /** Takes note of a manifest that holds what was encoded last. */
  committed(host: CheckpointHost, manifest: Manifest): void {
    this.#last = manifest;
    for (const [node, entries] of Object.entries(manifest.nodes)) {
      this.#follow(host, node).committed(entries);
    }
  }

  /** Takes note of a manifest that the workspaces were just loaded from. */
  loaded(host: CheckpointHost, manifest: Manifest): void {
    this.forget();
    this.#last = manifest;
    for (const [node, entries] of Object.entries(manifest.nodes)) {
      this.#follow(host, node).loaded(entries);
    }
  }

  /** Takes note of a value that was loaded when it was first needed. */
  arrived(host: CheckpointHost, node: string, name: string, value: unknown): void {
    this.#follow(host, node).arrived(name, value);
  }

  /** Forgets all, so that everything is saved whole. */
  forget(): void {
    this.#last = undefined;
    this.#nodes.clear();
  }

  #follow(host: CheckpointHost, node: string): SavedNode {
    const known = this.#nodes.get(node);
    const workspace = host.workspace(node);
    if (known?.workspace === workspace) return known;
    const made = new SavedNode(workspace, (entry) => this.#read(entry));
    this.#nodes.set(node, made);
    return made;
  }

  /** The bytes of a blob of the last manifest; what cannot be read is saved whole, which mends it. */
  async #read(entry: PresentBlob): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#last === undefined) return undefined;
    try {
      return await (await this.#store()).readBytes(this.#last, entry);
    } catch {
      return undefined;
    }
  }
}
