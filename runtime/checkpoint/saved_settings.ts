/**
 * With which settings a saved state is to be gone on from.
 *
 * @module
 */
import type { ParamValue } from "../../dsl/mod.ts";
import { type CheckpointStore, DamagedError, type Manifest } from "../../storage/mod.ts";

/** Settings that go with a state. */
export interface SavedSettings {
  /** The params. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** The seed. */
  readonly seed: number;
  /** Whether the record is lost that would say what a fork was asked to be other than what it begins with. */
  readonly isLost: boolean;
}

/**
 * Those with which a state was saved; of one without a parent, with which a fork may begin, those that its
 * attempt's record has, as what was asked for is nowhere else.
 */
export async function savedSettings(
  store: CheckpointStore,
  { parent, attempt, run }: Manifest,
): Promise<SavedSettings> {
  const { params, seed } = run;
  if (parent !== undefined) return { params, seed, isLost: false };
  try {
    const begun = await store.readAttempt(attempt);
    if (begun !== undefined) return { params: begun.params, seed: begun.seed, isLost: false };
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
  }
  return { params, seed, isLost: true };
}
