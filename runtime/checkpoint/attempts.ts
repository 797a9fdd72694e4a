/**
 * The attempts with which a manager saves.
 *
 * @module
 */
import type { ParamValue } from "../../dsl/mod.ts";
import {
  type Attempt,
  FencedError,
  type History,
  type JobDescription,
  type Manifest,
  type ManifestRef,
  type RunState,
} from "../../storage/mod.ts";
import { environment } from "../run/state.ts";
import type { Archive } from "./archive.ts";
import type { Holding } from "./holding.ts";
import { locate } from "./locate.ts";
import type { MigratedNames } from "./migrated.ts";
import { savedSettings } from "./saved_settings.ts";

/** What is about to be saved. */
export interface Saving {
  /** The epoch, and the phase that the save ends. */
  readonly state: Pick<ManifestRef, "epoch" | "phase">;
  /** What was saved or loaded last. */
  readonly last: Manifest | undefined;
  /** What a run knows beside its blobs; of no run where not given. */
  readonly run: RunState | undefined;
}

/** What an attempt's record says of a run. */
export interface BegunRun {
  /** The seed of its random numbers. */
  readonly seed: number;
  /** The values of its params. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** What the job is. */
  readonly description?: JobDescription | undefined;
}

/** Takes an attempt, and another where that one cannot save. */
export class Attempts {
  #current: Attempt | undefined;
  #first = 0;
  #resumedFrom: ManifestRef | undefined;
  #description: JobDescription | undefined;

  /** Takes the place. */
  constructor(private readonly archive: Archive, private readonly holding: Holding) {}

  /** The attempt that was begun last. */
  get current(): Attempt | undefined {
    return this.#current;
  }

  /** The first of the attempts that this process has begun, each right behind the one before it, up to the last. */
  get first(): number {
    return this.#first;
  }

  /**
   * What stays for the attempt: what it saved last, or, before that, where it has started from, with what was
   * loaded since; and where it has started from also where some of that is still to be read.
   */
  inUse(loaded: ManifestRef | undefined, isReadLate: boolean): readonly ManifestRef[] {
    return [isReadLate ? this.#resumedFrom : undefined, this.#current?.last, loaded]
      .filter((ref) => ref !== undefined);
  }

  /** Lets go of the attempt of an earlier run. */
  release(): void {
    this.#current = undefined;
    this.#description = undefined;
  }

  /**
   * Takes the next attempt; the one right behind another, where that is given.
   *
   * @throws {FencedError} Where somebody else has followed that one.
   */
  async begin(run: BegunRun, behind?: number): Promise<void> {
    this.#description = run.description;
    this.#current = await this.#begin(run, behind);
  }

  /** Records where a run starts from, on which branch, and by which history that was chosen. */
  async recordParent(
    ref: ManifestRef | undefined,
    branch: number,
    { removals }: History,
  ): Promise<void> {
    await this.#current?.recordParent(ref, { branch, removals });
    this.#resumedFrom = ref;
  }

  /**
   * Checks that no newer attempt has started: what this one did would be in vain.
   *
   * @throws {FencedError} Where one has.
   */
  checkNewest({ attempts }: Pick<History, "attempts"> = { attempts: [] }): void {
    const own = this.#current?.number ?? Infinity;
    const newer = attempts.find(({ attempt, isStarted }) => isStarted && attempt > own);
    if (newer !== undefined) throw new FencedError(own, newer.attempt, "it does not start");
  }

  /** Takes back that a run has started, as it was refused before it did anything. */
  async withdraw(): Promise<void> {
    await this.#current?.withdraw();
    this.release();
  }

  /** The attempt that saves a state, and what that was reached from; a new one where the last cannot. */
  async for(
    { state, last, run }: Saving,
  ): Promise<{ readonly attempt: Attempt; readonly parent: ManifestRef | undefined }> {
    const known = this.#current;
    if (known?.canSave(state, last)) return { attempt: known, parent: last };
    const isRun = run !== undefined;
    if (!isRun) await this.holding.checkFree();
    // What a run's own tasks load are values; its line goes on.
    if (isRun && known?.canSave(state, known.last)) return { attempt: known, parent: known.last };
    const parent = isRun && known?.isOver === true
      ? known.last
      : await this.#before(state.epoch, last);
    const { seed, params } = run ?? await this.#settings(last);
    // A run that has lost its attempt must not take the job back from whoever has taken it over since.
    const behind = isRun ? known?.number : undefined;
    const description = isRun ? this.#description : undefined;
    const attempt = await this.#begin({ seed, params, description }, behind);
    await attempt.recordParent(parent, { branch: run?.branch });
    this.#current = attempt;
    return { attempt, parent };
  }

  /** What a save outside a runner records: what the state before it did, but for why that run ended. */
  async bareState(last: Manifest | undefined, migrated: MigratedNames): Promise<RunState> {
    const { stop: _, ...known }: Partial<RunState> = last?.run ?? {};
    const nothing = { elapsedMs: 0, conditions: {}, cursors: {}, stamps: {} };
    const { seed, params } = await this.#settings(last);
    const branch = this.#current?.number ?? 0;
    return { ...nothing, ...known, seed, params, branch, migrated, environment: environment() };
  }

  async #settings(last: Manifest | undefined): Promise<Pick<BegunRun, "seed" | "params">> {
    if (last === undefined) return { seed: 0, params: {} };
    return await savedSettings(await this.archive.store(), last);
  }

  async #begin(run: BegunRun, behind?: number): Promise<Attempt> {
    const store = await this.archive.store();
    const record = { ...run, environment: environment(), createdAtMs: Date.now() };
    const attempt = await store.begin(record, { behind });
    if (behind === undefined) this.#first = attempt.number;
    return attempt;
  }

  /** What a manager that is used without a runner goes on from, to save this epoch: the nearest before it. */
  async #before(epoch: number, last: Manifest | undefined): Promise<ManifestRef | undefined> {
    const store = await this.archive.store();
    const at = last ?? (this.#current === undefined ? await this.#tip() : undefined);
    if (at === undefined || at.epoch < epoch) return at;
    return (await store.ancestors(at)).find((ref) => ref.epoch < epoch);
  }

  /** The newest epoch, from which a manager that is used without a runner goes on. */
  async #tip(): Promise<ManifestRef | undefined> {
    return (await locate(await this.archive.store(), "auto"))?.refs.at(-1);
  }
}
