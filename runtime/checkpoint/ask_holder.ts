/**
 * Asks whoever holds a job to remove something, and waits until that is done.
 *
 * @module
 */
import {
  type Ask,
  type Asked,
  type CheckpointStore,
  DamagedError,
  dropAsks,
  type Holder,
  leaveAsk,
  listAsks,
  type ManifestRef,
  readAsk,
  type Store,
  UnsupportedVersionError,
} from "../../storage/mod.ts";
import { monotonicMs } from "../clock.ts";
import { JobHeldError } from "../errors.ts";
import type { CheckpointEngine } from "./engine.ts";
import { hostName } from "./holding.ts";

/** How often it is looked whether an ask is done. */
const LOOK_MS = 100;

/** What became of an ask. */
export interface AskOutcome {
  /** Who held the job, and was asked. */
  readonly holder: Holder;
  /**
   * Whether the ask is gone: it was done, or dropped as it could not be, which what is still there tells.
   * Else it waits for the holder's next save.
   */
  readonly isGone: boolean;
}

/** What somebody did himself, or asked the holder for. */
export type Tidied<T> = { readonly did: T } | { readonly asked: AskOutcome };

/**
 * Takes the job and does something, or asks whoever holds it.
 *
 * @param act Takes the job, and does it.
 * @param waitMs How long to wait until it is done, or the job can be taken; not at all where not given.
 * @throws {JobHeldError} Where whoever holds it only tidies up, and so looks for no asks, and nobody waits.
 */
export async function actOrAsk<T>(
  { archive, holding }: CheckpointEngine,
  asked: Asked,
  { act, waitMs }: { readonly act: () => Promise<T>; readonly waitMs: number | undefined },
): Promise<Tidied<T>> {
  const endMs = monotonicMs() + (waitMs ?? 0);
  const first = await unlessHeld(act);
  if ("did" in first) return first;
  const { holder } = first.held;
  let isRunning = doesAsks(holder);
  if (!isRunning && waitMs === undefined) throw first.held;
  const checkpoints = await archive.store();
  const { store } = checkpoints;
  const ask = async (whom: Whom): Promise<string> =>
    await leaveAsk(store, {
      ...{ asked, ...whom, pid: Deno.pid, host: hostName(), createdAtMs: Date.now() },
    });
  let whom = await whomToAsk(checkpoints, holder);
  let held: Holder = holder;
  let name = await ask(whom);
  for (;;) {
    const now = await holding.holder();
    // It may have ended before the ask was there, or since: then it has done what is gone by now.
    if (await store.stat(name) === undefined) {
      const next = await whomToAsk(checkpoints, now ?? holder);
      // Another attempt does not do what this one was asked for, and who only tidies up clears it away.
      if (isRunning && (isSame(next, whom) || isOneHold(now, held))) {
        return { asked: { holder, isGone: true } };
      }
      whom = next;
      held = now ?? held;
      name = await ask(whom);
    }
    if (now === undefined) {
      const again = await unlessHeld(act, () => dropAsks(store, [name]));
      if ("did" in again) return again;
    } else isRunning = doesAsks(now);
    const leftMs = endMs - monotonicMs();
    if (leftMs <= 0) return { asked: { holder, isGone: false } };
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, leftMs)));
  }
}

/** Whether a holder looks for asks, as one does that runs the job. */
export function doesAsks({ purpose }: Holder): boolean {
  return purpose !== "prune" && purpose !== "repair";
}

/**
 * What a process that runs the job has been resumed from, which it keeps until it has saved something itself;
 * where its plan reads large blobs late, perhaps longer.
 */
export async function inUseOf(
  checkpoints: CheckpointStore,
  holder: Holder | undefined,
  readsLate: boolean,
): Promise<readonly ManifestRef[]> {
  if (holder === undefined || !doesAsks(holder)) return [];
  const { attempts, line } = await checkpoints.history();
  const newest = attempts.at(-1);
  if (newest?.parent === undefined) return [];
  const hasSaved = line.at(-1)?.attempt === newest.attempt;
  return hasSaved && !readsLate ? [] : [newest.parent];
}

/** The attempt that is asked. */
export type Whom = Pick<Ask, "attempt" | "heldSinceMs">;

/** Whether two are the same attempt, or of one hold though a clock was set back meanwhile. */
function isSame(next: Whom, whom: Whom): boolean {
  return next.attempt === whom.attempt ||
    (whom.heldSinceMs !== undefined && next.heldSinceMs === whom.heldSinceMs);
}

/** Whether a job is held as it was, by who has begun another attempt since: it does what it was asked before that. */
function isOneHold(now: Holder | undefined, before: Holder): boolean {
  if (now?.sinceMs === undefined || now.sinceMs !== before.sinceMs) return false;
  return now.pid === before.pid && now.host === before.host;
}

/** The holder's attempt: the newest one, or the next, where he has not begun it yet, as he still loads what he starts from. */
export async function whomToAsk(checkpoints: CheckpointStore, holder: Holder): Promise<Whom> {
  const newest = (await checkpoints.history()).attempts.at(-1)?.attempt ?? 0;
  const { sinceMs } = holder;
  if (sinceMs === undefined || !doesAsks(holder)) return { attempt: newest };
  const begunMs = newest === 0 ? -Infinity : await begunAtMs(checkpoints, newest);
  return begunMs < sinceMs ? { attempt: newest + 1, heldSinceMs: sinceMs } : { attempt: newest };
}

/** When an attempt was begun; at no time before any hold, where nobody can tell. */
async function begunAtMs(checkpoints: CheckpointStore, attempt: number): Promise<number> {
  try {
    return (await checkpoints.readAttempt(attempt))?.createdAtMs ?? Infinity;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return Infinity;
  }
}

/** Acts, and then ends what was asked for instead, whatever came of it; but for where somebody has the job. */
async function unlessHeld<T>(
  act: () => Promise<T>,
  end: () => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly did: T } | { readonly held: JobHeldError }> {
  try {
    const did = await act();
    await end();
    return { did };
  } catch (error) {
    if (error instanceof JobHeldError) return { held: error };
    await end().catch(() => {});
    throw error;
  }
}

/**
 * Clears away the asks that nobody has done, for whoever has taken the job and has done the like; all of
 * them, or those to prune.
 */
export async function clearAsks(store: Store, which: "all" | "prune"): Promise<void> {
  const going: string[] = [];
  for (const name of await listAsks(store)) {
    if (which === "all" || await isToPrune(store, name)) going.push(name);
  }
  await dropAsks(store, going);
}

async function isToPrune(store: Store, name: string): Promise<boolean> {
  try {
    return (await readAsk(store, name))?.asked.what === "prune";
  } catch (error) {
    if (error instanceof DamagedError) return true;
    if (error instanceof UnsupportedVersionError) return false;
    throw error;
  }
}
