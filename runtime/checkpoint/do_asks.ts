/**
 * Does what others ask the holder of a job to remove.
 *
 * @module
 */
import {
  type Ask,
  type Asked,
  type Attempt,
  type CheckpointStore,
  DamagedError,
  dropAsks,
  formatRef,
  listAsks,
  type ManifestRef,
  mayHaveAsks,
  readAsk,
  UnsupportedVersionError,
  verifyStore,
} from "../../storage/mod.ts";
import type { Events } from "../events.ts";
import { messageOf } from "../thrown_text.ts";
import { damageText } from "./damage_text.ts";
import type { HeldSince } from "./holding.ts";
import { judgePruning } from "./judge_pruning.ts";

/** The most asks that are done, and the most that are looked at, behind one save. */
const MOST_DONE = 8;
const MOST_READ = 64;
/** An ask that has failed so many times is dropped. */
const MOST_FAILURES = 3;
/** The most states that a notice names. */
const MOST_NAMED = 10;

/** Who does what is asked. */
export interface AskedHolder {
  /** Where. */
  readonly store: CheckpointStore;
  /** With what it removes. */
  readonly attempt: Attempt;
  /** The first of those that this process has begun, each right behind the one before it, up to that. */
  readonly first: number;
  /** By which times of holds this process may be meant. */
  readonly heldSince: HeldSince;
  /** What stays whatever is asked. */
  readonly inUse: readonly ManifestRef[];
  /** Is told of what was removed. */
  readonly events: Events;
  /** How many times asks have failed so far, by name. */
  readonly failures: Map<string, number>;
  /** Is told of what failed. */
  readonly warn: (message: string) => void;
}

/**
 * Does what this attempt is asked, and removes the asks that are done. One that is damaged is removed, and
 * one of an earlier attempt, which has ended; one of a later attempt is left to that, unless nobody else
 * can be meant. What fails is told of, and tried again behind the next saves, a few times and after all
 * others.
 *
 * @throws {FencedError} Where a later attempt has taken over; then the asks stay for that.
 */
export async function doAsks(holder: AskedHolder): Promise<void> {
  const { store: { store }, attempt, warn } = holder;
  // Where a job cannot be held nobody is asked.
  if (store.hold === undefined || !mayHaveAsks(store)) return;
  let tried = 0;
  for (const name of await namesOf(holder)) {
    if (tried >= MOST_DONE) return;
    try {
      const ask = await readAsk(store, name);
      const meant = ask === undefined ? undefined : whoIsAsked(holder, ask);
      // It has taken over, which the next save finds out: it is that one's to do.
      if (meant === "a later attempt") continue;
      tried++;
      if (ask !== undefined && meant === "this one") await doAsk(holder, ask);
      else if (ask !== undefined) holder.warn(refusalOf(ask, meant));
      await dropAsks(store, [name]);
    } catch (error) {
      if (attempt.isOver) throw error;
      const isDamaged = error instanceof DamagedError && error.object === name;
      if (isDamaged) await dropDamaged(holder, name, error);
      else if (error instanceof UnsupportedVersionError) {
        warn(`nobody here can do it: ${error.message}`);
      } else await noteFailure(holder, name, error);
    }
  }
}

async function namesOf(
  { store: { store }, failures, warn }: AskedHolder,
): Promise<readonly string[]> {
  try {
    const names = (await listAsks(store)).slice(0, MOST_READ);
    return names.toSorted((a, b) => (failures.get(a) ?? 0) - (failures.get(b) ?? 0));
  } catch (error) {
    warn(`nobody can tell whether anything was asked for: ${messageOf(error)}`);
    return [];
  }
}

async function noteFailure(
  { store: { store }, failures, warn }: AskedHolder,
  name: string,
  error: unknown,
): Promise<void> {
  const count = (failures.get(name) ?? 0) + 1;
  failures.set(name, count);
  const why = messageOf(error);
  if (count < MOST_FAILURES) {
    return warn(`what was asked for could not be done, which the next save tries again: ${why}`);
  }
  failures.delete(name);
  await dropAsks(store, [name]).catch(() => {});
  warn(`what was asked for could not be done, ${count} times, and is given up: ${why}; ask again`);
}

async function dropDamaged(
  { store: { store }, warn }: AskedHolder,
  name: string,
  damage: DamagedError,
): Promise<void> {
  try {
    await dropAsks(store, [name]);
    warn(
      `an ask cannot be read, and was removed: ${
        damageText(damage)
      }; ask again for what has not gone`,
    );
  } catch (error) {
    warn(`an ask cannot be read (${damageText(damage)}), nor be removed: ${messageOf(error)}`);
  }
}

/** Why what another was asked is not done. */
function refusalOf(ask: Ask, meant: Meant | undefined): string {
  const whom = meant === "an earlier attempt"
    ? `attempt ${ask.attempt}`
    : "a process that was to begin this attempt";
  return `${ask.asked.what}, which ${
    askerText(ask)
  } asked ${whom} for, is not done: that has ended, and ` +
    `what it would have removed may be needed now; ask again where it is not`;
}

async function doAsk(holder: AskedHolder, ask: Ask): Promise<void> {
  const { asked } = ask;
  const { what } = asked;
  const who = askerText(ask);
  const done = asked.what === "prune"
    ? await pruneAsAsked(holder, asked, `${who} asked for a prune`)
    : await repairAsAsked(holder);
  const message = `${what}, which ${who} asked for: ${done}`;
  holder.events.emit({ type: "notice", level: "info", message });
}

/** Who is asked, for one who may be that. */
type Meant =
  | "this one"
  | "an earlier attempt"
  | "who was to begin this attempt"
  | "a later attempt";

function whoIsAsked(
  { attempt: { number }, first, heldSince: { ownMs, takenFromMs } }: AskedHolder,
  { attempt, heldSinceMs }: Ask,
): Meant {
  // A run that lost its attempt, or started again behind damage, is still the one that was asked.
  if (attempt < first) return "an earlier attempt";
  const isOfOwn = heldSinceMs === undefined || heldSinceMs === ownMs;
  if (attempt <= number) return isOfOwn ? "this one" : "who was to begin this attempt";
  // Who asks for the next attempt of this hold, or of the one that this process has taken the job over
  // from, has seen this attempt, and took it for one before that hold, as a clock was set back.
  const isOfHold = heldSinceMs !== undefined && (isOfOwn || heldSinceMs === takenFromMs);
  return isOfHold && attempt === number + 1 ? "this one" : "a later attempt";
}

async function pruneAsAsked(
  { store, attempt, inUse, events }: AskedHolder,
  asked: Extract<Asked, { what: "prune" }>,
  because: string,
): Promise<string> {
  const { removed, unmet } = await judgePruning(store, asked, inUse);
  await attempt.remove(removed);
  if (removed.length > 0) {
    events.emit({ type: "removed", epochs: removed.map((ref) => ref.epoch), because });
  }
  const names = removed.slice(0, MOST_NAMED).map(formatRef).join(", ");
  const more = removed.length > MOST_NAMED ? ` and ${removed.length - MOST_NAMED} more` : "";
  const what = removed.length === 0 ? "nothing was to be removed" : `removed ${names}${more}`;
  return [what, ...unmet].join("; ");
}

async function repairAsAsked({ store, attempt }: AskedHolder): Promise<string> {
  const finished = await attempt.remove([]);
  const { garbage: packs, logs, leftovers } = await verifyStore(store);
  const cleared = await attempt.clear({
    ...{ packs, logs, leftovers: attempt.abandoned(leftovers) },
  });
  const count = finished.length + cleared.length;
  if (count === 0) return "nothing was to be removed";
  return `removed ${count} ${count === 1 ? "file" : "files"} that nothing needs`;
}

/** Who asked, in words. */
export function askerText({ pid, host }: Pick<Ask, "pid" | "host">): string {
  return `process ${pid}${host === undefined ? "" : ` on ${host}`}`;
}
