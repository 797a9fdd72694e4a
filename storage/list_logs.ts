/**
 * Lists task logs.
 *
 * @module
 */
import type { Store, StoreOptions } from "./store.ts";
import { type LogName, logName, logPartName, parseLogName, TASKS } from "./task_log_names.ts";

/** What is left of a log, by its name. */
export interface ListedLogObject extends LogName {
  /** The name. */
  readonly name: string;
  /** The number of a part or pack; none where it is a whole log. */
  readonly part: number | undefined;
  /** Whether it is a pack. */
  readonly isPack: boolean;
}

/**
 * All that logs have left: the names, and what they say; logs first, as they are to be removed before
 * the packs that they name.
 */
export async function listLogObjects(
  store: Store,
  options: StoreOptions = {},
): Promise<readonly ListedLogObject[]> {
  const all = (await store.list(TASKS, options)).flatMap((name) => {
    const parsed = parseLogName(name);
    return parsed === undefined ? [] : [{ ...parsed, name }];
  });
  return [...all.filter(({ isPack }) => !isPack), ...all.filter(({ isPack }) => isPack)];
}

/** A log, and the objects that it consists of. */
export interface LogObjects extends LogName {
  /** Their names, by number; more than one where objects cannot grow. Those behind a gap are none of them. */
  readonly objects: readonly string[];
  /** The part that is missing, where there are later ones. */
  readonly missing: string | undefined;
  /** The number of its last pack; 0 where it has none. */
  readonly packs: number;
}

/**
 * All logs, in the order in which their attempts wrote them. One that is gone is among them where it has left two
 * packs: the second is written once the log has named the first.
 */
export async function listLogs(
  store: Store,
  options: StoreOptions,
): Promise<readonly LogObjects[]> {
  const objects = await listLogObjects(store, options);
  return [...Map.groupBy(objects, (log) => logName(log)).values()].map(joined)
    .filter(({ objects, missing, packs }) =>
      objects.length > 0 || missing !== undefined || packs > 1
    )
    .sort((a, b) => a.attempt - b.attempt || a.sequence - b.sequence);
}

/** One log of its objects. */
function joined(found: readonly ListedLogObject[]): LogObjects {
  const [{ attempt, after, sequence }] = found as [ListedLogObject];
  const packs = found.reduce(
    (last, { isPack, part = 0 }) => isPack ? Math.max(last, part) : last,
    0,
  );
  const log = { attempt, after, sequence, packs };
  // Names sort by number only up to six digits.
  const sorted = found.filter(({ isPack }) => !isPack)
    .sort((a, b) => (a.part ?? 0) - (b.part ?? 0));
  const objects: string[] = [];
  let next = 1;
  for (const { name, part } of sorted) {
    if (part !== undefined && part !== next++) {
      return { ...log, objects, missing: logPartName(log, next - 1) };
    }
    objects.push(name);
  }
  return { ...log, objects, missing: undefined };
}
