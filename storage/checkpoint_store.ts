/**
 * The checkpoints of one job in a store: the only code that knows their format.
 *
 * @module
 */
import { Attempt } from "./attempt.ts";
import { checkJob, createJob, promisedDurability, readJob, takeAttempt } from "./begin.ts";
import { BlobReader, decodeBlob } from "./blob_reader.ts";
import type {
  BeginOptions,
  CheckOptions,
  CheckpointStoreOptions,
  ReadBlobsOptions,
  RetentionOptions,
} from "./checkpoint_options.ts";
import { CheckpointNotFoundError, DamagedError } from "./errors.ts";
import { FactsReader } from "./facts_reader.ts";
import { type History, HistoryReader, listManifests } from "./history.ts";
import {
  type AttemptRecord,
  decodeAttempt,
  type JobRecord,
  MAX_RECORD_BYTES,
} from "./job_record.ts";
import { attemptName, formatRef, JOB, manifestName, type ManifestRef } from "./layout.ts";
import { judgeSaved } from "./judge_saved.ts";
import { computeAncestors } from "./line.ts";
import { type Manifest, MAX_MANIFEST_BYTES, type PresentBlob } from "./manifest.ts";
import { decodeManifest } from "./manifest_codec.ts";
import { createPin, isOf, listPins, type PinnedEpoch, removePin } from "./pins.ts";
import { readRecord } from "./record_reader.ts";
import type { KeepRule, RetentionPlan } from "./retention.ts";
import { settleSaved } from "./settle.ts";
import type { Durability, Store, StoreOptions } from "./store.ts";

/**
 * The checkpoints of one job.
 *
 * @example
 * ```ts
 * import { CheckpointStore, encodeValue, MemoryStore } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const environment = { deno: "2", arch: "x86_64", tidemark: "0.1.0" };
 * const run = {
 *   ...{ seed: 1, branch: 1, params: {}, elapsedMs: 0, conditions: {}, cursors: {}, stamps: {} },
 *   environment,
 * };
 * const store = await CheckpointStore.open(new MemoryStore(), { job: "sum" });
 * const attempt = await store.begin({ seed: 1, params: {}, environment, createdAtMs: 0 });
 * await attempt.recordParent(undefined);
 * const { manifest } = await attempt.save({
 *   ...{ epoch: 0, phase: "epoch", parent: undefined, run, metrics: {} },
 *   nodes: { main: { total: { encoded: encodeValue(41), codec: false } } },
 * });
 * const blobs = await store.readBlobs(manifest, () => true);
 * assertEquals(blobs.get("main")?.get("total"), 41);
 * ```
 */
export class CheckpointStore {
  /** What saves must outlive, where that was asked for. */
  readonly durability: Durability | undefined;
  readonly #history: HistoryReader;
  readonly #facts: FactsReader;
  #isCreated: boolean;
  #job: string | undefined;

  private constructor(
    /** What is beneath. */
    readonly store: Store,
    options: CheckpointStoreOptions,
    record: JobRecord | undefined,
  ) {
    this.durability = options.durability;
    this.#isCreated = record !== undefined;
    this.#job = record?.job ?? options.job;
    this.#facts = new FactsReader(store, (ref, options) => this.readManifest(ref, options));
    this.#history = new HistoryReader(store, (ref) => this.readManifest(ref));
  }

  /**
   * Opens the checkpoints in a store, and creates nothing.
   *
   * @throws {WrongJobError} Where they are another job's.
   * @throws {UnsupportedVersionError} Where they are of a version that this one does not know.
   * @throws {DamagedError} Where the job's record is damaged.
   * @throws {StoreError} Where the store cannot be read.
   */
  static async open(store: Store, options: CheckpointStoreOptions = {}): Promise<CheckpointStore> {
    const record = await readJob(store, options);
    checkJob(store, options.job, record);
    return new CheckpointStore(store, options, record);
  }

  /** The job's name; none before a job was named. */
  get job(): string | undefined {
    return this.#job;
  }

  /** What is saved, on which lines; of manifests only the names are read. */
  history(options: StoreOptions = {}): Promise<History> {
    return this.#history.read(options);
  }

  /**
   * The states that led to one, newest first, without itself: where to fall back to when it is damaged.
   */
  async ancestors(ref: ManifestRef, options: StoreOptions = {}): Promise<readonly ManifestRef[]> {
    const { attempts, manifests } = await this.history(options);
    return computeAncestors(attempts, manifests, ref).toReversed();
  }

  /** With what an attempt was started; none where there is no such attempt. */
  async readAttempt(
    attempt: number,
    options: StoreOptions = {},
  ): Promise<AttemptRecord | undefined> {
    const bytes = await readRecord(this.store, attemptName(attempt), MAX_RECORD_BYTES, options);
    return bytes === undefined ? undefined : decodeAttempt(attempt, bytes);
  }

  /**
   * Reads and checks a manifest.
   *
   * @throws {CheckpointNotFoundError} Where there is none; it lists those there are.
   * @throws {DamagedError} Where it is not what was saved.
   * @throws {StoreError} Where reading fails, which is no damage.
   */
  async readManifest(ref: ManifestRef, options: StoreOptions = {}): Promise<Manifest> {
    const name = manifestName(ref);
    const { epoch, attempt, phase } = ref;
    const bytes = await readRecord(this.store, name, MAX_MANIFEST_BYTES, options);
    if (bytes === undefined) throw await this.#notFound(ref, options);
    const manifest = decodeManifest({ epoch, attempt, phase }, bytes);
    // The job's own record is whole, or nothing would be open: one that came here by mistake is not the job's.
    if (this.#job !== undefined && manifest.job !== undefined && manifest.job !== this.#job) {
      throw new DamagedError(name, `a state of job "${this.#job}"`, `one of job "${manifest.job}"`);
    }
    this.#facts.remember(manifest, bytes.byteLength);
    return manifest;
  }

  /**
   * The numbers by which a checkpoint is judged; its manifest is read once.
   *
   * @throws {CheckpointNotFoundError} Where there is no such checkpoint.
   * @throws {DamagedError} Where its manifest is not what was saved.
   */
  readMetrics(ref: ManifestRef, options: StoreOptions = {}): Promise<Manifest["metrics"]> {
    return this.#facts.metricsOf(ref, options);
  }

  /**
   * Begins the next attempt, which fences all before it: whatever they save from now on lies on side
   * lines. List what is saved only after this, choose the parent, and record it before anything runs.
   *
   * @throws {FencedError} Where it is to follow an attempt, and another has followed that.
   * @throws {PromiseError} Where the store cannot promise what a runner needs of it.
   * @throws {StoreError} Where it cannot be begun.
   */
  async begin(record: AttemptRecord, options: BeginOptions = {}): Promise<Attempt> {
    const durability = await promisedDurability(this.store, this.durability, options);
    // Whoever created the job's record may have died before its sync.
    const unsynced = this.#isCreated ? [JOB] : [];
    if (!this.#isCreated) {
      this.#job = await createJob(this.store, this.#job, record.createdAtMs, {
        ...options,
        durability,
      });
      this.#isCreated = true;
    }
    const writing = { signal: options.signal, durability };
    const known = { behind: options.behind, saved: this.#history.highest, unsynced };
    const number = await takeAttempt(this.store, record, known, writing);
    return new Attempt({
      ...{ store: this.store, job: this.#job, durability, facts: this.#facts },
      attempts: async (options) => (await this.history(options)).attempts,
    }, number);
  }

  /**
   * Reads the blobs that `select` names, and only their bytes. Blobs that were not set have no value
   * in the result; the manifest says which those are.
   *
   * @throws {DamagedError} Where one of them is not what was saved; then none is given.
   * @throws {CheckpointNotFoundError} Where the checkpoint was removed meanwhile.
   * @throws {StoreError} Where reading fails, which is no damage.
   */
  async readBlobs(
    manifest: Manifest,
    select: (node: string, blob: string) => boolean,
    options: ReadBlobsOptions = {},
  ): Promise<Map<string, Map<string, unknown>>> {
    const reader = new BlobReader(this.store, manifest, options);
    const loaded = new Map<string, Map<string, unknown>>();
    for (const [node, blobs] of Object.entries(manifest.nodes)) {
      const started = performance.now();
      const chosen: [string, PresentBlob][] = [];
      for (const [name, entry] of Object.entries(blobs)) {
        if (!("absent" in entry) && select(node, name)) chosen.push([name, entry]);
      }
      const buffers = await reader.read(chosen.map(([, entry]) => entry));
      const values = chosen.map(([name, entry], index): [string, unknown] => {
        const where = `${manifestName(manifest)} (${node}/${name})`;
        return [name, decodeBlob(where, entry, buffers[index] ?? new Uint8Array())];
      });
      loaded.set(node, new Map(values));
      const bytes = chosen.reduce((sum, [, entry]) => sum + entry.bytes, 0);
      options.onNode?.({ node, bytes, durationMs: performance.now() - started });
    }
    return loaded;
  }

  /**
   * Reads the bytes of one blob of a manifest, as they were saved.
   *
   * @throws {DamagedError} Where they are not what was saved.
   * @throws {StoreError} Where reading fails, which is no damage.
   */
  async readBytes(
    manifest: Manifest,
    entry: PresentBlob,
    options: StoreOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const [bytes] = await new BlobReader(this.store, manifest, options).read([entry]);
    return bytes ?? new Uint8Array();
  }

  /**
   * Checks that every pack of a manifest is there and long enough; in full, that every byte is right.
   *
   * @throws {DamagedError} Where that is not so.
   * @throws {StoreError} Where reading fails, which is no damage.
   */
  async check(manifest: Manifest, options: CheckOptions = {}): Promise<void> {
    const reader = new BlobReader(this.store, manifest, options);
    const entries = Object.values(manifest.nodes).flatMap((blobs) => Object.values(blobs));
    const blocks = entries.flatMap((entry) => "absent" in entry ? [] : entry.blocks ?? []);
    if (options.full === true) await reader.verify(blocks);
    else await reader.checkPacks(blocks);
  }

  /**
   * Judges which checkpoints stay under some rules; nothing is removed. One that would stay for its
   * place among others is looked at, once, and does not count where it is damaged, as far as that is
   * seen without reading its packs, or in full. What was found damaged before stays, whatever rules say.
   */
  async judge(rules: readonly KeepRule[], options: RetentionOptions = {}): Promise<RetentionPlan> {
    return await judgeSaved(rules, {
      history: await this.history(options),
      pinned: await listPins(this.store, options),
      facts: this.#facts,
      check: async (ref) => await this.check(await this.readManifest(ref, options), options),
    }, options);
  }

  /**
   * Pins an epoch with the phases after it: no rule, and nobody else, removes it until it is unpinned.
   *
   * @throws {CheckpointNotFoundError} Where there is no such epoch.
   * @throws {RemovedError} Where it is being removed; where that is not finished, the pin may keep it yet.
   */
  async pin(ref: PinnedEpoch, options: StoreOptions = {}): Promise<void> {
    const durability = await promisedDurability(this.store, this.durability, options);
    const isSame = (other: ManifestRef) => isOf(ref, other);
    await createPin(this.store, ref, async () => {
      if ((await this.history(options)).manifests.some(isSame)) return "there";
      return (await listManifests(this.store, options)).some(isSame) ? "going" : "missing";
    }, { ...options, durability });
    // It may be listed, and not be durable yet.
    await settleSaved(this, { ...ref, phase: "epoch" });
  }

  /** Takes the pin off an epoch; gives whether it had one. The epoch stays until a rule drops it. */
  async unpin(ref: PinnedEpoch, options: StoreOptions = {}): Promise<boolean> {
    const durability = await promisedDurability(this.store, this.durability, options);
    return await removePin(this.store, ref, { ...options, durability });
  }

  /** The epochs that are pinned. */
  pins(options: StoreOptions = {}): Promise<readonly PinnedEpoch[]> {
    return listPins(this.store, options);
  }

  async #notFound(ref: ManifestRef, options: StoreOptions): Promise<CheckpointNotFoundError> {
    const available = (await listManifests(this.store, options)).map(formatRef);
    return new CheckpointNotFoundError(formatRef(ref), this.store.place, available);
  }
}
