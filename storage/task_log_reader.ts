/**
 * Reads what attempts have logged after a state.
 *
 * @module
 */
import { BlobReader } from "./blob_reader.ts";
import { DamagedError, ObjectNotFoundError, UnsupportedVersionError } from "./errors.ts";
import { isSameRef, type ManifestRef } from "./layout.ts";
import { lostEnd, lostStart } from "./lost_logs.ts";
import type { PresentBlob } from "./manifest.ts";
import { Pace } from "./pace.ts";
import { joinBytes } from "./record_cbor.ts";
import type { Store, StoreOptions } from "./store.ts";
import type { LogEntry, LogHead, LogSource } from "./task_entry.ts";
import { isCutOff, itemAt, type LogItem } from "./log_items.ts";
import { decodeEntries, decodeLogHead, MAX_LOG_BYTES } from "./task_log_codec.ts";
import { listLogs, type LogObjects } from "./list_logs.ts";
import { compareLogPosition, type LogName, logName, type LogPosition } from "./task_log_names.ts";

/** What was logged after a state, and counts. */
export interface LoggedWork {
  /** With what the newest log began; none where that is damaged. */
  readonly head: LogHead | undefined;
  /** What it says, oldest first. */
  readonly entries: readonly LogEntry[];
  /** Where it lies, for a log that goes on from it. */
  readonly sources: readonly LogSource[];
  /** What could not be read of it. */
  readonly damaged: readonly Error[];
}

/**
 * Reads what the newest attempt that went on from a state has logged since, with what it had taken over
 * from others; `undefined` where there is nothing.
 *
 * @param after The state; none for the very start.
 * @param before Only logs of attempts before this one are looked at.
 * @throws {StoreError} Where reading fails, which is no damage.
 */
export async function readLoggedWork(
  store: Store,
  after: ManifestRef | undefined,
  before: number,
  options: StoreOptions = {},
): Promise<LoggedWork | undefined> {
  const all = await listLogs(store, options);
  const candidates = all.filter(({ attempt, after: position }) =>
    attempt < before && attempt >= (after?.attempt ?? 1) &&
    compareLogPosition(position, after) >= 0
  );
  const byAttempt = [...Map.groupBy(candidates, ({ attempt }) => attempt)]
    .sort(([a], [b]) => b - a);
  for (const [, logs] of byAttempt) {
    const work = await readLogs(store, logs, all, after, options);
    if (work !== undefined) return work;
  }
  return undefined;
}

/** So much of a log is read at first by whoever looks for an entry. */
const FIRST_BYTES = 1024 * 1024;

/** What is read of an attempt's logs. */
export interface OwnEntriesOptions extends StoreOptions {
  /** Nothing is read behind a part in which there is one like this. */
  readonly until?: (entry: LogEntry) => boolean;
}

/** What an attempt itself has logged, as far as it can be read; not what it had taken over from others. */
export async function readOwnEntries(
  store: Store,
  attempt: number,
  { until = () => false, ...options }: OwnEntriesOptions = {},
): Promise<readonly LogEntry[]> {
  const own = (await listLogs(store, options)).filter((log) => log.attempt === attempt);
  const entries: LogEntry[] = [];
  for (const log of own) {
    const first = await readLog(store, log, FIRST_BYTES, options);
    if (first.entries.some(until)) return [...entries, ...first.entries];
    const found = first.isWhole ? first : await readLog(store, log, MAX_LOG_BYTES, options);
    for (const entry of found.entries) entries.push(entry);
    if (found.entries.some(until)) break;
  }
  return entries;
}

/** The bytes of blobs that lie in the packs of logs. */
export async function readLoggedBlob(
  store: Store,
  blob: PresentBlob,
  options: StoreOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const [bytes] = await new BlobReader(store, undefined, options).read([blob]);
  return bytes ?? new Uint8Array();
}

/** Reads an attempt's logs from one that begins after a state on; `undefined` where it went on from another. */
async function readLogs(
  store: Store,
  logs: readonly LogObjects[],
  all: readonly LogObjects[],
  after: ManifestRef | undefined,
  options: StoreOptions,
): Promise<LoggedWork | undefined> {
  let head: LogHead | undefined;
  const entries: LogEntry[] = [];
  const sources: LogSource[] = [];
  const damaged: Error[] = [];
  let stray: { readonly log: LogName; readonly head: LogHead } | undefined;
  let left = MAX_LOG_BYTES + 1;
  const take = async (log: LogObjects, limit: number): Promise<ReadLog> => {
    const found = await readLog(store, log, Math.min(limit, left), options);
    left -= found.bytes;
    if (left <= 0) {
      damaged.push(
        new DamagedError(logName(log), `logs of at most ${MAX_LOG_BYTES} bytes`, "more"),
      );
    }
    if (found.damaged !== undefined) damaged.push(found.damaged);
    return found;
  };
  const add = (log: LogObjects, { entries: found, bytes }: ReadLog): void => {
    for (const entry of found) entries.push(entry);
    sources.push({ name: logName(log), bytes });
  };
  for (const log of logs) {
    const found = await take(log, Infinity);
    if (found.head === undefined) {
      // Nobody knows what it went on from, nor which part of older ones counts.
      if (found.damaged !== undefined) break;
      continue;
    }
    if (head === undefined) {
      const { sources, gap } = await readSources(found.head.sources, all, take);
      // One that began while the state was saved by another attempt names the logs that begin after it.
      const isOwn = isSamePlace(found.head.after, after) ||
        sources.some(({ found: { head } }) => head !== undefined && isSamePlace(head.after, after));
      if (!isOwn) {
        stray ??= { log, head: found.head };
        continue;
      }
      for (const source of sources) add(source.log, source.found);
      if (gap !== undefined) {
        // What is lost may have voided something, and what came later may have been built on it.
        head = found.head;
        damaged.push(gap);
        break;
      }
    }
    add(log, found);
    head = found.head;
    // Nor does what later logs say count, as it may have been built on what is lost.
    if (found.damaged !== undefined) break;
  }
  if (head === undefined && damaged.length === 0 && stray !== undefined) {
    const lost = await lostStart(store, stray.log, stray.head, after, options);
    if (lost !== undefined) damaged.push(lost);
  }
  return head === undefined && damaged.length === 0
    ? undefined
    : { head, entries, sources, damaged };
}

/** The parts of earlier logs that a log goes on from. */
interface SourcesRead {
  /** Those before the first gap. */
  readonly sources: readonly { readonly log: LogObjects; readonly found: ReadLog }[];
  /** What is missing, where anything is. */
  readonly gap: DamagedError | undefined;
}

/** Reads the parts of earlier logs that a log goes on from, up to the first gap. */
async function readSources(
  named: readonly LogSource[],
  all: readonly LogObjects[],
  read: (log: LogObjects, limit: number) => Promise<ReadLog>,
): Promise<SourcesRead> {
  const sources = [];
  for (const { name, bytes } of named) {
    const log = all.find((log) => logName(log) === name);
    const found = log && await read(log, bytes);
    if (log !== undefined && found !== undefined) sources.push({ log, found });
    if (found === undefined || found.bytes < bytes) {
      const rest = found === undefined ? "none" : `${found.bytes}`;
      return { sources, gap: new DamagedError(name, `${bytes} bytes of whole items`, rest) };
    }
  }
  return { sources, gap: undefined };
}

function isSamePlace(a: ManifestRef | undefined, b: ManifestRef | undefined): boolean {
  return a === undefined || b === undefined ? a === b : isSameRef(a, b);
}

/** The good first part of a log. */
export interface ReadLog {
  readonly head: LogHead | undefined;
  readonly entries: readonly LogEntry[];
  readonly bytes: number;
  readonly damaged: Error | undefined;
  /** Whether there is no more of it than was to be read. */
  readonly isWhole: boolean;
}

/** Reads the good first part of a log. */
export async function readLog(
  store: Store,
  log: LogObjects,
  limit: number,
  options: StoreOptions,
): Promise<ReadLog> {
  const name = logName(log);
  const { bytes, gap, isGone } = await readObjects(store, log, limit, options);
  const isWhole = bytes.byteLength < limit;
  let head: LogHead | undefined;
  const entries: LogEntry[] = [];
  let at = 0;
  let item: LogItem | undefined;
  const pace = new Pace();
  try {
    for (item = itemAt(name, bytes, 0); item !== undefined; item = itemAt(name, bytes, at)) {
      if (head === undefined) head = decodeOwnHead(name, log, item.record);
      else for (const entry of decodeEntries(name, item.record)) entries.push(entry);
      at = item.end;
      if (pace.isDue) await pace.turn();
    }
  } catch (error) {
    const isDamage = error instanceof DamagedError || error instanceof UnsupportedVersionError;
    if (!isDamage) throw error;
    const isRest = item !== undefined && error instanceof DamagedError &&
      isCutOff(bytes, at, item.end) && gap === undefined;
    return { head, entries, bytes: at, damaged: isRest ? lostEnd(log, entries) : error, isWhole };
  }
  const lost = isWhole && !isGone ? lostEnd(log, entries) : undefined;
  return { head, entries, bytes: at, damaged: gap ?? lost, isWhole };
}

function decodeOwnHead(name: string, log: LogName, record: Uint8Array): LogHead {
  const head = decodeLogHead(name, record);
  const isOwn = head.attempt === log.attempt &&
    compareLogPosition(head.after as LogPosition, log.after) === 0;
  if (isOwn) return head;
  throw new DamagedError(name, "its own head", `that of attempt ${head.attempt}`);
}

/**
 * Joins the objects of a log. Where one is missing and a later one is there, what it said is lost, which may
 * have voided something, so that nothing behind it counts.
 */
async function readObjects(
  store: Store,
  { objects, missing }: LogObjects,
  limit: number,
  options: StoreOptions,
): Promise<{
  readonly bytes: Uint8Array;
  readonly gap: DamagedError | undefined;
  /** Whether its attempt has removed it since it was listed. */
  readonly isGone: boolean;
}> {
  const parts: Uint8Array[] = [];
  let left = limit;
  let gap = missing;
  let isGone = false;
  for (const [index, name] of objects.entries()) {
    if (left <= 0) break;
    try {
      const size = (await store.stat(name, options))?.byteLength ?? 0;
      const part = await store.get(name, { ...options, length: Math.min(size, left) });
      parts.push(part);
      left -= part.byteLength;
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      // Its attempt has saved meanwhile, and removed it: the first part goes first.
      isGone = index === 0;
      gap = isGone ? undefined : name;
      break;
    }
  }
  const isReached = left > 0 && gap !== undefined;
  return {
    bytes: parts.length === 1 ? parts[0] ?? new Uint8Array() : joinBytes(parts),
    gap: isReached ? new DamagedError(gap ?? "", "a part of the log", "nothing") : undefined,
    isGone,
  };
}
