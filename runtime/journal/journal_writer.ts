/**
 * Writes a run's journal, many entries at once, beside the tasks.
 *
 * @module
 */
import type { CheckpointPlan } from "../../dsl/mod.ts";
import {
  type Attempt,
  compareLogPosition,
  type EntryToLog,
  FencedError,
  isPast,
  type LogEntry,
  type LogHead,
  type LogPosition,
  type LogSource,
  type ManifestRef,
  type TaskLogWriter,
} from "../../storage/mod.ts";
import type { Attempts } from "../checkpoint/attempts.ts";
import { SaveError, StoppedError } from "../errors.ts";
import type { Events } from "../events.ts";
import { decide, waitMs } from "../run/save_policy.ts";
import { sleep } from "../task/turn.ts";
import { isBefore, NOTHING_DONE, sizeOf } from "./entries.ts";
import { bytesBesides, isOther } from "./logs_read.ts";

/** What is written, and where. */
export interface JournalWriterOptions {
  /** Whose logs they are. */
  readonly attempts: Attempts;
  /** What each log begins with. */
  readonly head: Pick<LogHead, "branch" | "seed" | "params" | "derived" | "migrated">;
  /** The state that the run starts from; none for the very start. */
  readonly from: ManifestRef | undefined;
  /** The logs of earlier attempts that this run goes on from. */
  readonly sources: readonly LogSource[];
  /** What a failed write does. */
  readonly policy: NonNullable<CheckpointPlan["onSaveError"]>;
  /** The place, for messages. */
  readonly place: string;
  /** Where notices go. */
  readonly events: Events;
  /** Ends the waits between tries. */
  readonly signal: AbortSignal;
}

/** The most entries and bytes of one append, and where tasks wait as more is still to be written. */
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_QUEUED_BYTES = 64 * 1024 * 1024;

/** What a failure says is still there. */
const KEPT = "What was recorded before is kept";

interface Queued {
  readonly entry: EntryToLog;
  readonly bytes: number;
  readonly written: PromiseWithResolvers<LogEntry | undefined> | undefined;
}

/** Appends to the log after the last state; one append at a time. */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  /** The state that was saved last: a resume begins with the log after it. */
  #saved: ManifestRef | undefined;
  /** The state that was taken down last; it may still be being saved. */
  #after: ManifestRef | undefined;
  #log: TaskLogWriter | undefined;
  #isBroken = false;
  readonly #left: TaskLogWriter[] = [];
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #hasFailed = false;
  #isClosed = false;
  #listener: ((failure: unknown) => void) | undefined;

  /** Begins after the state that the run starts from. */
  constructor(options: JournalWriterOptions) {
    this.#options = options;
    this.#saved = options.from;
    this.#after = options.from;
  }

  /** The logs that are closed, and that the next saved state makes useless. */
  get left(): readonly TaskLogWriter[] {
    return this.#left;
  }

  /**
   * Writes an entry; once it resolves the entry counts.
   *
   * @returns It as it lies in the log; nothing where the plan goes on without it.
   * @throws {SaveError} Where that fails and the plan stops the job, or the journal is closed.
   * @throws {FencedError} Where a later attempt has taken over.
   */
  write(entry: EntryToLog): Promise<LogEntry | undefined> {
    if (this.#hasFailed || this.#isClosed) return Promise.reject(this.#refusal(entry));
    const written = Promise.withResolvers<LogEntry | undefined>();
    this.#push({ entry, bytes: sizeOf(entry), written });
    return written.promise;
  }

  /** Writes an entry in the background; gives a promise where so much waits that the caller should. */
  enqueue(entry: EntryToLog): Promise<void> | undefined {
    if (this.#hasFailed || this.#isClosed) return Promise.reject(this.#refusal(entry));
    this.#push({ entry, bytes: sizeOf(entry), written: undefined });
    return this.#queuedBytes > MOST_QUEUED_BYTES ? this.#drained() : undefined;
  }

  /** Is called once where nothing can be recorded any more, or now where that is so. */
  onFailure(listener: (failure: unknown) => void): void {
    if (this.#hasFailed) listener(this.#failure);
    else this.#listener = listener;
  }

  /** Throws where nothing can be recorded any more. */
  check(): void {
    if (this.#hasFailed) throw this.#failure;
  }

  /** Waits until all is written. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#hasFailed) throw this.#failure;
  }

  /** Begins a new log, as a state was taken down to be saved; gives whether it is another state. */
  rotate(after: ManifestRef): boolean {
    const order = compareLogPosition(this.#after as LogPosition, after);
    if (order > 0 || (order === 0 && this.#after?.attempt === after.attempt)) return false;
    this.#after = after;
    this.#close();
    return true;
  }

  /** Whether logs after another state than the last one hold what comes after that. */
  get isSplit(): boolean {
    return this.#left.some((log) => !log.isEmpty && isOther(log, this.#after));
  }

  /** Drops what is not written of states up to one that is saved. */
  drop(saved: ManifestRef): void {
    this.#queue = this.#queue.filter((queued) => {
      if (queued.written !== undefined || !isBefore(queued.entry, saved)) return true;
      this.#queuedBytes -= queued.bytes;
      return false;
    });
  }

  /** Takes the logs before a saved state out of the account, to be removed once they have settled. */
  takeBefore(saved: ManifestRef): readonly TaskLogWriter[] {
    this.#saved = saved;
    const isOld = ({ head: { after } }: TaskLogWriter) => isPast(after as LogPosition, saved);
    if (this.#log !== undefined && isOld(this.#log)) this.#close();
    const all = this.#left.splice(0);
    this.#left.push(...all.filter((log) => !isOld(log)));
    return all.filter(isOld);
  }

  /** Why nothing more is recorded. */
  #refusal({ epoch }: EntryToLog): unknown {
    if (this.#hasFailed) return this.#failure;
    return new SaveError(epoch, this.#options.place, KEPT, new Error("its run has ended"));
  }

  /** Closes the log, for good; what is not written is not. */
  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#close();
  }

  #close(): void {
    const log = this.#log;
    this.#log = undefined;
    this.#isBroken = false;
    if (log === undefined) return;
    log.close();
    this.#left.push(log);
  }

  #push(queued: Queued): void {
    this.#queue.push(queued);
    this.#queuedBytes += queued.bytes;
    this.#writing ??= this.#run();
  }

  async #drained(): Promise<void> {
    while (this.#writing !== undefined && this.#queuedBytes > MOST_QUEUED_BYTES) {
      await this.#writing;
    }
    if (this.#hasFailed) throw this.#failure;
  }

  async #run(): Promise<void> {
    // What is handed over in the same turn is written together.
    await undefined;
    try {
      while (this.#queue.length > 0) await this.#writeBatch(this.#takeBatch());
    } finally {
      this.#writing = undefined;
    }
  }

  #takeBatch(): readonly Queued[] {
    let sum = 0;
    const end = this.#queue.findIndex(({ bytes }, index) => {
      sum += bytes;
      return index > 0 && (index >= MOST_ENTRIES || sum > MOST_BYTES);
    });
    return this.#queue.splice(0, end < 0 ? Infinity : end);
  }

  /** Writes some entries as the plan says; never fails itself. */
  async #writeBatch(batch: readonly Queued[]): Promise<void> {
    const entries = batch.map(({ entry }) => entry);
    try {
      if (this.#hasFailed) throw this.#failure;
      const laidOut = await this.#writeByPolicy(entries);
      batch.forEach(({ written }, index) => written?.resolve(laidOut?.[index]));
    } catch (error) {
      const isFirst = !this.#hasFailed;
      this.#failure = error;
      this.#hasFailed = true;
      if (isFirst) this.#listener?.(error);
      for (const { written } of batch) written?.reject(error);
    }
    for (const { bytes } of batch) this.#queuedBytes -= bytes;
  }

  async #writeByPolicy(
    entries: readonly EntryToLog[],
  ): Promise<readonly LogEntry[] | undefined> {
    const { policy, events, signal, place } = this.#options;
    for (let number = 1;; number++) {
      try {
        return await this.#append(entries);
      } catch (error) {
        const isOver = error instanceof FencedError || error instanceof StoppedError;
        if (isOver || this.#isClosed) throw error;
        const next = decide(error, policy, number);
        const [{ epoch } = { epoch: 0 }] = entries;
        if (next === "fail") throw new SaveError(epoch, place, KEPT, error);
        const then = next === "warn"
          ? "the job goes on without it, and does that again where it is resumed"
          : `it is tried again in ${waitMs(number)} ms`;
        const why = error instanceof Error ? error.message : error;
        const message = `what tasks have done could not be recorded: ${then} (${why})`;
        events.emit({ type: "notice", level: "warning", message });
        if (next === "warn") return undefined;
      }
      await sleep(waitMs(number), signal);
    }
  }

  async #append(entries: readonly EntryToLog[]): Promise<readonly LogEntry[]> {
    const attempt = this.#options.attempts.current;
    if (attempt === undefined) throw new Error("unreachable: a run has an attempt");
    const isOther = this.#log !== undefined && this.#log.head.attempt !== attempt.number;
    if (this.#isBroken || isOther) this.#close();
    try {
      if (this.#log === undefined && !this.#isFound) {
        this.#log = this.#begin(attempt, this.#saved);
        await this.#log.append([NOTHING_DONE]);
        this.#close();
      }
      const log = this.#log ??= this.#begin(attempt, this.#after);
      return await log.append(entries, { besides: bytesBesides(log, this.#left) });
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  /** Whether who resumes from the state that was saved last finds a log that begins now. */
  get #isFound(): boolean {
    const isAfterSaved = (after: ManifestRef | undefined): boolean =>
      compareLogPosition(after as LogPosition, this.#saved as LogPosition) === 0;
    return isAfterSaved(this.#after) ||
      this.#left.some((log) => !log.isEmpty && isAfterSaved(log.head.after));
  }

  #begin(attempt: Attempt, after: ManifestRef | undefined): TaskLogWriter {
    if (this.#isClosed) throw new Error("its run has ended");
    const { head, from, sources } = this.#options;
    const isFirst = compareLogPosition(after as LogPosition, from as LogPosition) === 0;
    const own = this.#left.filter((log) =>
      !log.isEmpty && isOther(log, this.#after, attempt.number)
    );
    return attempt.beginLog({
      ...head,
      after,
      sources: [...isFirst ? sources : [], ...own.map(({ source }) => source)],
    });
  }
}
