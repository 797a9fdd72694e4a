/**
 * How an attempt begins: the store's promises, the job's record, and a number of its own.
 *
 * @module
 */
import {
  FencedError,
  ObjectExistsError,
  PromiseError,
  StoreError,
  WrongJobError,
} from "./errors.ts";
import { listManifests } from "./history.ts";
import {
  type AttemptRecord,
  decodeJob,
  encodeAttempt,
  encodeJob,
  type JobRecord,
  MAX_RECORD_BYTES,
} from "./job_record.ts";
import { attemptName, FOLDERS, JOB, MAX_NUMBER, parseAttemptName } from "./layout.ts";
import { listLogObjects } from "./list_logs.ts";
import { putNew } from "./put_new.ts";
import { readRecord } from "./record_reader.ts";
import {
  covers,
  type Durability,
  type Store,
  type StoreOptions,
  type WriteOptions,
} from "./store.ts";

/** The most attempts that others may take between a look and a creation. */
const MOST_RACES = 100;

/**
 * The durability of a runner's saves: the one asked for, or the strongest there is.
 *
 * @throws {PromiseError} Where the store cannot promise it, or could not tell two runners apart.
 */
export async function promisedDurability(
  store: Store,
  asked: Durability | undefined,
  options: StoreOptions,
): Promise<Durability> {
  const { linearizableCreate, durability, reasons } = await store.promises(options);
  if (!linearizableCreate) {
    const mend = "two runners could not be told apart there; name another place";
    throw new PromiseError(
      store.place,
      "that of two creations of a name one fails",
      reasons,
      mend,
    );
  }
  if (asked === undefined || covers(durability, asked)) return asked ?? durability;
  const mend = `ask for "${durability}", or name a place that can`;
  throw new PromiseError(store.place, `durability "${asked}"`, reasons, mend);
}

/** Reads the job's record; `undefined` where there is none. */
export async function readJob(store: Store, options: StoreOptions): Promise<JobRecord | undefined> {
  const bytes = await readRecord(store, JOB, MAX_RECORD_BYTES, options);
  return bytes === undefined ? undefined : decodeJob(bytes);
}

/**
 * Checks that a store is that of a job. One that was made without a job is any job's.
 *
 * @throws {WrongJobError} Where it is another's.
 */
export function checkJob(
  store: Store,
  job: string | undefined,
  record: JobRecord | undefined,
): void {
  if (job === undefined || record?.job === undefined || record.job === job) return;
  throw new WrongJobError(store.place, job, record.job);
}

/** Creates the job's record, or takes the one that another runner has just created; gives the job. */
export async function createJob(
  store: Store,
  job: string | undefined,
  createdAtMs: number,
  options: WriteOptions,
): Promise<string | undefined> {
  try {
    await putNew(store, JOB, encodeJob({ job, createdAtMs }), options);
    // Where nothing can be read back, as behind a link that Deno does not follow, nobody could resume.
    await readJob(store, { signal: options.signal });
    return job;
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
  }
  // It may have had to outlive less.
  if (options.durability === "power") await store.settle?.([JOB]);
  const record = await readJob(store, { signal: options.signal });
  checkJob(store, job, record);
  return job ?? record?.job;
}

/** What is known of the attempts there are. */
export interface KnownAttempts {
  /** The attempt that the next is to follow directly; the highest there is where not given. */
  readonly behind: number | undefined;
  /**
   * The highest attempt that was seen to have saved something, at any time; looked for where not given.
   * Whoever saved later has a record, as records are never removed.
   */
  readonly saved: number | undefined;
  /** What else the next attempt rests on, and is made durable with the record before its own. */
  readonly unsynced: readonly string[];
}

/**
 * Creates the record of the next attempt, and gives its number.
 *
 * @throws {FencedError} Where another has followed the one that it is to follow.
 */
export async function takeAttempt(
  store: Store,
  record: AttemptRecord,
  { behind, saved, unsynced }: KnownAttempts,
  options: WriteOptions,
): Promise<number> {
  const next = 1 + (behind ?? await highestAttempt(store, saved, { signal: options.signal }));
  if (next > MAX_NUMBER) {
    const why =
      `a name in "${FOLDERS.attempts}" says that ${next - 1} have begun, and there is no number ` +
      `behind that: where no start has made it, move it away`;
    throw new StoreError("begin an attempt at", store.place, why);
  }
  if (options.durability === "power") {
    // Whoever created the record before this one may have died before its sync, and numbers have no gaps.
    const before = behind === undefined && next > 1 ? [attemptName(next - 1)] : [];
    const names = [...unsynced, ...before];
    if (names.length > 0) await store.settle?.(names);
  }
  let number = next;
  for (let race = 0; race < MOST_RACES; race++) {
    try {
      await putNew(store, attemptName(number), encodeAttempt(number, record), options);
      return number;
    } catch (error) {
      if (!(error instanceof ObjectExistsError)) throw error;
      if (behind !== undefined) break;
      if (options.durability === "power") await store.settle?.([attemptName(number)]);
      number++;
    }
  }
  if (behind !== undefined) throw new FencedError(behind, next, "it cannot go on with another");
  throw new Error(
    `Cannot begin an attempt at ${store.place}: others began ${MOST_RACES} meanwhile. Run one at a time`,
  );
}

/** The highest attempt that has left anything. */
async function highestAttempt(
  store: Store,
  saved: number | undefined,
  options: StoreOptions,
): Promise<number> {
  const names = await store.list(FOLDERS.attempts, options);
  const recorded = names.map((name) => parseAttemptName(name)?.attempt ?? 0);
  // Where records are lost, one that has saved nothing may have left logs, whose names come but once.
  const logged = (await listLogObjects(store, options)).map(({ attempt }) => attempt);
  const known = saved ?? highest(await attemptsOfManifests(store, options));
  return highest([...recorded, ...logged, known]);
}

async function attemptsOfManifests(
  store: Store,
  options: StoreOptions,
): Promise<readonly number[]> {
  return (await listManifests(store, options)).map(({ attempt }) => attempt);
}

function highest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
