/**
 * Pins: epochs that a person wants kept, whatever the plan says.
 *
 * @module
 */
import { CheckpointNotFoundError, ObjectExistsError, RemovedError } from "./errors.ts";
import { encodePin } from "./job_record.ts";
import { FOLDERS, formatRef, type ManifestRef, parsePinName, pinName } from "./layout.ts";
import type { AttemptInfo } from "./line.ts";
import { putNew } from "./put_new.ts";
import type { Store, StoreOptions, WriteOptions } from "./store.ts";

/** An epoch with the phases after it, as a pin keeps it. */
export type PinnedEpoch = Pick<ManifestRef, "epoch" | "attempt">;

/** The epochs that are pinned, by the names of the pins alone. */
export async function listPins(
  store: Store,
  options: StoreOptions = {},
): Promise<readonly PinnedEpoch[]> {
  return (await store.list(FOLDERS.pins, options)).map(parsePinName)
    .filter((pin) => pin !== undefined);
}

/** Whether an attempt has saved a state of an epoch, be it a phase after it. */
export function isOf({ epoch, attempt }: PinnedEpoch, ref: ManifestRef): boolean {
  return epoch === ref.epoch && attempt === ref.attempt;
}

/**
 * What pins keep: of an epoch the state that their attempt saved, and all phases whose line leads back to
 * it, whichever attempts saved them. A pin of an attempt that has saved only phases is one of the epoch
 * that it started from.
 *
 * Attempts alone tell that, so that whoever judges, prunes or removes says the same, whatever is gone.
 *
 * @example
 * ```ts
 * import { keptByPins } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const parent = { epoch: 5, attempt: 1, phase: "epoch" } as const;
 * const attempts = [
 *   { attempt: 1, isStarted: true, parent: undefined },
 *   { attempt: 2, isStarted: true, parent },
 * ];
 * const isKept = keptByPins([{ epoch: 5, attempt: 1 }], attempts);
 * assertEquals(isKept({ epoch: 5, attempt: 2, phase: "upload" }), true);
 * assertEquals(isKept({ epoch: 6, attempt: 2, phase: "epoch" }), false);
 * ```
 */
export function keptByPins(
  pins: readonly PinnedEpoch[],
  attempts: readonly Pick<AttemptInfo, "attempt" | "parent">[],
): (ref: ManifestRef) => boolean {
  if (pins.length === 0) return () => false;
  const parents = new Map(attempts.map(({ attempt, parent }) => [attempt, parent]));
  /** The attempt that saved the epoch itself, and not phases after it. */
  const saverOf = ({ epoch, attempt }: PinnedEpoch): string => {
    let saver = attempt;
    for (let from = parents.get(saver); from?.epoch === epoch; from = parents.get(saver)) {
      // A parent is always older, as its record's reader has checked.
      if (from.attempt >= saver) break;
      saver = from.attempt;
    }
    return `${epoch}@a${saver}`;
  };
  const pinned = new Set(pins.map(saverOf));
  return (ref) => pinned.has(saverOf(ref));
}

/** How often it is looked what has become of a removal that a pin may have come too late for. */
const LOOKS = 5;
const LOOK_MS = 25;

/**
 * Pins an epoch. Whoever removes looks for pins once its record says what goes, and this looks for
 * such records once the pin is there, so that one of the two always sees the other.
 *
 * @param isThere Whether it is there, and whether a record says that somebody is removing it.
 * @throws {RemovedError} Where it is being removed. The pin stays as long as that is not finished: it keeps
 *   the epoch where it came in time, and somebody else may have been promised so.
 * @throws {CheckpointNotFoundError} Where it is not there; then it is not pinned.
 */
export async function createPin(
  store: Store,
  pin: PinnedEpoch,
  isThere: () => Promise<"there" | "missing" | "going">,
  options: WriteOptions & { readonly nowMs?: number } = {},
): Promise<void> {
  const name = pinName(pin);
  const { nowMs = Date.now(), ...writing } = options;
  try {
    await putNew(store, name, encodePin(pin, nowMs), writing);
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
  }
  let found = await isThere();
  const wasGoing = found === "going";
  for (let look = 1; found === "going" && look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    found = await isThere();
  }
  if (found === "there") return;
  // What is gone never comes back, so that nobody else can have been promised that this keeps it.
  if (found === "missing") await store.remove([name], writing);
  const ref = formatRef({ ...pin, phase: "epoch" });
  throw wasGoing
    ? new RemovedError(ref, store.place, "pin")
    : new CheckpointNotFoundError(ref, store.place, [], true);
}

/** Takes a pin away; gives whether there was one. The epoch stays until a rule drops it. */
export async function removePin(
  store: Store,
  pin: PinnedEpoch,
  options: WriteOptions = {},
): Promise<boolean> {
  const name = pinName(pin);
  const wasThere = await store.stat(name, options) !== undefined;
  await store.remove([name], options);
  return wasThere;
}
