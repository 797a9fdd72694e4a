/**
 * What happens when a save fails.
 *
 * @module
 */
import type { CheckpointPlan } from "../../dsl/mod.ts";
import {
  AliasedValueError,
  FencedError,
  RecordBoundError,
  UnsupportedValueError,
} from "../../storage/mod.ts";
import { SaveError, StoppedError } from "../errors.ts";
import { errorRecord, type Events, type Phase } from "../events.ts";
import { backoffMs, sleep } from "../task/turn.ts";

/** How often `"retry"` tries in all. */
export const SAVE_TRIES = 5;

/** What the same values would fail with again. */
const NEVER_SAVED = [UnsupportedValueError, AliasedValueError, RecordBoundError];

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** What is being saved, and what a failure says. */
export interface SaveAttempt {
  /** The epoch. */
  readonly epoch: number;
  /** The phase that the save ends. */
  readonly phase: Phase;
  /** The place. */
  readonly place: string;
  /** What is still there, in words. */
  readonly last: string;
  /** Saves. */
  readonly save: () => Promise<void>;
  /** How many bytes of blobs it writes, as far as is known. */
  readonly bytes: () => number;
  /** Removes, before another try, what need not stay: the disk may be full. */
  readonly makeRoom: () => Promise<void>;
}

/**
 * Saves, and does about a failure what the plan says. It never fails silently: each failure is an
 * event.
 *
 * @returns Whether it was saved.
 * @throws {SaveError} Where the plan stops the job, or the same values would fail again.
 * @throws {FencedError} Where another runner has taken the job over.
 * @throws {ObserverError} Where an observer failed, before another try.
 */
export async function saveByPolicy(
  attempt: SaveAttempt,
  policy: NonNullable<CheckpointPlan["onSaveError"]>,
  events: Events,
  signal: AbortSignal,
): Promise<boolean> {
  const { epoch, phase, place, last } = attempt;
  let isPaused = false;
  for (let number = 1;; number++) {
    events.emit({ type: "save-started", epoch, phase });
    try {
      await attempt.save();
      if (isPaused) {
        const message = "the save has worked: the job is paused no more";
        events.emit({ type: "notice", level: "warning", message });
      }
      return true;
    } catch (error) {
      if (error instanceof FencedError || error instanceof StoppedError) throw error;
      const next = decide(error, policy, number);
      isPaused = next === "pause";
      const retryInMs = next === "fail" || next === "warn" ? undefined : waitMs(number);
      const failed = { epoch, phase, error: errorRecord(error), bytes: attempt.bytes() };
      events.emit({ type: "save-failed", ...failed, next, retryInMs });
      if (next === "fail") throw new SaveError(epoch, place, last, error);
      if (next === "warn") return false;
    }
    if (events.failure !== undefined) throw events.failure;
    await sleep(waitMs(number), signal);
    await attempt.makeRoom();
  }
}

/** The wait after a try, in milliseconds. */
export function waitMs(number: number): number {
  return backoffMs(FIRST_WAIT_MS, LONGEST_WAIT_MS, number + 1);
}

/** What is done about a failure. */
export function decide(
  error: unknown,
  policy: NonNullable<CheckpointPlan["onSaveError"]>,
  number: number,
): "fail" | "warn" | "retry" | "pause" {
  if (policy === "fail" || policy === "warn") return policy;
  // A value that cannot be saved will not become one by waiting.
  if (NEVER_SAVED.some((never) => error instanceof never)) return "fail";
  if (policy === "pause") return "pause";
  return number < SAVE_TRIES ? "retry" : "fail";
}
