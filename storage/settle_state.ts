/**
 * What a saved state rests on: its packs, and the records that its line leads back to.
 *
 * @module
 */
import { CheckpointNotFoundError, DamagedError } from "./errors.ts";
import { listManifests } from "./history.ts";
import { decodeParent, MAX_RECORD_BYTES } from "./job_record.ts";
import {
  attemptName,
  FOLDERS,
  manifestName,
  type ManifestRef,
  parentName,
  parseAttemptName,
} from "./layout.ts";
import { readRecord } from "./record_reader.ts";
import type { Store } from "./store.ts";

/**
 * Makes a saved state durable, with the packs that it names and the record of who saved it; of a phase the
 * epoch before it too. What of it is gone, or cannot be read, is for whoever restores it to miss.
 *
 * @param packsOf The packs that a manifest names.
 * @param besides What else is made durable with it.
 * @throws {StoreError} Where that fails.
 */
export async function settleState(
  store: Store,
  ref: ManifestRef,
  packsOf: (ref: ManifestRef) => Promise<readonly string[]>,
  besides: readonly string[],
): Promise<void> {
  if (store.settle === undefined) return;
  const refs = [ref];
  if (ref.phase !== "epoch") {
    // Those of other lines are few, and nothing is lost by it.
    const all = await listManifests(store);
    refs.push(
      ...all.filter(({ epoch, phase, attempt }) =>
        epoch === ref.epoch && phase === "epoch" && attempt <= ref.attempt
      ),
    );
  }
  const names = [...besides];
  for (const one of refs) {
    const packs = await packsOf(one).catch((error) => {
      if (error instanceof DamagedError || error instanceof CheckpointNotFoundError) return [];
      throw error;
    });
    // The record says what the state has gone through.
    for (const pack of packs) names.push(pack);
    names.push(manifestName(one), attemptName(one.attempt));
  }
  await store.settle([...new Set(names)]);
}

/**
 * The names of the records of attempts before one, and of where they started, that may not be durable yet:
 * it is by those that a line leads back to what they saved, whatever they had to outlive.
 *
 * @param from What that one goes on from; all count where it begins anew.
 */
export async function unsettledBefore(
  store: Store,
  before: number,
  from: ManifestRef | undefined,
): Promise<readonly string[]> {
  const first = from === undefined ? 0 : await firstUnsettled(store, from.attempt);
  return (await store.list(FOLDERS.attempts)).filter((name) => {
    const { attempt = before } = parseAttemptName(name) ?? {};
    return attempt < before && attempt >= first;
  });
}

/** Of the line back from an attempt, the newest that had all before it made durable; 0 where none had. */
async function firstUnsettled(store: Store, head: number): Promise<number> {
  // A record leads to earlier attempts only, so that this ends.
  for (let attempt = head;;) {
    const name = parentName(attempt);
    try {
      const bytes = await readRecord(store, name, MAX_RECORD_BYTES);
      if (bytes === undefined) return 0;
      const { parent, isSettled } = decodeParent(attempt, bytes);
      if (isSettled === true) return attempt;
      if (parent === undefined) return 0;
      attempt = parent.attempt;
    } catch (error) {
      if (error instanceof DamagedError) return 0;
      throw error;
    }
  }
}
