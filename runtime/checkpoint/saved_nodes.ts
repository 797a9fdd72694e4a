/**
 * What was last saved of all nodes, or loaded into them.
 *
 * @module
 */
import type {
  BlobToSave,
  CheckpointStore,
  Manifest,
  PresentBlob,
  Store,
} from "../../storage/mod.ts";
import type { Program } from "../program.ts";
import type { CheckpointHost } from "../session/session.ts";
import { SavedNode, SpareMemory } from "./encode.ts";
import { type EpochRef, parseEpoch } from "./epoch_ref.ts";
import { migratedBoth, type MigratedNames } from "./migrated.ts";
import { blobsToSave, writtenByEpochs } from "./selection.ts";

/** Which blobs are saved. */
export interface BlobsNamed {
  /** Of which nodes. */
  readonly nodes: readonly string[];
  /** The job, where one is run. */
  readonly program: Program | undefined;
  /** The names that were found, by node. */
  readonly listed: ReadonlyMap<string, readonly string[]>;
}

/** Follows the workspaces of a session from save to save. */
export class SavedNodes {
  readonly #nodes = new Map<string, SavedNode>();
  readonly #memory = new Map<string, SpareMemory>();
  readonly #store: () => Promise<CheckpointStore>;
  #last: Manifest | undefined;
  #migrated: MigratedNames | undefined;
  /** The nodes that were loaded, where not all were. */
  #loaded: readonly string[] | undefined;

  /** Takes how to reach the store that the last manifest lies in. */
  constructor(store: () => Promise<CheckpointStore>) {
    this.#store = store;
  }

  /** What was saved or loaded last. */
  get last(): Manifest | undefined {
    return this.#last;
  }

  /** The migrations that what the workspaces hold has gone through; `null` where nobody can tell. */
  get migrated(): MigratedNames {
    return this.#migrated ?? null;
  }

  /** That of some nodes: of those that were not loaded with the others nobody can tell. */
  migratedOf(nodes: Readonly<Record<string, unknown>>): MigratedNames {
    const { migrated } = this;
    return Object.keys(nodes).every((node) => this.#loaded?.includes(node) ?? true)
      ? migrated
      : null;
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
    { nodes, program, listed }: BlobsNamed,
    isWhole: boolean,
  ): Promise<Record<string, Record<string, BlobToSave>>> {
    const encoded: Record<string, Record<string, BlobToSave>> = {};
    // A runner waits for what is saved of the blobs themselves; a script may not.
    const how = { isWhole, isWaitedFor: program !== undefined };
    for (const node of nodes) {
      const names = blobsToSave(host, node, program, listed.get(node));
      encoded[node] = await this.#follow(host, node).encode(names, how);
    }
    return encoded;
  }

  /** Takes note of a manifest that holds what was encoded last. */
  committed(host: CheckpointHost, manifest: Manifest): void {
    this.#last = manifest;
    this.#migrated = manifest.run.migrated;
    this.#loaded = undefined;
    for (const [node, entries] of Object.entries(manifest.nodes)) {
      this.#follow(host, node).committed(entries);
    }
  }

  /**
   * Takes note of a manifest that the workspaces were just loaded from, all or those of its nodes alone, and
   * of the migrations that their values have gone through.
   */
  loaded(
    host: CheckpointHost,
    manifest: Manifest,
    { migrated, isAll }: { readonly migrated: MigratedNames; readonly isAll: boolean },
  ): void {
    this.forget();
    this.#last = manifest;
    this.#migrated = migrated;
    this.#loaded = isAll ? undefined : Object.keys(manifest.nodes);
    for (const [node, entries] of Object.entries(manifest.nodes)) {
      this.#follow(host, node).loaded(entries);
    }
  }

  /** Takes note that some values were put beside others, of an epoch that has gone through these migrations. */
  mixed(migrated: MigratedNames): void {
    this.#migrated = migratedBoth(this.migrated, migrated);
  }

  /** Takes note of a value that was loaded when it was first needed. */
  arrived(host: CheckpointHost, node: string, name: string, value: unknown): void {
    this.#follow(host, node).arrived(name, value);
  }

  /** Begins to read back, aside, what the next save will compare with what the epochs of a job write. */
  warm(host: CheckpointHost, program: Program | undefined): void {
    // Without snapshots nothing is compared; what is loaded late is read when it is first needed, if ever.
    if (program === undefined || program.plan.snapshot === "none") return;
    if (program.plan.load === "lazy") return;
    for (const [node, names] of writtenByEpochs(program)) this.#follow(host, node).warm(names);
  }

  /** Forgets all, so that everything is saved whole. */
  forget(): void {
    this.#last = undefined;
    this.#migrated = undefined;
    this.#loaded = undefined;
    for (const node of this.#nodes.values()) node.release();
    this.#nodes.clear();
  }

  #follow(host: CheckpointHost, node: string): SavedNode {
    const known = this.#nodes.get(node);
    const workspace = host.workspace(node);
    if (known?.workspace === workspace) return known;
    known?.release();
    const memory = this.#memory.get(node) ?? new SpareMemory();
    this.#memory.set(node, memory);
    const reader = {
      bytes: (entry: PresentBlob) => this.#read(entry),
      filler: () => this.#filler(),
    };
    const made = new SavedNode(workspace, reader, memory);
    this.#nodes.set(node, made);
    return made;
  }

  async #filler(): Promise<Required<Store>["fill"] | undefined> {
    const { store } = await this.#store();
    return store.fill?.bind(store);
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
