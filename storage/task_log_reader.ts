/**
 * Reads what attempts have logged after a state.
 *
 * @module
 */
import { BlobReader } from "./blob_reader.ts";
import { DamagedError, ObjectNotFoundError, UnsupportedVersionError } from "./errors.ts";
import { isSameRef, type ManifestRef } from "./layout.ts";
import type { PresentBlob } from "./manifest.ts";
import { joinBytes } from "./record_cbor.ts";
import type { Store, StoreOptions } from "./store.ts";
import type { LogEntry, LogHead, LogSource } from "./task_entry.ts";
import { decodeEntries, decodeLogHead, itemAt } from "./task_log_codec.ts";
import {
  compareLogPosition,
  logFolder,
  type LogName,
  logName,
  type LogPosition,
  parseLogName,
  TASKS,
} from "./task_log_names.ts";

/** The most bytes of logs that are read for one start. */
const MAX_LOG_BYTES = 2 * 1024 ** 3;

/** What was logged after a state, and counts. */
export interface LoggedWork {
  /** With what the newest log began. */
  readonly head: LogHead;
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
  const numbers = (await store.list(TASKS, options))
    .flatMap((name) => /^tasks\/a(\d{6,9})$/.exec(name)?.[1] ?? [])
    .map(Number).filter((attempt) => attempt < before && attempt >= (after?.attempt ?? 1))
    .sort((a, b) => b - a);
  for (const attempt of numbers) {
    const logs = (await listLogs(store, attempt, options))
      .filter(({ after: position }) => compareLogPosition(position, after) >= 0);
    const work = await readLogs(store, logs, after, options);
    if (work !== undefined) return work;
  }
  return undefined;
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

/** All that logs have left: the names, and what they say. */
export async function listLogObjects(
  store: Store,
  options: StoreOptions = {},
): Promise<readonly (LogName & { readonly name: string })[]> {
  const found: (LogName & { name: string })[] = [];
  for (const folder of await store.list(TASKS, options)) {
    for (const name of await store.list(`${folder}/`, options)) {
      const parsed = parseLogName(name);
      if (parsed !== undefined) found.push({ ...parsed, name });
    }
  }
  return found;
}

/** A log, and the objects that it consists of. */
interface LogObjects extends LogName {
  readonly objects: readonly string[];
}

/** An attempt's logs in the order in which it wrote them. */
async function listLogs(
  store: Store,
  attempt: number,
  options: StoreOptions,
): Promise<readonly LogObjects[]> {
  const bySequence = new Map<number, LogName & { objects: string[] }>();
  for (const name of await store.list(logFolder(attempt), options)) {
    const parsed = parseLogName(name);
    if (parsed === undefined || parsed.isPack || parsed.attempt !== attempt) continue;
    const known = bySequence.get(parsed.sequence);
    if (known === undefined) bySequence.set(parsed.sequence, { ...parsed, objects: [name] });
    else known.objects.push(name);
  }
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
}

/** Reads an attempt's logs from one that begins after a state on; `undefined` where it went on from another. */
async function readLogs(
  store: Store,
  logs: readonly LogObjects[],
  after: ManifestRef | undefined,
  options: StoreOptions,
): Promise<LoggedWork | undefined> {
  let head: LogHead | undefined;
  const entries: LogEntry[] = [];
  const sources: LogSource[] = [];
  const damaged: Error[] = [];
  let left = MAX_LOG_BYTES;
  const take = async (log: LogObjects, limit: number): Promise<ReadLog> => {
    const found = await readLog(store, log, Math.min(limit, left), options);
    left -= found.bytes;
    if (found.damaged !== undefined) damaged.push(found.damaged);
    return found;
  };
  const add = (log: LogObjects, { entries: found, bytes }: ReadLog): void => {
    for (const entry of found) entries.push(entry);
    sources.push({ name: logName(log), bytes });
  };
  for (const log of logs) {
    const found = await take(log, Infinity);
    if (found.head === undefined) continue;
    if (head === undefined) {
      if (!isSamePlace(found.head.after, after)) return undefined;
      for (const source of found.head.sources) {
        const earlier = await findLog(store, source, options);
        if (earlier !== undefined) add(earlier, await take(earlier, source.bytes));
      }
    }
    add(log, found);
    head = found.head;
  }
  return head === undefined ? undefined : { head, entries, sources, damaged };
}

function isSamePlace(a: ManifestRef | undefined, b: ManifestRef | undefined): boolean {
  return a === undefined || b === undefined ? a === b : isSameRef(a, b);
}

async function findLog(
  store: Store,
  { name }: LogSource,
  options: StoreOptions,
): Promise<LogObjects | undefined> {
  const parsed = parseLogName(name);
  if (parsed === undefined) return undefined;
  const logs = await listLogs(store, parsed.attempt, options);
  return logs.find(({ sequence }) => sequence === parsed.sequence);
}

/** The good first part of a log. */
interface ReadLog {
  readonly head: LogHead | undefined;
  readonly entries: readonly LogEntry[];
  readonly bytes: number;
  readonly damaged: Error | undefined;
}

/** Reads the good first part of a log. */
async function readLog(
  store: Store,
  log: LogObjects,
  limit: number,
  options: StoreOptions,
): Promise<ReadLog> {
  const name = logName(log);
  const bytes = await readObjects(store, log, limit, options);
  let head: LogHead | undefined;
  const entries: LogEntry[] = [];
  let at = 0;
  try {
    for (let item = itemAt(name, bytes, 0); item !== undefined; item = itemAt(name, bytes, at)) {
      if (head === undefined) head = decodeOwnHead(name, log, item.record);
      else entries.push(...decodeEntries(name, item.record));
      at = item.end;
    }
  } catch (error) {
    const isDamage = error instanceof DamagedError || error instanceof UnsupportedVersionError;
    if (!isDamage) throw error;
    return { head, entries, bytes: at, damaged: error };
  }
  return { head, entries, bytes: at, damaged: undefined };
}

function decodeOwnHead(name: string, log: LogName, record: Uint8Array): LogHead {
  const head = decodeLogHead(name, record);
  const isOwn = head.attempt === log.attempt &&
    compareLogPosition(head.after as LogPosition, log.after) === 0;
  if (isOwn) return head;
  throw new DamagedError(name, "its own head", `that of attempt ${head.attempt}`);
}

async function readObjects(
  store: Store,
  { objects }: LogObjects,
  limit: number,
  options: StoreOptions,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let left = limit;
  for (const name of objects) {
    if (left <= 0) break;
    try {
      const size = (await store.stat(name, options))?.byteLength ?? 0;
      const part = await store.get(name, { ...options, length: Math.min(size, left) });
      parts.push(part);
      left -= part.byteLength;
    } catch (error) {
      // Its attempt has saved meanwhile, and removed it.
      if (!(error instanceof ObjectNotFoundError)) throw error;
    }
  }
  return parts.length === 1 ? parts[0] ?? new Uint8Array() : joinBytes(parts);
}
