/**
 * What is saved at a place, as its metadata handler lets it be seen.
 *
 * @module
 */
import type { ParamValue } from "../../dsl/mod.ts";
import {
  CheckpointNotFoundError,
  CheckpointStore,
  DamagedError,
  forkCheckpoint,
  type Manifest,
  type ManifestRef,
  type NodeReport,
  openStore,
} from "../../storage/mod.ts";
import { CheckpointsUnavailableError, MetadataHandlerError } from "./errors.ts";
import { NothingToResumeError } from "../errors.ts";
import type { Phase } from "../events.ts";
import { environment } from "../run/state.ts";
import type { EpochRef } from "./epoch_ref.ts";
import { locate, type Target } from "./locate.ts";
import { lookingAgain } from "./look_again.ts";
import type { CheckpointManagerOptions } from "./manager.ts";
import type { MetadataHandler } from "./metadata.ts";
import { loadReports } from "./reports.ts";

/** A save of so many bytes takes a few milliseconds, and about as long as handing it over. */
const WAIT_BYTES = 4 * 1024 * 1024;

/** The checkpoints at a place, opened when first needed. */
export class Archive {
  readonly #db: string;
  readonly #dbType: string;
  readonly #options: CheckpointManagerOptions;
  #opened: CheckpointStore | undefined;

  /** Names a place; nothing is opened yet. */
  constructor(db: string, dbType: string, options: CheckpointManagerOptions) {
    this.#db = db;
    this.#dbType = dbType;
    this.#options = options;
  }

  /** The place, as messages name it. */
  get place(): string {
    return this.#opened?.store.place ?? `${this.#dbType}:${this.#db}`;
  }

  /** A run waits for saves of at most so many bytes. */
  get waitBytes(): number {
    return this.#options.waitBytes ?? WAIT_BYTES;
  }

  /** Whoever keeps account of checkpoints elsewhere. */
  get metadata(): MetadataHandler | undefined {
    return this.#options.metadata;
  }

  /** Opens the place anew, for a job, and tells the metadata handler of it. */
  async open(job: string | undefined, nodes: readonly string[]): Promise<CheckpointStore> {
    const { metadata, store, durability } = this.#options;
    await metadata?.setPlace?.({ db: this.#db, dbType: this.#dbType, nodes });
    const opened = store ?? openStore(`${this.#dbType}:${this.#db}`);
    this.#opened = await CheckpointStore.open(opened, {
      ...job === undefined ? {} : { job },
      ...durability === undefined ? {} : { durability },
    });
    return this.#opened;
  }

  /** The store, opened; for any job, where no one has opened it for one. */
  async store(nodes: readonly string[] = []): Promise<CheckpointStore> {
    return this.#opened ?? await this.open(undefined, nodes);
  }

  /** Keeps what large saves need running between them. */
  keep(): void {
    this.#opened?.store.keep?.();
  }

  /** Ends what the store keeps running between two saves. */
  release(): void {
    this.#opened?.store.release?.();
  }

  /** The epoch to resume from, as the metadata handler has it, and what is to be said of that. */
  async wanted(from: EpochRef | "auto" | undefined): Promise<{
    readonly wanted: EpochRef | "auto" | undefined;
    readonly warnings: readonly string[];
  }> {
    const requested = typeof from === "number" ? from : undefined;
    const told = await this.metadata?.lastEpoch?.(requested);
    const wanted = told ?? from;
    if (wanted !== undefined) await this.#checkAccessible(wanted);
    const isSame = told === undefined || told === from || from === "auto" || from === "latest";
    if (isSame) return { wanted, warnings: [] };
    const asked = from === undefined ? "a fresh start" : `"${from}"`;
    const message = `the metadata handler has it resume from epoch ${told}; ${asked} was asked for`;
    return { wanted, warnings: [message] };
  }

  /** What a resume aims at; `undefined` for a fresh start. */
  async locate(wanted: EpochRef | "auto" | undefined): Promise<Target | undefined> {
    return locate(await this.store(), wanted);
  }

  /** A manifest, checked. */
  async read(ref: ManifestRef): Promise<Manifest> {
    return await (await this.store()).readManifest(ref);
  }

  /** Throws where a manifest, or a pack that it names, is damaged or missing. */
  async verify(ref: ManifestRef): Promise<void> {
    const store = await this.store();
    await store.check(await store.readManifest(ref));
  }

  /**
   * Begins a job's checkpoints here with an epoch of another's; whoever goes on from it goes on as was asked.
   *
   * @param asked The params and the seed that are to be others than before: a kill may come before the start
   * of what goes on from it.
   * @throws {DamagedError} Where the epoch, or the record of the attempt that saved it, is damaged or gone.
   */
  async adopt(
    job: string,
    from: Archive,
    epoch: EpochRef,
    asked: {
      readonly params: Readonly<Record<string, ParamValue>>;
      readonly seed: number | undefined;
    },
  ): Promise<void> {
    const source = await from.store();
    const manifest = await from.readEpoch(epoch);
    // The fork is compared with what the job was, not with what it is; and what it has gone through must
    // not be lost on the way.
    const { attempt, parent, run } = manifest;
    const begun = await source.readAttempt(attempt);
    if (begun === undefined) {
      throw new DamagedError(`record of attempt ${attempt}`, "a file of its own", "none");
    }
    // Of what is a fork's own beginning the record says more.
    const before = parent === undefined ? begun : run;
    const record = {
      seed: asked.seed ?? before.seed,
      params: { ...before.params, ...asked.params },
      description: begun.description,
      ...{ environment: environment(), createdAtMs: Date.now() },
    };
    const target = await this.open(job, Object.keys(manifest.nodes));
    await forkCheckpoint({ source, manifest, target, record });
  }

  /** The manifest of the epoch that a user means. */
  readEpoch(epoch: EpochRef): Promise<Manifest> {
    return this.reading(epoch, (manifest) => Promise.resolve(manifest));
  }

  /** The epoch that a user means now, by a name which means that one though others are saved meanwhile. */
  async fix(epoch: EpochRef): Promise<EpochRef> {
    const ref = await this.#find(epoch);
    return `${ref.epoch}@a${ref.attempt}`;
  }

  async #find(epoch: EpochRef): Promise<ManifestRef> {
    const target = await this.locate(epoch);
    const ref = target?.refs.findLast((other) => other.phase === "epoch");
    if (ref === undefined) throw new Error("unreachable: locate gives an epoch or throws");
    return ref;
  }

  /** Does something with the epoch that a user means; where it is removed meanwhile, looks again which there are. */
  async reading<T>(epoch: EpochRef, act: (manifest: Manifest) => Promise<T>): Promise<T> {
    await this.#checkAccessible(epoch);
    return await lookingAgain(
      epoch,
      async () => await act(await this.read(await this.#find(epoch))),
    );
  }

  /** Whether an epoch is committed and can be read, on all of these nodes. */
  async exists(epoch: EpochRef, nodes: readonly string[]): Promise<boolean> {
    try {
      return await this.reading(epoch, async (manifest) => {
        await (await this.store()).check(manifest);
        return nodes.every((node) => manifest.nodes[node] !== undefined);
      });
    } catch (error) {
      const isMissing = error instanceof CheckpointNotFoundError ||
        error instanceof NothingToResumeError || error instanceof DamagedError;
      if (!isMissing) throw error;
      return false;
    }
  }

  /** Tells the metadata handler of what was loaded. */
  async tellLoaded(
    manifest: Manifest,
    durationMs: number,
    isRead: (node: string, blob: string) => boolean,
  ): Promise<void> {
    await this.#report("load", manifest.epoch, loadReports(manifest, durationMs, isRead));
  }

  /**
   * Tells the metadata handler of a committed save.
   *
   * @throws {MetadataHandlerError} Where it fails.
   */
  async tellSaved(epoch: number, phase: Phase, reports: readonly NodeReport[]): Promise<void> {
    try {
      await this.#report("save", epoch, reports);
      const isEpoch = phase === "init" || phase === "epoch";
      if (isEpoch) await this.metadata?.setCommittedEpoch?.(epoch);
    } catch (error) {
      throw new MetadataHandlerError(epoch, this.place, error);
    }
  }

  async #report(
    action: "save" | "load",
    epoch: number,
    reports: readonly NodeReport[],
  ): Promise<void> {
    for (const report of reports) await this.metadata?.report?.({ action, epoch, ...report });
  }

  async #checkAccessible(epoch: EpochRef | "auto"): Promise<void> {
    const number = typeof epoch === "number" ? epoch : undefined;
    if (await this.metadata?.isAccessible?.(number) !== false) return;
    throw new CheckpointsUnavailableError(
      `The metadata handler says that checkpoints at ${this.place} cannot be reached now: ` +
        `try again when they can`,
    );
  }
}
