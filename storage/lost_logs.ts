/**
 * What of task logs must have been there and is not, as far as what is left of them tells.
 *
 * @module
 */
import { DamagedError } from "./errors.ts";
import { decodeParent, MAX_RECORD_BYTES } from "./job_record.ts";
import { isSameRef, manifestName, type ManifestRef, parentName } from "./layout.ts";
import { readRecord } from "./record_reader.ts";
import type { Store, StoreOptions } from "./store.ts";
import type { LogEntry, LogHead } from "./task_entry.ts";
import { type LogName, logName, parseLogName } from "./task_log_names.ts";

/**
 * The lost end of a log that has so many packs. Each was written before the entries that name it, and only once
 * those of the one before were: no kill leaves more than one that is not named.
 */
export function lostEnd(
  log: LogName & { readonly packs: number },
  entries: readonly LogEntry[],
): DamagedError | undefined {
  if (log.packs < 2) return undefined;
  let named = 0;
  for (const entry of entries) {
    if (entry.kind !== "task") continue;
    for (const output of Object.values(entry.outputs ?? {})) {
      if ("absent" in output) continue;
      for (const { pack } of output.blocks ?? []) {
        named = Math.max(named, parseLogName(pack)?.part ?? 0);
      }
    }
  }
  if (named >= log.packs - 1) return undefined;
  const expected = `entries that name its packs, of which it has ${log.packs}`;
  return new DamagedError(logName(log), expected, named === 0 ? "none" : `those of ${named}`);
}

/**
 * The log that an attempt must have begun after a state, where only a later one is there: its first one is to begin
 * after the state that it started from, or saved last, until it has saved another.
 *
 * @param later The head of the first that is there.
 */
export async function lostStart(
  store: Store,
  { attempt, sequence }: LogName,
  later: LogHead,
  after: ManifestRef | undefined,
  options: StoreOptions,
): Promise<DamagedError | undefined> {
  if (later.after?.attempt !== attempt || !await beganAfter(store, attempt, after, options)) {
    return undefined;
  }
  // What it has saved since had made the earlier log useless.
  if (await store.stat(manifestName(later.after), options) !== undefined) return undefined;
  const name = logName({ attempt, after, sequence: Math.max(1, sequence - 1) });
  return new DamagedError(name, "a file of its own, as a later one of its attempt has", "none");
}

/** Whether an attempt has saved a state, or started from it. */
async function beganAfter(
  store: Store,
  attempt: number,
  state: ManifestRef | undefined,
  options: StoreOptions,
): Promise<boolean> {
  if (state?.attempt === attempt) return true;
  try {
    const bytes = await readRecord(store, parentName(attempt), MAX_RECORD_BYTES, options);
    if (bytes === undefined) return false;
    const { parent } = decodeParent(attempt, bytes);
    return parent === undefined || state === undefined
      ? parent === state
      : isSameRef(parent, state);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return false;
  }
}
