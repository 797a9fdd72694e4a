/**
 * Drives a job through a session, from wherever it stands to its end.
 *
 * @module
 */
import type { AnyBlob, Duration, Job, Setting } from "../../dsl/mod.ts";
import { nameProblem } from "../../dsl/check/names.ts";
import { type Checkpoints, MultiNodeCheckpointManager } from "../checkpoint/manager.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import { lookingAgain } from "../checkpoint/look_again.ts";
import { placeOf } from "../checkpoint/place.ts";
import { StoppedError } from "../errors.ts";
import { type Clock, errorRecord } from "../events.ts";
import { compile } from "../program.ts";
import type { RunOptions, Session } from "../session/session.ts";
import { readSources } from "../change/sources.ts";
import { RunPastDamage } from "./late_damage.ts";
import { foreseeResume, type JobChanges } from "./foresee.ts";
import { forkEpoch } from "./fork_epoch.ts";
import { loadEpoch } from "./load_epoch.ts";
import type { JobRequest } from "./recompile.ts";
import type { RunRequest } from "./run_request.ts";
import type { RunResult } from "./run_result.ts";
import { givenParams, type Params } from "./settings.ts";
import { endedBy, makeStops, stopped, uncaughtOf } from "./stops.ts";
import type { Uploader } from "./uploader.ts";

/** How a job is run. */
export interface JobRunnerOptions {
  /** Where and how its checkpoints are kept; made from the job's plan where not given. */
  readonly checkpoints?: Checkpoints;
  /**
   * The epoch to go on from: a number, `"latest"`, `"4@a3"` for an epoch of another line, or `"auto"`,
   * which goes on where the job stands and starts it where nothing is saved. Where not given, the
   * job starts anew on a line of its own; nothing is deleted.
   */
  readonly resumeFromEpoch?: EpochRef | "auto";
  /** What takes the results elsewhere after the last epoch. */
  readonly uploader?: Uploader;
  /** Values of params; each wins over the saved one. */
  readonly set?: readonly Setting[];
  /** Values of params by name, beside `set`. */
  readonly params?: Params;
  /** The seed of all random numbers; the saved one, or 0, where not given. */
  readonly seed?: number;
  /** Ends the run, resumable, once this epoch is committed. */
  readonly stopAfterEpoch?: number;
  /** Stops the run, resumable, when it has taken so long, as a signal would. */
  readonly stopAfter?: Duration;
  /**
   * Goes on also where the job, or a derived blob, is not what it was when the epoch was saved, as far as
   * that can be allowed; where not given, the plan's `onChange` says.
   */
  readonly allowChange?: boolean;
  /** The plan's migrations, by name, that saved epochs have gone through of which nobody can tell otherwise. */
  readonly migrated?: readonly string[];
  /**
   * Takes the job over where another runner holds it, whose next save is then refused; else such a job
   * is not run.
   */
  readonly takeOver?: boolean;
  /** What a context's `now` gives where it is first asked, for tests; the time where not given. */
  readonly clock?: Clock;
  /**
   * The name under which it is saved, instead of the job's own: that of a fork. Random numbers do not
   * depend on it.
   */
  readonly as?: string;
  /** The place, instead of the manager's and of the plan's `to`. */
  readonly to?: string;
  /**
   * The job's file, as in `import.meta.url`: where relative places start (the working directory where not
   * given), and what a resume looks at to say whether the job was edited.
   */
  readonly base?: string;
}

/** How one call of `run` may be ended. */
export interface JobRunOptions {
  /** Stops the run; it can be resumed. */
  readonly signal?: AbortSignal;
  /** Says why to stop, also while the thread is too busy for `signal` to be heard. */
  readonly stopReason?: () => unknown;
}

/**
 * Drives a job: starts it or goes on from a saved epoch, saves it after each epoch, and runs what
 * comes after the last one. (`JobRunner` of Caffe2's `checkpoint.py`.)
 *
 * @example
 * ```ts
 * import { blob, epochs, job, JobRunner, LocalSession, task } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }, { epoch }) => ({ total: total + epoch }));
 * const sum = job("sum", { epoch: [add], until: epochs(4), checkpoint: { to: "memory:docs" } });
 *
 * await using session = new LocalSession();
 * const runner = new JobRunner(sum);
 * assertEquals(await runner.run(session), 4);
 * assertEquals(await session.fetch(total), 10);
 * ```
 */
export class JobRunner {
  readonly #job: Job;
  readonly #options: JobRunnerOptions;
  #checkpoints: Checkpoints | undefined;
  #result: RunResult | undefined;

  /**
   * Takes a job and how to run it; nothing is opened yet.
   *
   * @throws {RangeError} Where `as` is no name for a folder.
   */
  constructor(job: Job, options: JobRunnerOptions = {}) {
    const problem = options.as === undefined ? undefined : nameProblem(options.as);
    if (problem !== undefined) {
      throw new RangeError(`The job cannot be saved as "${options.as}": ${problem}`);
    }
    this.#job = job;
    this.#options = options;
    this.#checkpoints = options.to === undefined ? options.checkpoints : undefined;
  }

  /** How the last run ended; `undefined` before one has. */
  get result(): RunResult | undefined {
    return this.#result;
  }

  /** The name under which the job is saved. */
  get name(): string {
    return this.#options.as ?? this.#job.name;
  }

  /** The checkpoint manager: the one given, or the one made from the plan. */
  get checkpoints(): Checkpoints {
    if (this.#checkpoints !== undefined) return this.#checkpoints;
    const { to, base } = this.#options;
    const { plan } = compile(this.#job, { params: this.#givenParams });
    const { db, dbType } = placeOf(to ?? plan.to, this.name, base);
    this.#checkpoints = new MultiNodeCheckpointManager(db, dbType, {
      ...plan.durability === undefined ? {} : { durability: plan.durability },
    });
    return this.#checkpoints;
  }

  /**
   * Runs the job to its end.
   *
   * An error that nobody awaits, such as a promise that a task forgot, is the process's: it ends one that
   * listens to no `unhandledrejection` at once, while this is still pending. What was saved is safe,
   * and the next run goes on from it. The command line listens, and ends the run; a script that wants
   * that too lets its listener abort `signal`.
   *
   * @returns The last epoch.
   * @throws {TaskError} Where a task fails; the job can be resumed from the last saved epoch.
   * @throws {SaveError} Where a save fails and the plan says to stop.
   * @throws {StoppedError} Where the signal stops it.
   * @throws {JobChangedError} Where the job is not what it was when it was saved, and may not go on.
   * @throws {DerivedChangedError} Where a derived blob is not what it was, and the job may not go on so.
   * @throws {MigrationError} Where a migration fails, or nobody can tell whether it is to be applied.
   * @throws {JobHeldError} Where another runner has the job, and it is not to be taken over.
   * @throws {FencedError} Where another runner has taken the job over.
   * @throws {ObserverError} Where an observer of the session's events failed.
   */
  async run(session: Session, options: JobRunOptions = {}): Promise<number> {
    return await session.events.during(() => this.#run(session, options));
  }

  async #run(session: Session, options: JobRunOptions): Promise<number> {
    const { events } = session;
    using stops = makeStops(options, this.#options.stopAfter);
    const request: RunRequest = {
      ...this.#jobRequest(),
      name: this.name,
      session,
      from: this.#options.resumeFromEpoch,
      stopAfterEpoch: this.#options.stopAfterEpoch,
      behind: undefined,
      takeOver: this.#options.takeOver === true,
      clock: this.#options.clock,
      signal: stops.signal,
      stopReason: () => events.failure ?? stops.stopReason(),
    };
    this.#result = undefined;
    const run = new RunPastDamage(request);
    let isTold = false;
    const tell = (reason: unknown): void => {
      if (isTold || uncaughtOf(stops.signal) !== undefined) return;
      isTold = true;
      events.emit({ type: "stop-requested", reason: stopped(reason).reason });
    };
    const hear = (): void => tell(stops.stopReason());
    stops.signal.addEventListener("abort", hear, { once: true });
    try {
      const result = await run.run();
      const failure = events.failure ?? uncaughtOf(stops.signal);
      if (failure !== undefined) throw failure;
      this.#result = result;
      events.emit({ type: "run-finished", ...result, error: undefined });
      return result.epoch;
    } catch (thrown) {
      const error = endedBy(thrown, stops.signal);
      const isStopped = error instanceof StoppedError;
      const epoch = run.lastSaved ?? (isStopped ? error.loading : undefined) ?? 0;
      const because = error instanceof Error ? error.message : String(error);
      const outcome = isStopped ? "stopped" : "failed";
      if (isStopped) {
        // A thread too busy for the signal has heard of the stop by its reason.
        tell(error);
        this.#result = { epoch, ran: run.ran, outcome: "stopped", because };
      }
      const record = isStopped ? undefined : errorRecord(error);
      events.emit({ type: "run-finished", outcome, epoch, because, error: record });
      throw error;
    } finally {
      stops.signal.removeEventListener("abort", hear);
    }
  }

  /**
   * Commits a saved epoch as the first of a job of another name, beside this one; no byte is copied
   * where the store can do without. Neither depends on the other from then on. Of the newest epoch,
   * where none is named, one that is removed meanwhile gives way to the next.
   *
   * @returns The runner that goes on from it.
   * @throws {RangeError} Where the name is none for a folder, or this runner was given a manager, which says
   * nothing of where another job's checkpoints belong.
   * @throws {PlaceTakenError} Where a job of that name has saved something already.
   * @throws {CheckpointNotFoundError} Where the epoch is not saved.
   * @throws {DamagedError} Where it is damaged, as far as records and the sizes of packs show: an older one can be named.
   * @throws {JobChangedError} Where the job is not what it was when the epoch was saved, and may not go on.
   */
  async fork(as: string, from: EpochRef = "latest"): Promise<JobRunner> {
    const { checkpoints, ...options } = this.#options;
    if (checkpoints !== undefined && options.to === undefined) {
      throw new RangeError(
        `Cannot fork to "${as}": the runner was given a manager; give it a place instead, with \`to\``,
      );
    }
    const runner = new JobRunner(this.#job, { ...options, as, resumeFromEpoch: "latest" });
    const source = this.checkpoints.engine.archive;
    await source.open(this.name, []);
    const { archive } = runner.checkpoints.engine;
    await forkEpoch(this.#jobRequest(), from, { as, archive });
    return runner;
  }

  /**
   * Takes blobs from an epoch into the same nodes of a session, without running the job.
   *
   * Gives `false` where any node has no checkpoint of that epoch.
   *
   * @throws {UnknownNameError} Where no node holds a blob of that name.
   */
  loadBlobsFromCheckpoints(
    blobs: readonly (string | AnyBlob)[],
    epoch: EpochRef,
    session: Session,
  ): Promise<boolean> {
    return this.checkpoints.loadBlobsFromCheckpoints(blobs, epoch, session);
  }

  /**
   * Makes a session hold what a run from an epoch starts with: what was saved, migrated where that is due,
   * and what is derived, made again. Nothing else is run, and nothing saved.
   *
   * @throws {DerivedChangedError} Where a derived blob is not what it was, and may not be another.
   */
  async loadEpoch(epoch: EpochRef, session: Session, options: RunOptions = {}): Promise<void> {
    await loadEpoch({ ...this.#jobRequest(), ...options, name: this.name, session, epoch });
  }

  /**
   * Says what has changed in the job since an epoch was saved, with which settings it would go on, and
   * whether it would. Nothing is run, loaded or changed.
   *
   * @throws {NothingToResumeError} Where nothing is saved.
   * @throws {CheckpointNotFoundError} Where the epoch is not saved.
   */
  async changesSince(from: EpochRef = "latest"): Promise<JobChanges> {
    await this.checkpoints.engine.archive.open(this.name, []);
    const request = this.#jobRequest();
    return await lookingAgain(from, () => foreseeResume(request, from));
  }

  #jobRequest(): JobRequest {
    const { uploader, seed, allowChange = false, migrated, base } = this.#options;
    return {
      ...{ job: this.#job, checkpoints: this.checkpoints, params: this.#givenParams },
      ...{ uploader, seed, allowChange, migrated, sources: readSources(base) },
    };
  }

  get #givenParams(): Params {
    return { ...this.#options.params, ...givenParams(this.#options.set ?? []) };
  }
}
