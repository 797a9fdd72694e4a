/**
 * The checkpoints of a job in a store: the only code that knows the format as a whole.
 *
 * @module
 */
import { Attempt } from "./attempt.ts";
import { BlobReader } from "./blob_reader.ts";
import {
  CheckpointNotFoundError,
  ObjectExistsError,
  PromiseError,
  WrongJobError,
} from "./errors.ts";
import { type History, highestAttempt, listManifests, readHistory } from "./history.ts";
import {
  type AttemptRecord,
  decodeJob,
  encodeAttempt,
  encodeJob,
  MAX_RECORD_BYTES,
} from "./job_record.ts";
import { attemptName, formatRef, JOB, type ManifestRef, manifestName } from "./layout.ts";
import { computeAncestors } from "./line.ts";
import { type BlobEntry, type Manifest, MAX_MANIFEST_BYTES, type PresentBlob } from "./manifest.ts";
import { decodeManifest } from "./manifest_codec.ts";
import { readRecord } from "./record_reader.ts";
import { covers, type Durability, type Store, type StoreOptions } from "./store.ts";
import { decodeValue } from "./value/mod.ts";

/** How a {@linkcode CheckpointStore} is opened. */
export interface CheckpointStoreOptions extends StoreOptions {
  /** The job whose checkpoints they are; any where not given. */
  readonly job?: string;
  /** What saves must outlive; the strongest that the store can promise where not given. */
  readonly durability?: Durability;
}

/** The most times that other runners may take the number of an attempt first. */
const MOST_RACES = 100;

/** The checkpoints of a job in a store. */
export class CheckpointStore {
  readonly #options: CheckpointStoreOptions;

  private constructor(
    /** The store. */
    readonly store: Store,
    /** The job that the store says it holds; none where it is empty, or was made without a job. */
    readonly job: string | undefined,
    options: CheckpointStoreOptions,
  ) {
    this.#options = options;
  }

  /**
   * Opens the checkpoints in a store; makes nothing.
   *
   * @throws {WrongJobError} Where they are another job's.
   * @throws {UnsupportedVersionError} Where they are of another version of the format.
   * @throws {DamagedError} Where the job's record is damaged.
   */
  static async open(store: Store, options: CheckpointStoreOptions = {}): Promise<CheckpointStore> {
    const bytes = await readRecord(store, JOB, MAX_RECORD_BYTES, options);
    const found = bytes === undefined ? undefined : decodeJob(bytes).job;
    if (options.job !== undefined && found !== undefined && found !== options.job) {
      throw new WrongJobError(store.place, options.job, found);
    }
    return new CheckpointStore(store, found ?? options.job, options);
  }

  /** Lists attempts and checkpoints; no manifest is read. */
  history(): Promise<History> {
    return readHistory(this.store, this.#read);
  }

  /** The checkpoints that led to one, oldest first, without itself. */
  async ancestors(ref: ManifestRef): Promise<readonly ManifestRef[]> {
    const { attempts } = await this.history();
    return computeAncestors(attempts, await listManifests(this.store, this.#read), ref);
  }

  /**
   * Reads and checks a manifest.
   *
   * @throws {CheckpointNotFoundError} Where there is none.
   * @throws {DamagedError} Where it is not what was written.
   */
  async readManifest(ref: ManifestRef): Promise<Manifest> {
    const bytes = await readRecord(this.store, manifestName(ref), MAX_MANIFEST_BYTES, this.#read);
    if (bytes === undefined) {
      const all = (await listManifests(this.store, this.#read)).map(formatRef);
      throw new CheckpointNotFoundError(formatRef(ref), this.store.place, all);
    }
    const { phase, epoch, attempt } = ref;
    const manifest = decodeManifest({ phase, epoch, attempt }, bytes);
    if (this.job !== undefined && manifest.job !== undefined && manifest.job !== this.job) {
      throw new WrongJobError(this.store.place, this.job, manifest.job);
    }
    return manifest;
  }

  /**
   * Reads blobs of a manifest, and only their bytes; those saved as not set are left out.
   *
   * @throws {DamagedError} Where a block is not what was written.
   */
  async readBlobs(
    manifest: Manifest,
    select: (node: string, blob: string) => boolean,
  ): Promise<Map<string, Map<string, unknown>>> {
    const wanted: { node: string; name: string; entry: PresentBlob }[] = [];
    const values = new Map<string, Map<string, unknown>>();
    for (const [node, entries] of Object.entries(manifest.nodes)) {
      values.set(node, new Map());
      for (const [name, entry] of Object.entries(entries)) {
        if (isPresent(entry) && select(node, name)) wanted.push({ node, name, entry });
      }
    }
    const bytes = await new BlobReader(this.store, manifest, this.#read)
      .read(wanted.map(({ entry }) => entry));
    wanted.forEach(({ node, name, entry }, index) => {
      const value = decodeValue(entry.type, bytes[index] ?? new Uint8Array(), { transfer: true });
      values.get(node)?.set(name, value);
    });
    return values;
  }

  /**
   * Checks that the packs of a manifest are there and long enough; with `full`, every block.
   *
   * @throws {DamagedError} Where they are not.
   */
  async check(manifest: Manifest, options: { readonly full?: boolean } = {}): Promise<void> {
    const blocks = Object.values(manifest.nodes)
      .flatMap((entries) => Object.values(entries))
      .flatMap((entry) => isPresent(entry) ? entry.blocks ?? [] : []);
    const reader = new BlobReader(this.store, manifest, this.#read);
    await (options.full === true ? reader.verify(blocks) : reader.checkPacks(blocks));
  }

  /**
   * Begins an attempt: the highest number yet, which no one else has. From then on lower ones are
   * fenced.
   *
   * @throws {PromiseError} Where the store cannot promise the durability asked for.
   */
  async begin(record: AttemptRecord): Promise<Attempt> {
    const durability = await this.#durability();
    const options = { ...this.#read, durability };
    await this.#identify(record.createdAtMs, durability);
    for (let race = 0; race < MOST_RACES; race++) {
      const number = await highestAttempt(this.store, this.#read) + 1;
      try {
        await this.store.put(attemptName(number), encodeAttempt(number, record), options);
        return new Attempt({ store: this.store, job: this.job, number, durability });
      } catch (error) {
        if (!(error instanceof ObjectExistsError)) throw error;
      }
    }
    throw new Error(`Too many runners start at ${this.store.place} at once: run one at a time`);
  }

  async #identify(createdAtMs: number, durability: Durability): Promise<void> {
    if (await this.store.stat(JOB, this.#read) !== undefined) return;
    try {
      const bytes = encodeJob({ job: this.job, createdAtMs });
      await this.store.put(JOB, bytes, { ...this.#read, durability });
    } catch (error) {
      if (!(error instanceof ObjectExistsError)) throw error;
      await CheckpointStore.open(this.store, this.#options);
    }
  }

  async #durability(): Promise<Durability> {
    const promises = await this.store.promises(this.#read);
    const { durability = promises.durability } = this.#options;
    if (covers(promises.durability, durability)) return durability;
    throw new PromiseError(
      this.store.place,
      `durability "${durability}"`,
      promises.reasons,
      `ask for "${promises.durability}", or use another place`,
    );
  }

  get #read(): StoreOptions {
    return { signal: this.#options.signal };
  }
}

function isPresent(entry: BlobEntry): entry is PresentBlob {
  return !("absent" in entry);
}
