/**
 * The journal of one run: opened where it starts, begun anew with each saved state, and cleared away.
 *
 * @module
 */
import {
  isBehind,
  listLogObjects,
  type LoggedPhase,
  type LoggedWork,
  type ManifestRef,
  readLoggedBlob,
  readLoggedWork,
  settleWork,
} from "../../storage/mod.ts";
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import type { Events, Phase } from "../events.ts";
import { epochMs } from "../clock.ts";
import { StoppedError } from "../errors.ts";
import { Journal } from "../journal/journal.ts";
import { RecordedEntries, STOPPED_KEY, type Tally } from "../journal/recorded.ts";
import { unresponsiveIn } from "../task/halt.ts";
import { isWork, NOTHING_DONE } from "../journal/entries.ts";
import { judgeWork } from "../journal/judge_work.ts";
import type { Program } from "../program.ts";
import type { StartMigrations } from "./migrate.ts";
import { readRecordedWork } from "./recorded_work.ts";
import type { RunRequest } from "./run_request.ts";
import { endedBy } from "./stops.ts";
import { stampEntry, stampsIn } from "./stamps.ts";
import type { Progress } from "./state.ts";

/** What of more bytes is recorded is not counted at a stop. */
const MOST_COUNTED_BYTES = 32 * 1024 * 1024;

/** What a run starts with, as far as its journal needs it. */
export interface JournalStart {
  /** The job compiled. */
  readonly program: Program;
  /** The state beside the blobs. */
  readonly progress: Progress;
  /** The state that it starts from; none for the very start. */
  readonly from: ManifestRef | undefined;
  /** The migrations that state has gone through. */
  readonly migrations: StartMigrations;
  /** Whether a derived blob is not what it was when that state was saved. */
  readonly isDerivedAnew: boolean;
  /** The branch whose tasks' work may be used. */
  readonly workBranch: number;
}

/** Keeps the journal of a run. */
export class RunJournal {
  readonly #engine: CheckpointEngine;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;
  readonly #events: Events;
  #isCleared = false;
  #removing: Promise<void> = Promise.resolve();

  private constructor(
    { checkpoints: { engine }, session: { events }, signal }: RunRequest,
    progress: Progress,
    /** What tasks have done, and do. */
    readonly journal: Journal,
  ) {
    this.#engine = engine;
    this.#signal = signal;
    this.#progress = progress;
    this.#events = events;
  }

  /** Opens the journal, with what was recorded after the state that the run starts from. */
  static async open(request: RunRequest, start: JournalStart): Promise<RunJournal> {
    const { checkpoints: { engine }, session: { events }, signal } = request;
    const { program, progress, from, migrations: { applied } } = start;
    const checkpoints = await engine.archive.store();
    const { store } = checkpoints;
    const found = await readRecordedWork(request, from);
    const work = found === undefined ? undefined : usable(found, request, start);
    // What a task is given as recorded must be so after a power cut too, and the state that it comes after.
    await settleWork(checkpoints, from, work);
    for (const [key, stamp] of stampsIn(work?.entries ?? [])) progress.stamps.set(key, stamp);
    const saved = new Set(program.saved.map(({ node, blob }) => `${node}/${blob.name}`));
    const { grain = "epoch", onSaveError: policy = "fail" } = program.plan;
    const { seed, branch } = progress;
    const journal = new Journal({
      ...{ grain, work, policy, events, signal, from, place: engine.archive.place },
      attempts: engine.attempts,
      head: {
        ...{ seed, branch, params: program.params, derived: progress.derived.save() },
        migrated: applied.length === 0 ? undefined : applied,
      },
      sources: work?.sources ?? [],
      elapsedMs: () => progress.elapsedNowMs,
      isSaved: (node, blob) => saved.has(`${node}/${blob.name}`),
      read: (entry) => readLoggedBlob(store, entry),
    });
    // The next start, which goes on with the new branch, is to find what was done on the one before.
    if (work !== undefined && branch !== start.workBranch) {
      const message =
        "what tasks had finished before the change is used where they, and the params that " +
        "they read, are what they were; a task that is given another version does it again";
      if (work.entries.some(isWork)) events.emit({ type: "notice", level: "info", message });
      await journal.writer.write(NOTHING_DONE);
    }
    return new RunJournal(request, progress, journal);
  }

  /**
   * Takes note that the state at the end of a phase was taken down. What is known of what comes after it
   * is written anew before it is saved, as the logs from before go then.
   *
   * @throws {SaveError} Where that fails, and the plan stops the job.
   */
  async taken(epoch: number, phase: Phase): Promise<void> {
    const after = {
      epoch,
      attempt: this.#engine.attempt,
      phase: phase === "init" ? "epoch" as const : phase,
    };
    if (this.journal.writer.rotate(after)) await this.journal.carryOver(after);
  }

  /** Takes note that a state was saved: what led to it is of no use any more. */
  async committed(): Promise<void> {
    const saved = this.#engine.attempts.current?.last;
    if (saved === undefined) return;
    const { writer } = this.journal;
    writer.drop(saved);
    const old = writer.takeBefore(saved);
    // Another attempt may have saved it than the one that took it down.
    if (writer.rotate(saved) && writer.isSplit) await writer.write(NOTHING_DONE);
    if (this.#isCleared && old.length === 0) return;
    this.#isCleared = true;
    this.#removing = this.#removing.then(async () => {
      // What is still being written of them would come after they were listed.
      for (const log of old) await log.settled();
      await this.#remove(saved);
    });
  }

  /** Takes note of a resource's stamp, before what is done with it is recorded. */
  opened(phase: LoggedPhase, epoch: number, resource: string, stamp: unknown): void {
    if (!this.journal.isFine) return;
    // Who hears of a failure is whoever waits for what is recorded next.
    this.journal.log(stampEntry({ phase, epoch }, resource, stamp))?.catch(() => {});
  }

  /** Writes what is not written yet, and ends, as the run has with a failure or without. */
  async close(failure?: unknown): Promise<void> {
    const ended = endedBy(failure, this.#signal);
    const isStop = ended instanceof StoppedError;
    // A task that did not heed it was told all the same.
    const isTold = isStop || unresponsiveIn(ended) !== undefined && this.#signal.aborted;
    try {
      if (isTold) await this.#noteStop();
      await this.journal.writer.flush();
    } finally {
      this.journal.writer.close();
      await this.#removing;
    }
    if (isStop && this.journal.isFine) await this.#tellKept();
  }

  /** Tells what of what was done since the last saved state the next start need not do again. */
  async #tellKept(): Promise<void> {
    const logs = this.journal.writer.left.flatMap(({ head, source }) => [...head.sources, source]);
    // To count more takes time that a run which was told to stop may not have.
    if (logs.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_COUNTED_BYTES) return;
    const { store } = await this.#engine.archive.store();
    let kept: Tally;
    const saved = this.#engine.attempts.current?.last;
    try {
      const work = await readLoggedWork(store, saved, Infinity);
      // What led to that state may have been recorded behind it.
      kept = new RecordedEntries(work?.entries).tallyAfter(saved);
    } catch {
      // The next start reads it too, and says what is wrong.
      return;
    }
    const parts = Object.entries({ task: kept.tasks, piece: kept.pieces })
      .filter(([, number]) => number > 0)
      .map(([what, number]) => `${number} ${what}${number === 1 ? "" : "s"}`);
    if (parts.length === 0) return;
    const message = `what ${parts.join(" and ")} did since ${
      saved === undefined ? "the start" : "the last saved epoch"
    } is kept too, and is not done again`;
    this.#events.emit({ type: "notice", level: "info", message });
  }

  /** Tells the next start, where this one has saved nothing, that it did not die. */
  async #noteStop(): Promise<void> {
    const { current } = this.#engine.attempts;
    if (current === undefined || current.last?.attempt === current.number) return;
    const site = { phase: "epoch", epoch: this.#progress.epoch, id: "" } as const;
    await this.journal.writer.write({ kind: "time", ...site, key: STOPPED_KEY, ms: epochMs() });
  }

  /** Removes the logs before a saved state; those that stay harm nobody. */
  async #remove(saved: ManifestRef): Promise<void> {
    try {
      const { store } = await this.#engine.archive.store();
      const used = new Set(this.journal.writer.left.map(({ head }) => head.attempt));
      const old = (await listLogObjects(store)).filter((log) =>
        log.attempt < saved.attempt && !used.has(log.attempt) || isBehind(log, saved)
      );
      await store.remove(old.map(({ name }) => name), { durability: "none" });
    } catch {
      // The next run removes them.
    }
  }
}

/** Work that may be used again: of the same branch, with the same seed and the same blobs to begin with. */
function usable(
  work: LoggedWork,
  { session: { events } }: RunRequest,
  { progress: { seed, derived }, migrations, isDerivedAnew, workBranch: branch }: JournalStart,
): LoggedWork | undefined {
  if (work.head === undefined) return undefined;
  const { isUsable, why } = judgeWork(work.head, {
    ...{ branch, seed, migrations },
    hasOtherDerived: (then) => then === undefined ? isDerivedAnew : !derived.isSame(then),
  });
  if (isUsable) return work;
  if (why !== undefined && work.entries.some(isWork)) {
    const message = `what tasks have done since that state ${why}, and is done again`;
    events.emit({ type: "notice", level: "info", message });
  }
  return undefined;
}
