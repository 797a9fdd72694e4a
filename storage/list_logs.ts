/**
 * Lists task logs.
 *
 * @module
 */
import type { Store, StoreOptions } from "./store.ts";
import { type LogName, logName, parseLogName, TASKS } from "./task_log_names.ts";

/**
 * All that logs have left: the names, and what they say; logs first, as they are to be removed before
 * the packs that they name.
 */
export async function listLogObjects(
  store: Store,
  options: StoreOptions = {},
): Promise<readonly (LogName & { readonly name: string; readonly isPack: boolean })[]> {
  const all = (await store.list(TASKS, options)).flatMap((name) => {
    const parsed = parseLogName(name);
    return parsed === undefined ? [] : [{ ...parsed, name }];
  });
  return [...all.filter(({ isPack }) => !isPack), ...all.filter(({ isPack }) => isPack)];
}

/** A log, and the objects that it consists of. */
export interface LogObjects extends LogName {
  /** Their names; more than one where objects cannot grow. */
  readonly objects: readonly string[];
}

/** All logs, in the order in which their attempts wrote them. */
export async function listLogs(
  store: Store,
  options: StoreOptions,
): Promise<readonly LogObjects[]> {
  const logs = new Map<string, LogName & { objects: string[] }>();
  for (const { name, isPack, ...log } of await listLogObjects(store, options)) {
    if (isPack) continue;
    const key = logName(log);
    const known = logs.get(key);
    if (known === undefined) logs.set(key, { ...log, objects: [name] });
    else known.objects.push(name);
  }
  return [...logs.values()].sort((a, b) => a.attempt - b.attempt || a.sequence - b.sequence);
}
