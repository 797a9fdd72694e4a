/**
 * Notices a job that ends at the same place each time it is started.
 *
 * @module
 */
import {
  type CheckpointStore,
  DamagedError,
  type History,
  isSameRef,
  type LogEntry,
  type ManifestRef,
  readOwnEntries,
} from "../../storage/mod.ts";
import { STOPPED_KEY } from "../journal/recorded.ts";

/** So many starts from one place are said, this one among them. */
const SAID_FROM = 3;
/** The most attempts that are listed. */
const MOST_LISTED = 5;
/** The most attempts that are looked at. */
const MOST_LOOKED_AT = 50;

/**
 * The attempts right before one that began where it does, and saved nothing; newest first.
 *
 * @param from Where it begins; `undefined` for a fresh start.
 */
export function fruitlessAttempts(
  { attempts, manifests }: History,
  attempt: number,
  from: ManifestRef | undefined,
): readonly number[] {
  const fruitful = new Set(manifests.map((ref) => ref.attempt));
  // One that was killed before it said where it starts from has done nothing, and changes nothing.
  const before = attempts.filter((other) => other.isStarted && other.attempt < attempt)
    .toReversed();
  const end = before.findIndex(({ attempt, parent }) =>
    fruitful.has(attempt) ||
    (parent === undefined || from === undefined ? parent !== from : !isSameRef(parent, from))
  );
  return before.slice(0, end < 0 ? undefined : end).map(({ attempt }) => attempt);
}

/** What to say where a job has begun at one place, and died, for at least the third time; else nothing. */
export async function poisonedWarning(
  store: CheckpointStore,
  history: History,
  attempt: number,
  from: ManifestRef | undefined,
): Promise<string | undefined> {
  const all = fruitlessAttempts(history, attempt, from);
  if (all.length < SAID_FROM - 1) return undefined;
  const before = await rowOf(store, all.slice(0, MOST_LOOKED_AT));
  if (before.length < SAID_FROM - 1) return undefined;
  const listed = before.slice(0, MOST_LISTED).map((number) => describe(store, number));
  const more = before.length > MOST_LISTED ? ` and ${before.length - MOST_LISTED} more` : "";
  const place = from === undefined ? "the very start" : `epoch ${from.epoch}`;
  return `${
    before.length + 1
  } starts in a row, this one among them, began at ${place}, and those ` +
    `before it ended, without being told to, before they had saved or recorded anything (${
      (await Promise.all(listed)).join("; ")
    }${more}). ` +
    `Something may end the job at the same place each time: see what they printed last` +
    (from === undefined
      ? ""
      : ", or go back with resume --from and an older epoch (ls lists them)");
}

/** Those that died, but for what only pruned or repaired, back to one that got further or was told to stop. */
async function rowOf(
  store: CheckpointStore,
  attempts: readonly number[],
): Promise<readonly number[]> {
  const row: number[] = [];
  for (const attempt of attempts) {
    if (await isUpkeep(store, attempt)) continue;
    const entries = await readOwnEntries(store.store, attempt);
    if (entries.some(isWorkOrStop)) break;
    row.push(attempt);
  }
  return row;
}

/** Whether an entry is of work that the next start need not do again, or of a stop in time. */
function isWorkOrStop(entry: LogEntry): boolean {
  if (entry.kind === "time") return entry.id === "" && entry.key === STOPPED_KEY;
  // A resource's stamp, which is of no task, is recorded again by each start.
  return entry.kind !== "void" && entry.id !== "";
}

/** Whether an attempt was begun to prune or repair, and so ran nothing. */
async function isUpkeep(store: CheckpointStore, attempt: number): Promise<boolean> {
  try {
    return (await store.readAttempt(attempt))?.purpose !== undefined;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return false;
  }
}

/** An attempt, and when it was started, as far as its record can be read. */
async function describe(store: CheckpointStore, attempt: number): Promise<string> {
  try {
    const record = await store.readAttempt(attempt);
    const when = record === undefined ? "" : `, ${new Date(record.createdAtMs).toISOString()}`;
    return `attempt ${attempt}${when}`;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return `attempt ${attempt}`;
  }
}
