/**
 * Saves workspaces as epochs and loads them back: what the managers' tasks do.
 *
 * @module
 */
import type { AnyBlob, By, ParamValue } from "../../dsl/mod.ts";
import type { Attempt, Manifest, ManifestRef, RunState } from "../../storage/mod.ts";
import { NotInitializedError } from "../errors.ts";
import type { Phase } from "../events.ts";
import type { Program } from "../program.ts";
import type { CheckpointHost, CheckpointTask } from "../session/session.ts";
import { Archive } from "./archive.ts";
import { readBest } from "./best.ts";
import type { EpochRef } from "./epoch_ref.ts";
import { locate } from "./locate.ts";
import type { CheckpointManagerOptions } from "./manager.ts";
import { checkNames, restoreAll, restoreBlobs } from "./restore.ts";
import { SavedNodes } from "./saved_nodes.ts";
import { bareState, blobsToSave, metricsNow, sameNames } from "./selection.ts";
import { environment } from "../run/state.ts";
import { Upkeep } from "./upkeep.ts";

/** What the runner tells the engine of the job. */
export interface Binding {
  /** The job compiled. */
  readonly program: Program;
  /** What the run knows beside its blobs, at the moment of a save. */
  readonly runState: () => RunState;
}

/** The work behind a checkpoint manager. Users build tasks with the manager; the runner drives this. */
export class CheckpointEngine {
  /** What is saved, and where. */
  readonly archive: Archive;
  #attempt: Attempt | undefined;
  #binding: Binding | undefined;
  #nodes: readonly string[] | undefined;
  #names = new Map<string, readonly string[]>();
  readonly #saved: SavedNodes;
  #resumedFrom: ManifestRef | undefined;
  readonly #upkeep = new Upkeep();

  /** Names a place; nothing is opened yet. */
  constructor(db: string, dbType: string, options: CheckpointManagerOptions) {
    this.archive = new Archive(db, dbType, options);
    this.#saved = new SavedNodes(() => this.archive.store());
  }

  /** The number of this runner's attempt; 0 where none was taken. */
  get attempt(): number {
    return this.#attempt?.number ?? 0;
  }

  /** Lets go of the attempt of an earlier run. */
  release(): void {
    this.#attempt = undefined;
  }

  /** Takes the next attempt. */
  async begin(run: {
    readonly seed: number;
    readonly params: Readonly<Record<string, ParamValue>>;
  }): Promise<void> {
    const store = await this.archive.store();
    this.#attempt = await store.begin({
      ...run,
      environment: environment(),
      createdAtMs: Date.now(),
    });
  }

  /** Records where the attempt starts from. */
  async recordParent(ref: ManifestRef | undefined): Promise<void> {
    await this.#attempt?.recordParent(ref);
    this.#resumedFrom = ref;
  }

  /** Tells of the job that is to be saved. */
  bind(binding: Binding): void {
    this.#binding = binding;
  }

  /** Forgets what was loaded, for a fresh start. */
  forget(): void {
    this.#saved.forget();
    this.#names.clear();
    this.#nodes = undefined;
  }

  /** Whether an epoch is committed and can be read, on all nodes. */
  async exists(epoch: EpochRef): Promise<boolean> {
    return await this.archive.exists(epoch, this.#nodes ?? []);
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
    const listed = from === undefined ? undefined : await this.archive.readEpoch(from);
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

  /** Restores every blob of an epoch. */
  async load(host: CheckpointHost, epoch: EpochRef, nodes?: readonly string[]): Promise<void> {
    await this.#loadManifest(host, await this.archive.readEpoch(epoch), nodes);
  }

  /** Builds the task that restores every blob of a manifest. */
  loadTask(ref: ManifestRef): CheckpointTask<void> {
    return this.#task(
      `load ${ref.epoch}@a${ref.attempt}`,
      async (host) => await this.#loadManifest(host, await this.archive.read(ref)),
    );
  }

  /** Restores only these blobs, on the nodes that have them. */
  async loadBlobs(host: CheckpointHost, names: readonly string[], epoch: EpochRef): Promise<void> {
    const manifest = await this.archive.readEpoch(epoch);
    checkNames(manifest, names);
    const store = await this.archive.store();
    const loaded = await store.readBlobs(manifest, (_, name) => names.includes(name));
    await restoreBlobs(host, manifest, loaded, names);
  }

  /** Builds the task that saves an epoch, or the end of a phase after the last one. */
  saveTask(epoch: number, phase: Phase): CheckpointTask<void> {
    return this.#task(`save(${epoch})`, (host) => this.save(host, epoch, phase));
  }

  /**
   * Saves all blobs. Once this resolves, the epoch is committed.
   *
   * @throws {FencedError} Where a later attempt has taken over.
   */
  async save(host: CheckpointHost, epoch: number, phase: Phase): Promise<void> {
    if (this.#nodes === undefined) {
      throw new NotInitializedError("a save needs the list of blobs: run manager.init() first");
    }
    const started = performance.now();
    const saving = { epoch, phase: phase === "init" ? "epoch" : phase } as const;
    const { attempt, parent } = await this.#attemptFor(saving);
    const program = this.#binding?.program;
    const nodes = await this.#saved.encode(
      host,
      this.#nodes,
      (node) => blobsToSave(host, node, program, this.#names.get(node)),
      program?.plan.snapshot === "none",
    );
    const saved = await attempt.save({
      ...saving,
      parent,
      run: this.#binding?.runState() ?? bareState(attempt.number),
      metrics: metricsNow(host, program),
      nodes,
      reclaim: program?.plan.keep !== undefined,
    });
    const { manifest } = saved;
    this.#saved.committed(host, manifest);
    const durationMs = performance.now() - started;
    const bytes = saved.reports.reduce((sum, report) => sum + report.bytes, 0);
    host.events.emit({
      ...{ type: "save-committed", epoch, phase, attempt: attempt.number, bytes, durationMs },
    });
    await this.archive.report("save", epoch, saved.reports);
    if (phase === "epoch" || phase === "init") {
      await this.archive.metadata?.setCommittedEpoch?.(epoch);
    }
    await this.#upkeep.after({
      ...{ attempt, epoch, store: await this.archive.store(), events: host.events },
      keep: program?.plan.keep,
      inUse: this.#resumedFrom === undefined ? [] : [this.#resumedFrom],
    });
  }

  /** Reads a blob as it was in the best saved epoch of the current line. */
  async readBest(node: string, blob: AnyBlob, by: By): Promise<unknown> {
    return await readBest(await this.archive.store(), node, blob, by);
  }

  async #loadManifest(
    host: CheckpointHost,
    manifest: Manifest,
    nodes?: readonly string[],
  ): Promise<void> {
    const started = performance.now();
    const store = await this.archive.store();
    const before = store.store.bytesRead;
    const loaded = await store.readBlobs(manifest, () => true);
    await restoreAll(host, manifest, loaded, nodes);
    this.#saved.loaded(host, manifest);
    const durationMs = performance.now() - started;
    const { epoch, attempt } = manifest;
    const bytes = store.store.bytesRead - before;
    host.events.emit({ type: "loaded", epoch, attempt, bytes, durationMs });
    const reports = Object.keys(manifest.nodes).map((node) => ({
      node,
      durationMs,
      bytes: Object.values(manifest.nodes[node] ?? {})
        .reduce((sum, entry) => sum + ("absent" in entry ? 0 : entry.bytes), 0),
    }));
    await this.archive.report("load", epoch, reports);
  }

  /** The attempt that saves a state, and what that was reached from; a new one where the last cannot. */
  async #attemptFor(
    saving: Pick<ManifestRef, "epoch" | "phase">,
  ): Promise<{ readonly attempt: Attempt; readonly parent: ManifestRef | undefined }> {
    const known = this.#attempt;
    if (known?.canSave(saving, this.#saved.last)) {
      return { attempt: known, parent: this.#saved.last };
    }
    const isRun = this.#binding !== undefined;
    // What a run's own tasks load are values; its line goes on.
    if (isRun && known?.canSave(saving, known.last)) return { attempt: known, parent: known.last };
    const parent = isRun && known?.isOver === true ? known.last : await this.#before(saving.epoch);
    const store = await this.archive.store();
    const run = this.#binding?.runState();
    const attempt = await store.begin({
      ...{ seed: run?.seed ?? 0, params: run?.params ?? {} },
      ...{ environment: environment(), createdAtMs: Date.now() },
    });
    await attempt.recordParent(parent);
    this.#attempt = attempt;
    return { attempt, parent };
  }

  /** What a manager that is used without a runner goes on from, to save this epoch. */
  async #before(epoch: number): Promise<Manifest | undefined> {
    let at = this.#saved.last ?? (this.#attempt === undefined ? await this.#tip() : undefined);
    while (at !== undefined && at.epoch >= epoch) {
      at = at.parent && await this.archive.read(at.parent);
    }
    return at;
  }

  /** The newest epoch, from which a manager that is used without a runner goes on. */
  async #tip(): Promise<Manifest | undefined> {
    const ref = (await locate(await this.archive.store(), "auto"))?.refs.at(-1);
    return ref === undefined ? undefined : await this.archive.read(ref);
  }

  #task<O>(name: string, perform: CheckpointTask<O>["perform"]): CheckpointTask<O> {
    return { kind: "checkpoint", name, nodes: this.#nodes ?? [], perform };
  }
}
