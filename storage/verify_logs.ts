/**
 * Looks for damage in what tasks have recorded.
 *
 * @module
 */
import { decodeBlob } from "./blob_reader.ts";
import type { CheckpointStore } from "./checkpoint_store.ts";
import { toUnreadable, type Unreadable } from "./damage.ts";
import { DamagedError } from "./errors.ts";
import type { ManifestRef } from "./layout.ts";
import { listLogObjects, listLogs } from "./list_logs.ts";
import type { PresentBlob } from "./manifest.ts";
import { Pace } from "./pace.ts";
import type { Store, StoreOptions } from "./store.ts";
import type { LogEntry } from "./task_entry.ts";
import { MAX_LOG_BYTES } from "./task_log_codec.ts";
import { isBehind, type LogName, logName } from "./task_log_names.ts";
import { readLog, readLoggedBlob, readLoggedWork } from "./task_log_reader.ts";

/** How logs are verified. */
interface VerifyLogsOptions extends StoreOptions {
  /** Whether all values are decoded. */
  readonly full?: boolean;
}

/**
 * The task logs that cannot be read, with what is missing of what a resume would take from logs; and those
 * that nobody goes on from.
 *
 * @throws {StoreError} Where reading fails, which is no damage.
 */
export async function verifyLogs(
  checkpoints: CheckpointStore,
  isBad: (ref: ManifestRef) => boolean,
  options: VerifyLogsOptions,
): Promise<{ readonly unreadable: readonly Unreadable[]; readonly old: readonly string[] }> {
  const { store } = checkpoints;
  const damaged = await damagedLogs(store, options);
  // Only now it is known what a running job has saved, and removed, since they were listed.
  const { line } = await checkpoints.history(options);
  const saved = line.findLast((ref) => !isBad(ref));
  const all = await listLogObjects(store, options);
  const old = all.filter((log) => saved !== undefined && isBehind(log, saved));
  const needed = new Set(all.filter((log) => !old.includes(log)).map(logName));
  const told = damaged.filter(({ log }) => needed.has(logName(log))).map(({ error }) => error);
  const work = await readLoggedWork(store, saved, Infinity, options);
  const missing = (work?.damaged ?? []).filter(({ message }) =>
    damaged.every(({ error }) => error.message !== message)
  );
  return { unreadable: [...told, ...missing].map(toUnreadable), old: old.map(({ name }) => name) };
}

/** Damage to a log, or to a pack that it names. */
interface LogDamage {
  readonly log: LogName;
  readonly error: Error;
}

/** Reads all logs and their packs, and gives what is damaged. */
async function damagedLogs(
  store: Store,
  options: VerifyLogsOptions,
): Promise<readonly LogDamage[]> {
  const damaged: LogDamage[] = [];
  const pace = new Pace();
  for (const log of await listLogs(store, options)) {
    await pace.turn();
    const found = await readLog(store, log, MAX_LOG_BYTES, options);
    if (found.damaged !== undefined) damaged.push({ log, error: found.damaged });
    for (const entry of found.entries) {
      await pace.turn();
      const where = `${logName(log)} (${entry.id})`;
      const errors = await damagedValues(store, where, entry, options);
      for (const error of errors) damaged.push({ log, error });
    }
  }
  return damaged;
}

/** What of an entry's values cannot be read or, in full, decoded. */
async function damagedValues(
  store: Store,
  where: string,
  entry: LogEntry,
  { full = false, ...options }: VerifyLogsOptions,
): Promise<readonly Error[]> {
  const damaged: Error[] = [];
  const noting = async (check: () => unknown): Promise<void> => {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      damaged.push(error);
    }
  };
  const outputs = entry.kind === "task" ? Object.entries(entry.outputs ?? {}) : [];
  for (const [blob, output] of outputs) {
    if ("absent" in output) continue;
    await noting(async () => {
      const bytes = output.inline ?? await readLoggedBlob(store, output, options);
      if (full) decodeBlob(`${where} ${blob}`, output, bytes);
    });
  }
  if (full && entry.kind === "piece") {
    const { type, bytes } = entry.value;
    const value: PresentBlob = { type, codec: false, bytes: bytes.byteLength };
    await noting(() => decodeBlob(where, value, bytes));
  }
  return damaged;
}
