/**
 * What happens in a run, as one typed stream.
 *
 * Progress lines, the JSON log and tests are consumers of it and know nothing else.
 *
 * @module
 */
import type { LogFields, ParamValue } from "../dsl/mod.ts";
import { ObserverError } from "./errors.ts";
import { epochMs } from "./clock.ts";
import { valueText } from "./thrown_text.ts";

/** A part of a run. */
export type Phase = "init" | "epoch" | "upload" | "download" | "exit";

/** Which task an event is about. */
export interface TaskPlace {
  /** The task's name. */
  readonly task: string;
  /** Its name within the group, which tells turns of a `repeat` apart: `train@main#2`. */
  readonly id: string;
  /** Its node. */
  readonly node: string;
  /** The group it belongs to. */
  readonly phase: Phase;
  /** The epoch. */
  readonly epoch: number;
}

/** An error, as data. */
export interface ErrorRecord {
  /** The error's class. */
  readonly name: string;
  /** What it says. */
  readonly message: string;
  /** The error behind it. */
  readonly cause?: ErrorRecord;
}

/** What a run is: new, gone on with, or nothing to do. */
export type RunMode = "started" | "resumed" | "already finished";

/** How a run ended. */
export type RunOutcome = "finished" | "already finished" | "stopped";

/** Something that happened, without its time. */
export type EventBody =
  | {
    readonly type: "run-started";
    readonly job: string;
    readonly mode: RunMode;
    readonly place: string;
    readonly attempt: number;
    /** The epoch whose state it starts from; none where it starts anew. */
    readonly from: number | undefined;
    /** The phase that comes first. */
    readonly phase: Phase;
    readonly seed: number;
    readonly params: Readonly<Record<string, ParamValue>>;
  }
  | { readonly type: "notice"; readonly level: "info" | "warning"; readonly message: string }
  | { readonly type: "phase-started"; readonly phase: Phase; readonly epoch: number }
  | {
    readonly type: "phase-finished";
    readonly phase: Phase;
    readonly epoch: number;
    readonly durationMs: number;
  }
  | { readonly type: "task-started" } & TaskPlace & { readonly try: number }
  | { readonly type: "task-finished" } & TaskPlace & { readonly durationMs: number }
  | { readonly type: "task-skipped" } & TaskPlace
  /** A resume runs the tasks again that make derived blobs, before its first group. */
  | { readonly type: "derive-started"; readonly tasks: readonly string[] }
  /** A task has made a derived blob again. */
  | { readonly type: "derived" } & TaskPlace & {
    /** The blob. */
    readonly blob: string;
    /** Whether it is what it was, or another (which was allowed), or was not known before. */
    readonly outcome: "same" | "changed" | "new";
    /** Of one that has changed, what else has, in words, as far as it is known. */
    readonly reasons: readonly string[];
  }
  /** It had finished before the run was ended, and does not run again. */
  | { readonly type: "task-reused" } & TaskPlace
  /** One of its pieces had finished before, and does not run again. */
  | { readonly type: "piece-reused" } & TaskPlace & {
    /** What it is, and its names: `["step", key]` or `["map", name, key]`. */
    readonly piece: readonly string[];
  }
  | { readonly type: "task-failed" } & TaskPlace & {
    readonly try: number;
    readonly error: ErrorRecord;
    /** The wait before the next try; none where there is none. */
    readonly retryInMs: number | undefined;
  }
  | { readonly type: "task-overran" } & TaskPlace & {
    readonly durationMs: number;
    readonly timeoutMs: number;
  }
  | { readonly type: "progress" } & TaskPlace & {
    readonly done: number;
    readonly total: number | undefined;
  }
  | { readonly type: "log" } & TaskPlace & {
    readonly message: string;
    readonly fields: LogFields;
  }
  | { readonly type: "save-started"; readonly epoch: number; readonly phase: Phase }
  | {
    readonly type: "save-committed";
    readonly epoch: number;
    readonly phase: Phase;
    readonly attempt: number;
    readonly bytes: number;
    readonly durationMs: number;
  }
  | {
    readonly type: "save-failed";
    readonly epoch: number;
    readonly phase: Phase;
    readonly error: ErrorRecord;
    /** How many bytes of blobs the save was to write. */
    readonly bytes: number;
    readonly next: "fail" | "warn" | "retry" | "pause";
    /** The wait before it is tried again; none where it is not. */
    readonly retryInMs: number | undefined;
  }
  | {
    readonly type: "loaded";
    readonly epoch: number;
    readonly attempt: number;
    readonly bytes: number;
    readonly durationMs: number;
  }
  | { readonly type: "removed"; readonly epochs: readonly number[]; readonly because: string }
  | { readonly type: "condition-held"; readonly condition: string; readonly epoch: number }
  | { readonly type: "stop-requested"; readonly reason: string }
  | {
    readonly type: "run-finished";
    readonly outcome: RunOutcome | "failed";
    readonly epoch: number;
    readonly because: string;
    readonly error: ErrorRecord | undefined;
  };

/** Something that happened. */
export type RunEvent = EventBody & {
  /** When, in milliseconds since 1970. */
  readonly time: number;
};

/**
 * Tells `now` the time of the `nth` call, from 1, of one try of a task, in milliseconds since 1970; where
 * it gives the same for the same call, a job that asks is the same whenever it runs.
 */
export type Clock = (place: TaskPlace, nth: number) => number;

/**
 * Is told of each event. What it throws stops the run, between two steps and not in the midst of one: what
 * it was told of has happened.
 */
export type Observer = (event: RunEvent) => void;

/** Hands events to observers. */
export class Events {
  #observers = new Set<Observer>();
  #failure: ObserverError | undefined;
  #depth = 0;

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#observers.size > 0;
  }

  /** Adds an observer; gives a function that takes it away. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** What the first observer to fail failed with, while anything runs that ends with it. */
  get failure(): ObserverError | undefined {
    return this.#failure;
  }

  /** Tells all observers. It never throws: whoever emits has done something, which did not fail. */
  emit(body: EventBody): void {
    if (this.#observers.size === 0) return;
    const event: RunEvent = { time: epochMs(), ...body };
    for (const observer of this.#observers) {
      try {
        observer(event);
      } catch (error) {
        this.#failure ??= new ObserverError(event.type, error);
      }
    }
  }

  /**
   * Runs what emits events, and ends with the failure of an observer where that has not been heard by
   * itself. Of several of these inside each other it is the outermost that does.
   *
   * @throws {ObserverError} Where an observer failed.
   */
  async during<T>(run: () => Promise<T>): Promise<T> {
    this.#depth++;
    try {
      const result = await run();
      if (this.#depth === 1 && this.#failure !== undefined) throw this.#failure;
      return result;
    } finally {
      if (--this.#depth === 0) this.#failure = undefined;
    }
  }
}

/** An error as data, with its causes, at most five deep. */
export function errorRecord(error: unknown, depth: number = 5): ErrorRecord {
  if (!(error instanceof Error)) return { name: "value", message: valueText(error) };
  const record = { name: error.name, message: error.message };
  if (error.cause === undefined || depth <= 1) return record;
  return { ...record, cause: errorRecord(error.cause, depth - 1) };
}
