/**
 * Notices a job that gets no further, however often it is started.
 *
 * @module
 */
import type { CheckpointPlan } from "../../dsl/mod.ts";
import { timeText } from "../clock.ts";
import type { Phase } from "../events.ts";
import {
  type CheckpointStore,
  DamagedError,
  type History,
  isSameRef,
  type LogEntry,
  type ManifestRef,
  readOwnEntries,
} from "../../storage/mod.ts";
import { isWork } from "../journal/entries.ts";
import { STOPPED_KEY } from "../journal/recorded.ts";

/** So many starts from one place are said, this one among them. */
export const SAID_FROM = 3;
/** The most attempts that are listed. */
export const MOST_LISTED = 5;
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

/** Where a job begins, as far as what is said of that depends on it. */
export interface Beginning {
  /** The state that it starts from; none for the very start. */
  readonly from: ManifestRef | undefined;
  /** The phase that comes first. */
  readonly phase: Phase | undefined;
  /** The job's grain. */
  readonly grain: CheckpointPlan["grain"];
  /** Whether derived blobs may have to be made again before that. */
  readonly isDerived: boolean;
}

/**
 * What to say where a job has begun at one place for at least the third time, and each time died or was
 * told to stop before it had saved anything or recorded any work; else nothing.
 */
export async function noProgressWarning(
  store: CheckpointStore,
  history: History,
  attempt: number,
  beginning: Beginning,
): Promise<string | undefined> {
  const { from } = beginning;
  const all = fruitlessAttempts(history, attempt, from);
  if (all.length < SAID_FROM - 1) return undefined;
  const row = await rowOf(store, all.slice(0, MOST_LOOKED_AT));
  if (row.length < SAID_FROM - 1) return undefined;
  const stops = row.filter(({ isStop }) => isStop).length;
  const isMixed = stops > 0 && stops < row.length;
  const listed = row.slice(0, MOST_LISTED).map(async ({ number, isStop }) =>
    `${await describe(store, number)}${isMixed && isStop ? ", told to stop" : ""}`
  );
  const more = row.length > MOST_LISTED ? ` and ${row.length - MOST_LISTED} more` : "";
  const list = `${(await Promise.all(listed)).join("; ")}${more}`;
  const place = from === undefined ? "the very start" : `epoch ${from.epoch}`;
  const how = stops === row.length
    ? "were told to stop"
    : isMixed
    ? "ended, some as far as is known without being told to,"
    : "ended, as far as is known without being told to,";
  const advice = [
    ...stops < row.length ? [seeWhatTheyPrinted(history, from, isMixed)] : [],
    ...stops > 0 ? [tooShort(beginning)] : [],
  ];
  const least = row.length < MOST_LOOKED_AT ? "" : "at least ";
  const starts = `${least}${row.length + 1} starts in a row`;
  return `${starts}, this one among them, began at ${place}, and those before it ${how} before they ` +
    `had saved anything or recorded any work (${list}). ${advice.join(". ")}`;
}

/** What to do where something ends the job. */
function seeWhatTheyPrinted(
  history: History,
  from: ManifestRef | undefined,
  isMixed: boolean,
): string {
  const whose = isMixed ? "those that were not told to stop" : "they";
  return `Something may end the job at the same place each time: see what ${whose} printed last` +
    goBackAdvice(history, from);
}

/** What to do where each start is given less time than the first thing takes that it could keep. */
function tooShort({ from, phase, grain, isDerived }: Beginning): string {
  const next = phase === "epoch" ? `epoch ${(from?.epoch ?? 0) + 1}` : `${phase}`;
  const what = grain === "task" && phase !== "upload" ? `a task of ${next}` : next;
  const besides = isDerived ? ", with what is derived made again before it," : "";
  const instead = grain === "task"
    ? "divide the task into pieces (map) or steps, which are recorded one by one"
    : 'have what its tasks have done recorded (grain: "task" in the checkpoint plan)';
  const more =
    `If ${what}${besides} takes longer than a start is given, the job never gets on: give it ` +
    `more time (--stop-after)`;
  // An upload has no tasks of which anything could be recorded.
  return phase === "upload" ? more : `${more}, or ${instead}`;
}

/** That an older epoch is there to go back to, if so. */
export function goBackAdvice({ manifests }: History, from: ManifestRef | undefined): string {
  const isOlder = from !== undefined &&
    manifests.some(({ phase, epoch }) => phase === "epoch" && epoch < from.epoch);
  return isOlder ? ", or go back with resume --from and an older epoch (ls lists them)" : "";
}

/** An attempt that came to nothing. */
interface Fruitless {
  /** Its number. */
  readonly number: number;
  /** Whether it was told to stop. */
  readonly isStop: boolean;
}

/** Those, newest first, but for what only pruned or repaired, back to one that recorded work. */
async function rowOf(
  store: CheckpointStore,
  attempts: readonly number[],
): Promise<readonly Fruitless[]> {
  const row: Fruitless[] = [];
  for (const number of attempts) {
    if (await isUpkeep(store, number)) continue;
    const entries = await readOwnEntries(store.store, number, { until: isWork });
    if (entries.some(isWork)) break;
    row.push({ number, isStop: entries.some(isStop) });
  }
  return row;
}

/** Whether an entry says that the attempt was told to stop. */
function isStop(entry: LogEntry): boolean {
  return entry.kind === "time" && entry.id === "" && entry.key === STOPPED_KEY;
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
    const when = record === undefined ? "" : `, ${timeText(record.createdAtMs)}`;
    return `attempt ${attempt}${when}`;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return `attempt ${attempt}`;
  }
}
