/**
 * With what the last start was made that saved nothing, so that the next one goes on with it.
 *
 * @module
 */
import {
  type AttemptRecord,
  type CheckpointStore,
  DamagedError,
  type History,
  type ManifestRef,
} from "../../storage/mod.ts";
import { fruitlessAttempts } from "./poisoned.ts";

/** The most attempts that are looked at. */
const MOST_LOOKED_AT = 50;

/** What a start was made with. */
export interface Unfinished extends AttemptRecord {
  /** Its number. */
  readonly attempt: number;
  /** Its branch. */
  readonly branch: number;
}

/**
 * With what the newest start from a place was made that ran the job and saved nothing; `undefined`
 * where there is none, or its record is damaged.
 *
 * @param from The place; `undefined` for the very start.
 */
export async function readUnfinished(
  store: CheckpointStore,
  history: History,
  from: ManifestRef | undefined,
): Promise<Unfinished | undefined> {
  // One that ended before it had recorded where it starts from has done nothing.
  const attempts = history.attempts.filter(({ isStarted }) => isStarted);
  const fruitless = fruitlessAttempts({ ...history, attempts }, Infinity, from);
  for (const attempt of fruitless.slice(0, MOST_LOOKED_AT)) {
    try {
      const record = await store.readAttempt(attempt);
      if (record === undefined) return undefined;
      if (record.purpose !== undefined) continue;
      const info = history.attempts.find((other) => other.attempt === attempt);
      return { ...record, attempt, branch: info?.branch ?? attempt };
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      return undefined;
    }
  }
  return undefined;
}
