/**
 * One run of a job: interprets its program.
 *
 * @module
 */
import { paramValue } from "../../dsl/mod.ts";
import type { PhaseName } from "../../dsl/check/check.ts";
import type { DerivedBlobs } from "../derived/derived_blobs.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import type { Phase } from "../events.ts";
import type { Action, Program } from "../program.ts";
import { ResourcePool } from "../session/resources.ts";
import { prepareGroup, prepareStep, type ReadyGroup } from "../session/ready_group.ts";
import type { Scope } from "../session/scope.ts";
import { readsSaved } from "./read_saved.ts";
import { deriveAtStart } from "./run_derived.ts";
import { RunJournal } from "./run_journal.ts";
import { Saver } from "./saver.ts";
import { END_PHASES, type Start } from "./start.ts";
import { noteStamp } from "./stamps.ts";
import { announce } from "./announce.ts";
import { endAll } from "./end_all.ts";
import { judge } from "./judge.ts";
import type { Progress } from "./state.ts";
import type { RunRequest } from "./run_request.ts";
import type { RunResult } from "./run_result.ts";

/** Runs a job once. */
export class Run {
  /** How many epochs have been run. */
  ran = 0;
  readonly #request: RunRequest;
  readonly #ready = new Map<PhaseName, ReadyGroup>();
  #program!: Program;
  #progress!: Progress;
  #pool!: ResourcePool;
  #from: EpochRef | undefined;
  #journal: RunJournal | undefined;
  #derived: DerivedBlobs | undefined;
  #phase: PhaseName = "init";
  readonly #saver: Saver;

  /** Takes what is to be run. */
  constructor(request: RunRequest) {
    this.#request = request;
    const { checkpoints, session, signal } = request;
    this.#saver = new Saver(checkpoints.engine, session, signal, {
      taken: async (epoch, phase) => await this.#journal?.taken(epoch, phase),
      committed: async () => await this.#journal?.committed(),
    });
  }

  /** The last epoch that is saved. */
  get lastSaved(): number | undefined {
    return this.#saver.lastSaved;
  }

  /** Runs the job from where it starts to its end. */
  async run(start: Start): Promise<RunResult> {
    const { checkpoints } = this.#request;
    this.#program = start.program;
    this.#progress = start.progress;
    this.#saver.startsFrom(start.from?.epoch);
    this.#from = start.epoch && `${start.epoch.epoch}@a${start.epoch.attempt}`;
    announce(start, this.#request.name, checkpoints.engine, this.#request.session.events);
    if (start.phase === undefined) {
      return this.#result("already finished", `${start.progress.stop ?? "it"} holds`);
    }
    if (start.phase === "epoch" && this.#isLastAllowed()) return this.#stopped();
    checkpoints.engine.bind({ program: start.program, runState: () => this.#progress.save() });
    this.#pool = new ResourcePool(
      (param) => paramValue(param, this.#program.params),
      this.#request.signal,
      (key, stamp) => {
        noteStamp(this.#progress.stamps, key, stamp, this.#request.session.events);
        this.#journal?.opened(this.#phase, this.#progress.epoch, key, stamp);
      },
    );
    try {
      checkpoints.engine.archive.keep();
      this.#derived = await deriveAtStart(this.#request, start, this.#scope("init"));
      const isDerivedAnew = this.#derived.isChanged;
      this.#journal = await RunJournal.open(this.#request, { ...start, isDerivedAnew });
      const result = await this.#interpret(start.phase);
      await this.#saver.ended();
      await this.#journal.close();
      await this.#pool.close();
      return result;
    } catch (error) {
      await this.#endAfterFailure(error);
      throw error;
    } finally {
      checkpoints.engine.bind(undefined);
      checkpoints.engine.archive.release();
    }
  }

  async #interpret(phase: Phase): Promise<RunResult> {
    const program = this.#program;
    const progress = this.#progress;
    if (phase === "init") {
      for (const action of program.fresh) await this.#do(action);
      if (this.#isLastAllowed()) return this.#stopped();
    } else {
      // What comes before that was done to find out where the run starts, or to open its journal.
      await this.#do({ do: "find blobs" });
    }
    if (phase === "init" || phase === "epoch") {
      while (progress.epoch === 0 || progress.stop === undefined) {
        await this.#keepFinished();
        progress.epoch++;
        progress.startClock();
        for (const action of program.epoch) await this.#do(action);
        this.ran++;
        if (progress.stop === undefined && this.#isLastAllowed()) return this.#stopped();
      }
    }
    await this.#saveLast();
    const first = END_PHASES.findIndex((end) => end === phase);
    const skipped: readonly string[] = END_PHASES.slice(0, Math.max(first, 0));
    for (const action of program.end) {
      const of = action.do === "upload" ? "upload" : "phase" in action ? action.phase : "";
      if (!skipped.includes(of)) await this.#do(action);
    }
    return this.#result("finished", `${progress.stop ?? "it"} holds`);
  }

  /** Ends the save under way, and closes what is open. */
  async #endAfterFailure(failure: unknown): Promise<void> {
    await endAll(failure, this.#request.session.events, [
      () => this.#saver.ended(),
      () => this.#journal?.close(failure),
      () => this.#pool.close(),
    ]);
  }

  async #do(action: Action): Promise<void> {
    // What has been run is judged and saved before a stop is heard, so that nothing is run twice.
    if (action.do === "run" || action.do === "upload") this.#checkStop();
    // Only the next epoch runs while one is saved.
    if (!(action.do === "run" && action.phase === "epoch") && action.do !== "judge") {
      await this.#saver.ended();
    }
    const { checkpoints, session } = this.#request;
    switch (action.do) {
      case "run":
        return await this.#runPhase(action.phase);
      case "find blobs":
        return await session.run(checkpoints.init(this.#program.nodes, this.#from));
      case "judge":
        return await this.#judge();
      case "save":
        return await this.#saveEpoch();
      case "upload":
        return await this.#upload();
      case "record":
        return await this.#save(action.phase);
      default:
        return;
    }
  }

  async #runPhase(phase: PhaseName): Promise<void> {
    const { session, checkpoints } = this.#request;
    const progress = this.#progress;
    this.#phase = phase;
    let group = this.#ready.get(phase);
    if (group === undefined) {
      group = prepareGroup(this.#program.groups[phase]);
      this.#ready.set(phase, group);
    }
    await this.#tell(phase, async () => {
      if (phase === "epoch") {
        progress.tookAtLeast(this.#journal?.journal.tookMs(progress.epoch) ?? 0);
        await session.run(checkpoints.engine.warmTask());
      }
      await session.run({ kind: "phase", group, scope: this.#scope(phase) });
      if (phase === "epoch") {
        progress.advanceClock();
        progress.cursors.advance();
      } else progress.cursors.rewind();
    });
  }

  async #upload(): Promise<void> {
    const { session, uploader, checkpoints } = this.#request;
    if (uploader === undefined) return;
    await this.#tell("upload", async () => {
      const built = uploader.build(this.#progress.epoch, checkpoints);
      if (built.kind === "checkpoint") return void await session.run(built);
      const { job, params } = this.#program;
      const group = prepareStep(built, params, `upload of ${job}`);
      await session.run({ kind: "phase", group, scope: this.#scope("upload") });
    });
  }

  /** Runs a phase between the events that tell of it. */
  async #tell(phase: Phase, run: () => Promise<void>): Promise<void> {
    const { events } = this.#request.session;
    const { epoch } = this.#progress;
    const started = performance.now();
    events.emit({ type: "phase-started", phase, epoch });
    await run();
    const durationMs = performance.now() - started;
    events.emit({ type: "phase-finished", phase, epoch, durationMs });
  }

  async #judge(): Promise<void> {
    const { session } = this.#request;
    const progress = this.#progress;
    progress.stop = await judge(session, progress);
    if (progress.stop !== undefined) {
      const { stop: condition, epoch } = progress;
      session.events.emit({ type: "condition-held", condition, epoch });
    }
  }

  async #saveEpoch(): Promise<void> {
    const { epoch, stop } = this.#progress;
    const { every } = this.#program;
    const isDue = "epochs" in every ? epoch % every.epochs === 0 : this.#saver.sinceMs >= every.ms;
    if (epoch === 0 || stop !== undefined || isDue || this.#isLastAllowed()) {
      await this.#save("epoch");
    }
  }

  async #save(phase: Phase): Promise<void> {
    const { epoch } = this.#progress;
    await this.#saver.save(epoch, phase, this.#program.plan.onSaveError);
  }

  /** What the tasks of a group know of this run. */
  #scope(phase: Phase): Scope {
    const { name, session, checkpoints, signal, stopReason } = this.#request;
    const { program, epoch, seed, branch, cursors } = this.#progress;
    return {
      ...{ job: program.job, name, phase, epoch, seed, branch, params: program.params, cursors },
      signal,
      attempt: checkpoints.engine.attempt,
      stopReason,
      resources: this.#pool,
      saved: readsSaved(this.#request, program, () => this.#saver.ended()),
      events: session.events,
      checkReads: program.plan.check === "reads",
      clock: this.#request.clock,
      journal: this.#journal?.journal,
      derived: this.#derived,
    };
  }

  /** Saves the last epoch where the run is to stop before the plan would have saved it. */
  async #keepFinished(): Promise<void> {
    const isSaved = this.#progress.epoch <= (this.#saver.lastTaken ?? -1);
    if (!isSaved && this.#request.stopReason() !== undefined) await this.#save("epoch");
  }

  /** Saves the last epoch where that has failed: what comes after it is recorded on it. */
  async #saveLast(): Promise<void> {
    await this.#saver.ended();
    const { epoch } = this.#progress;
    if ((this.#saver.lastSaved ?? -1) >= epoch) return;
    await this.#saver.save(epoch, "epoch", "fail");
    await this.#saver.ended();
  }

  #checkStop(): void {
    const reason = this.#request.stopReason();
    if (reason !== undefined) throw reason;
  }

  #isLastAllowed(): boolean {
    const { stopAfterEpoch } = this.#request;
    return stopAfterEpoch !== undefined && this.#progress.epoch >= stopAfterEpoch;
  }

  #stopped(): RunResult {
    const { stopAfterEpoch } = this.#request;
    const { epoch } = this.#progress;
    const beyond = epoch === stopAfterEpoch ? "" : `, and stands at ${epoch}`;
    return this.#result("stopped", `it was to stop after epoch ${stopAfterEpoch}${beyond}`);
  }

  #result(outcome: RunResult["outcome"], because: string): RunResult {
    return { epoch: this.#progress.epoch, ran: this.ran, outcome, because };
  }
}
