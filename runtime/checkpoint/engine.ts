/**
 * Saves workspaces as epochs and loads them back: what the managers' tasks do.
 *
 * @module
 */
import type { Manifest } from "../../storage/mod.ts";
import { NotInitializedError } from "./errors.ts";
import type { Phase } from "../events.ts";
import type { CheckpointHost, CheckpointTask } from "../session/session.ts";
import { Archive } from "./archive.ts";
import { Attempts } from "./attempts.ts";
import type { Binding, Committed, PreparedSave } from "./prepared_save.ts";
import { type BestQuery, BestReader } from "./best.ts";
import type { EpochRef } from "./epoch_ref.ts";
import { Holding } from "./holding.ts";
import type { CheckpointManagerOptions } from "./manager.ts";
import { hasLate, loadManifest, type LoadOptions, readsNow } from "./late.ts";
import { migratedIn } from "./migrated.ts";
import { checkNames, manifestOf, restoreBlobs, tellDerived } from "./restore.ts";
import { SavedNodes } from "./saved_nodes.ts";
import { blobsToSave, isOfBlobs, metricsNow, newBytes, sameNames } from "./selection.ts";
import { Upkeep } from "./upkeep.ts";

/** The work behind a checkpoint manager. Users build tasks with the manager; the runner drives this. */
export class CheckpointEngine {
  /** What is saved, and where. */
  readonly archive: Archive;
  /** Who holds it. */
  readonly holding: Holding;
  /** With which attempts. */
  readonly attempts: Attempts;
  #binding: Binding | undefined;
  #nodes: readonly string[] | undefined;
  #names = new Map<string, readonly string[]>();
  readonly #saved: SavedNodes;
  readonly #upkeep = new Upkeep();
  readonly #best = new BestReader();
  /** Ends, and never fails, when the save under way has ended. */
  #committing: Promise<void> = Promise.resolve();

  /** Names a place; nothing is opened yet. */
  constructor(db: string, dbType: string, options: CheckpointManagerOptions) {
    this.archive = new Archive(db, dbType, options);
    this.holding = new Holding(this.archive);
    this.attempts = new Attempts(this.archive, this.holding);
    this.#saved = new SavedNodes(() => this.archive.store());
  }

  /** The number of this runner's attempt; 0 where none was taken. */
  get attempt(): number {
    return this.attempts.current?.number ?? 0;
  }

  /** Tells of the job that is to be saved; of none once it has been run. */
  bind(binding: Binding | undefined): void {
    this.#binding = binding;
  }

  /** Forgets what was loaded, for a fresh start. */
  forget(): void {
    this.#saved.forget();
    this.#names.clear();
    this.#nodes = undefined;
  }

  /** Whether an epoch is committed and can be read, on all nodes: those of `init`, those named, the session's. */
  async exists(host: CheckpointHost, epoch: EpochRef, named: readonly string[]): Promise<boolean> {
    return await this.archive.exists(epoch, await this.#open(host, named));
  }

  /** Opens the place for the nodes that are meant. */
  async #open(host: CheckpointHost, named: readonly string[]): Promise<readonly string[]> {
    const nodes = this.#nodes ?? (named.length > 0 ? named : host.nodes);
    await this.archive.store(nodes);
    return nodes;
  }

  /** Finds which blobs are to be checkpointed. */
  async init(
    host: CheckpointHost,
    named: readonly string[],
    from: EpochRef | undefined,
  ): Promise<void> {
    const nodes = named.length > 0 ? named : [...host.nodes];
    const known = this.#nodes;
    if (known !== undefined && !sameNames(known, nodes)) {
      throw new RangeError(
        `init was run for the nodes ${known.join(", ")}, and now for ${nodes.join(", ")}: ` +
          `use another manager for other nodes`,
      );
    }
    this.#nodes = nodes;
    await this.archive.store(nodes);
    const listed = from === undefined
      ? undefined
      : this.#saved.lastIfOf(from) ?? await this.archive.readEpoch(from);
    for (const node of nodes) {
      const found = listed === undefined
        ? blobsToSave(host, node, this.#binding?.program)
        : Object.keys(listed.nodes[node] ?? {});
      this.#names.set(node, found);
    }
  }

  /** The names of the blobs that are checkpointed, sorted. */
  blobList(node?: string): readonly string[] {
    if (this.#nodes === undefined) {
      throw new NotInitializedError(
        "blobList is known once init has run: run manager.init() first",
      );
    }
    const lists = node === undefined ? [...this.#names.values()] : [this.#names.get(node) ?? []];
    return [...new Set(lists.flat())].sort();
  }

  /** Restores every blob of an epoch, on its nodes or those named. */
  async load(host: CheckpointHost, epoch: EpochRef, named: readonly string[]): Promise<void> {
    const nodes = named.length > 0 ? [] : undefined;
    await this.#reading(host, epoch, named, async (manifest) => {
      await this.#loadManifest(host, manifest, { nodes });
      tellDerived(host, manifest);
    });
  }

  /** Builds the task that restores every blob of a manifest, or what is made of them. */
  loadTask(manifest: Manifest, options?: LoadOptions): CheckpointTask<void> {
    return this.#task(
      `load ${manifest.epoch}@a${manifest.attempt}`,
      (host) => this.#loadManifest(host, manifest, options),
    );
  }

  /** Restores only these blobs, on the nodes that have them, or of these on those named. */
  async loadBlobs(
    host: CheckpointHost,
    names: readonly string[],
    epoch: EpochRef,
    named: readonly string[],
  ): Promise<void> {
    await this.#reading(host, epoch, named, async (manifest) => {
      checkNames(manifest, names);
      const isMeant = (_: string, name: string): boolean => names.includes(name);
      const started = performance.now();
      const store = await this.archive.store();
      const loaded = await store.readBlobs(manifest, isMeant);
      await restoreBlobs(host, manifest, loaded, names);
      this.#saved.mixed((await migratedIn(store, manifest)).names);
      await this.archive.tellLoaded(manifest, performance.now() - started, isMeant);
    });
  }

  /** Reads an epoch, or what it says of the nodes named. */
  async #reading(
    host: CheckpointHost,
    epoch: EpochRef,
    named: readonly string[],
    read: (manifest: Manifest) => Promise<void>,
  ): Promise<void> {
    await this.#open(host, named);
    await this.archive.reading(epoch, async (whole) => {
      await read(named.length === 0 ? whole : manifestOf(whole, this.#nodes ?? named));
    });
  }

  /** Builds the task that begins to read back, aside, what the next save compares with what the coming epoch writes. */
  warmTask(): CheckpointTask<void> {
    const program = this.#binding?.program;
    return this.#task("warm", (host) => Promise.resolve(this.#saved.warm(host, program)));
  }

  /** Builds the task that takes down what an epoch, or the end of a phase after the last one, has come to. */
  prepareTask(epoch: number, phase: Phase): CheckpointTask<PreparedSave> {
    return this.#task(`save(${epoch})`, (host) => this.prepare(host, epoch, phase));
  }

  /** Saves all blobs. Once this resolves, the epoch is committed. */
  async save(host: CheckpointHost, epoch: number, phase: Phase): Promise<void> {
    await this.settle(await this.commit(await this.prepare(host, epoch, phase)));
  }

  /**
   * Takes down the state of all blobs, once the save before has ended.
   *
   * @throws {UnsupportedValueError} Where a value cannot be given back exactly.
   * @throws {AliasedValueError} Where two blobs share memory.
   */
  async prepare(host: CheckpointHost, epoch: number, phase: Phase): Promise<PreparedSave> {
    await this.#committing;
    if (this.#nodes === undefined) {
      throw new NotInitializedError("a save needs the list of blobs: run manager.init() first");
    }
    const startedMs = performance.now();
    const program = this.#binding?.program;
    const isWhole = program?.plan.snapshot === "none";
    const named = { nodes: this.#nodes, program, listed: this.#names };
    const nodes = await this.#saved.encode(host, named, isWhole);
    const bytes = newBytes(nodes);
    const isAside = !isWhole && !isOfBlobs(nodes) && bytes > this.archive.waitBytes;
    return {
      ...{ host, epoch, phase, program, nodes, bytes, isAside, startedMs },
      run: this.#binding?.runState(),
      metrics: await metricsNow(host, program),
    };
  }

  /**
   * Saves what was prepared last; tasks may change the blobs meanwhile only where that `isAside`. Once
   * this resolves, the epoch is committed. A failed one may be tried again. `onAside` is called once it
   * goes on however busy this thread is.
   *
   * @throws {FencedError} Where a later attempt has taken over.
   */
  commit(prepared: PreparedSave, onAside?: () => void): Promise<Committed> {
    return this.#follow(this.#commit(prepared, onAside));
  }

  /**
   * Tells of a save that is committed, and removes what it makes superfluous. What fails here does not
   * undo the save.
   *
   * @throws {MetadataHandlerError} Where the metadata handler fails.
   * @throws {FencedError} Where a later attempt has taken over.
   */
  settle(committed: Committed): Promise<void> {
    return this.#follow(this.#settle(committed));
  }

  /** Lets whatever needs the saves to have ended wait for this too. */
  #follow<T>(work: Promise<T>): Promise<T> {
    this.#committing = Promise.allSettled([this.#committing, work]).then(() => {});
    return work;
  }

  async #commit(prepared: PreparedSave, onAside?: () => void): Promise<Committed> {
    const { host, epoch, phase, program, nodes, run, metrics, startedMs } = prepared;
    const saving = { epoch, phase: phase === "init" ? "epoch" : phase } as const;
    const { last } = this.#saved;
    const { attempt, parent } = await this.attempts.for({ state: saving, last, run });
    const waitedMs = performance.now() - startedMs;
    const saved = await attempt.save({
      ...{ ...saving, parent, metrics, nodes, onAside },
      run: run ?? await this.attempts.bareState(last, this.#saved.migratedOf(nodes)),
      reclaim: program?.plan.keep !== undefined,
    });
    this.#saved.committed(host, saved.manifest);
    return { prepared, attempt, reports: saved.reports, durationMs: waitedMs + saved.durationMs };
  }

  async #settle({ prepared, attempt, reports, durationMs }: Committed): Promise<void> {
    const { host, epoch, phase } = prepared;
    const bytes = reports.reduce((sum, report) => sum + report.bytes, 0);
    const saved = { epoch, phase, attempt: attempt.number, bytes, durationMs };
    host.events.emit({ type: "save-committed", ...saved });
    await this.holding.retry();
    await this.archive.tellSaved(epoch, phase, reports);
    await this.lookAfter(prepared);
  }

  /** Removes what need not stay by the plan, or as somebody asks; never what a save under way rests on. */
  async lookAfter({ host, epoch, program }: PreparedSave): Promise<void> {
    const { current: attempt, first } = this.attempts;
    if (attempt === undefined || attempt.isOver) return;
    const inUse = this.attempts.inUse(this.#saved.last, hasLate(host));
    const more = { keep: program?.plan.keep, heldSince: this.holding.heldSince, inUse };
    const store = await this.archive.store();
    await this.#upkeep.after({ attempt, epoch, store, events: host.events, first, ...more });
  }

  /** Reads a blob as it was in the best saved epoch of the current line. */
  async readBest(query: BestQuery): Promise<unknown> {
    await this.#committing;
    return await this.#best.read(await this.archive.store(), query);
  }

  async #loadManifest(
    host: CheckpointHost,
    manifest: Manifest,
    options: LoadOptions = {},
  ): Promise<void> {
    await this.#committing;
    const started = performance.now();
    const store = await this.archive.store();
    const migrated = options.map?.migrated ?? (await migratedIn(store, manifest)).names;
    const before = store.store.bytesRead;
    const changed = await loadManifest(host, store, manifest, {
      ...options,
      onArrival: (node, name, value) => this.#saved.arrived(host, node, name, value),
    });
    this.#saved.loaded(host, manifest, { migrated, isAll: options.nodes === undefined });
    for (const [node, name] of changed) host.workspace(node).touch(name);
    const durationMs = performance.now() - started;
    const read = { bytes: store.store.bytesRead - before, durationMs };
    host.events.emit({ type: "loaded", epoch: manifest.epoch, attempt: manifest.attempt, ...read });
    await this.archive.tellLoaded(manifest, durationMs, readsNow(manifest, options));
  }

  #task<O>(name: string, perform: CheckpointTask<O>["perform"]): CheckpointTask<O> {
    return { kind: "checkpoint", name, nodes: this.#nodes ?? [], perform };
  }
}
