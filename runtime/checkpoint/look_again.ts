/**
 * Looks again which epoch is the newest, where that is removed while something is done with it.
 *
 * @module
 */
import { CheckpointNotFoundError, RemovedError } from "../../storage/mod.ts";
import type { EpochRef } from "./epoch_ref.ts";

/** How often it is looked for, at most: beside a run that keeps one epoch and saves many a second. */
const MOST_LOOKS = 10;

/**
 * Does something with an epoch. Where that was asked for as the newest one and is removed meanwhile, it is done
 * with the one that is the newest then; one that was named is no other, but is looked for once more, to say what
 * there is in its place.
 */
export async function lookingAgain<T>(epoch: EpochRef, act: () => Promise<T>): Promise<T> {
  const isNewest = epoch === "latest";
  for (let left = isNewest ? MOST_LOOKS : 2;; left--) {
    try {
      return await act();
    } catch (error) {
      const isGone = error instanceof CheckpointNotFoundError ||
        (isNewest && error instanceof RemovedError);
      if (!isGone || left <= 1) throw error;
    }
  }
}
