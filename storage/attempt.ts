/**
 * One start of a runner: it commits checkpoints until a later one fences it.
 *
 * @module
 */
import { DamagedError, FencedError, UnknownOutcomeError } from "./errors.ts";
import { highestAttempt, listManifests } from "./history.ts";
import { encodeParent, encodeRemoval } from "./job_record.ts";
import {
  formatRef,
  type ManifestRef,
  manifestName,
  newPackName,
  newRemovalName,
  parentName,
} from "./layout.ts";
import {
  type BlobEntry,
  type BlobToSave,
  type Manifest,
  MAX_MANIFEST_BYTES,
  type RunState,
} from "./manifest.ts";
import { decodeManifest, encodeManifest } from "./manifest_codec.ts";
import { inlineBudget, PackLayout } from "./pack.ts";
import { readRecord } from "./record_reader.ts";
import { FORMAT_VERSION } from "./seal.ts";
import type { Durability, Store } from "./store.ts";

/** Where an attempt saves. */
export interface AttemptHost {
  /** The store. */
  readonly store: Store;
  /** The job. */
  readonly job: string | undefined;
  /** The attempt's number. */
  readonly number: number;
  /** What its saves outlive. */
  readonly durability: Durability;
}

/** What is saved. */
export interface Save {
  /** The epoch. */
  readonly epoch: number;
  /** What was finished. */
  readonly phase: ManifestRef["phase"];
  /** The state from which it was reached. */
  readonly parent: ManifestRef | undefined;
  /** What the run knows beside its blobs. */
  readonly run: RunState;
  /** Numbers to judge it by, as `node/blob`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The blobs, by node and name. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, BlobToSave>>>>;
}

/** What a save did on one node. */
export interface SaveReport {
  /** The node. */
  readonly node: string;
  /** The bytes of blobs that were written. */
  readonly bytes: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** A save that is acknowledged. */
export interface Saved {
  /** The manifest. */
  readonly manifest: Manifest;
  /** What was written, node by node. */
  readonly reports: readonly SaveReport[];
}

/** One start of a runner. */
export class Attempt {
  readonly #host: AttemptHost;
  #isOver = false;

  /** Stands for an attempt that was begun. */
  constructor(host: AttemptHost) {
    this.#host = host;
  }

  /** Its number. */
  get number(): number {
    return this.#host.number;
  }

  /** Whether it can save no more: a commit of it has an unknown outcome, or it is fenced. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Records where it starts from; none for a fresh start. Nothing is saved before that. */
  async recordParent(parent: ManifestRef | undefined): Promise<void> {
    const { store, number, durability } = this.#host;
    await store.put(parentName(number), encodeParent(number, parent), { durability });
  }

  /**
   * Saves. Once this resolves, the checkpoint is committed and acknowledged.
   *
   * @throws {FencedError} Where a later attempt has begun: what was written lies on a side line.
   * @throws {UnknownOutcomeError} Where nobody can tell whether it was committed; this attempt is over.
   * @throws {StoreError} Where it was certainly not committed.
   */
  async save(save: Save): Promise<Saved> {
    const { store, number, durability } = this.#host;
    if (this.#isOver) {
      throw new UnknownOutcomeError("save", store.place, `attempt ${number} is over: take a new one`);
    }
    const { epoch, phase, parent } = save;
    const ref = { epoch, phase, attempt: number };
    const packs: string[] = [];
    const reports: SaveReport[] = [];
    const nodes: Record<string, Record<string, BlobEntry>> = {};
    const budget = inlineBudget();
    for (const [node, blobs] of Object.entries(save.nodes)) {
      const started = performance.now();
      const pack = new PackLayout(newPackName(ref, node), budget);
      const entries: Record<string, BlobEntry> = {};
      for (const [name, blob] of Object.entries(blobs)) entries[name] = pack.add(blob);
      nodes[node] = entries;
      if (pack.parts.length > 0) await store.write(pack.name, pack.parts, { durability });
      const durationMs = performance.now() - started;
      reports.push({ node, bytes: pack.blobBytes, durationMs });
    }
    for (const entries of Object.values(nodes)) {
      for (const entry of Object.values(entries)) {
        if ("absent" in entry) continue;
        for (const { pack } of entry.blocks ?? []) if (!packs.includes(pack)) packs.push(pack);
      }
    }
    const manifest: Manifest = {
      ...ref,
      version: FORMAT_VERSION,
      job: this.#host.job,
      parent: parent && { epoch: parent.epoch, attempt: parent.attempt, phase: parent.phase },
      createdAtMs: Date.now(),
      run: save.run,
      metrics: save.metrics,
      nodes,
      packs,
    };
    await this.#commit(ref, manifest);
    await this.#look(`${formatRef(ref)} lies on a side line`);
    return { manifest, reports };
  }

  /**
   * Removes checkpoints: their manifests first, then the packs that no manifest names any more.
   *
   * @throws {FencedError} Where a later attempt has begun; then nothing was removed.
   */
  async remove(refs: readonly ManifestRef[]): Promise<void> {
    const { store, number, durability } = this.#host;
    if (refs.length === 0) return;
    const record = newRemovalName(number);
    await store.put(record, encodeRemoval(number, refs), { durability });
    await this.#look("it removed nothing");
    const gone = new Set(refs.map(formatRef));
    const left = (await listManifests(store, {})).filter((ref) => !gone.has(formatRef(ref)));
    const packs = await this.#unused(refs, left);
    await store.remove(refs.map(manifestName), { durability });
    await store.remove(packs, { durability });
    await store.remove([record], { durability });
  }

  /** The packs of some manifests that no other one names; none where that cannot be told. */
  async #unused(
    refs: readonly ManifestRef[],
    others: readonly ManifestRef[],
  ): Promise<readonly string[]> {
    try {
      const unused = await this.#packsOf(refs);
      for (const pack of await this.#packsOf(others)) unused.delete(pack);
      return [...unused];
    } catch (error) {
      // A manifest that cannot be read may name any pack: then none may go.
      if (error instanceof DamagedError) return [];
      throw error;
    }
  }

  async #packsOf(refs: readonly ManifestRef[]): Promise<Set<string>> {
    const packs = new Set<string>();
    for (const ref of refs) {
      const bytes = await readRecord(this.#host.store, manifestName(ref), MAX_MANIFEST_BYTES);
      if (bytes === undefined) continue;
      for (const pack of decodeManifest(ref, bytes).packs) packs.add(pack);
    }
    return packs;
  }

  async #commit(ref: ManifestRef, manifest: Manifest): Promise<void> {
    const { store, durability } = this.#host;
    try {
      await store.put(manifestName(ref), encodeManifest(manifest), { durability });
    } catch (error) {
      if (error instanceof UnknownOutcomeError) this.#isOver = true;
      throw error;
    }
  }

  /** Looks for a later attempt, after what it did could be seen. */
  async #look(what: string): Promise<void> {
    const { store, number } = this.#host;
    const highest = await highestAttempt(store, {});
    if (highest <= number) return;
    this.#isOver = true;
    throw new FencedError(number, highest, what);
  }
}
