/**
 * Asks whoever holds a job to remove something, and waits until that is done.
 *
 * @module
 */
import {
  type Asked,
  DamagedError,
  dropAsks,
  type Holder,
  leaveAsk,
  listAsks,
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
  /** Whether the ask is gone, as it was done, or could not be; else it waits for the holder's next save. */
  readonly isDone: boolean;
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
  const isRunning = holder.purpose !== "prune" && holder.purpose !== "repair";
  if (!isRunning && waitMs === undefined) throw first.held;
  const checkpoints = await archive.store();
  const { store } = checkpoints;
  const newest = async () => (await checkpoints.history()).attempts.at(-1)?.attempt ?? 0;
  const ask = async (attempt: number) =>
    await leaveAsk(store, {
      ...{ asked, attempt, pid: Deno.pid, host: hostName(), createdAtMs: Date.now() },
    });
  let attempt = await newest();
  let name = await ask(attempt);
  for (;;) {
    // It may have ended before the ask was there, or since: then it has done what is gone by now.
    const isFree = await holding.holder() === undefined;
    if (await store.stat(name) === undefined) {
      const now = await newest();
      if (now === attempt) return { asked: { holder, isDone: true } };
      // Another attempt does not do what this one was asked for.
      attempt = now;
      name = await ask(attempt);
    }
    if (isFree) {
      const again = await unlessHeld(act, () => dropAsks(store, [name]));
      if ("did" in again) return again;
    }
    const leftMs = endMs - monotonicMs();
    if (leftMs <= 0) return { asked: { holder, isDone: false } };
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, leftMs)));
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
