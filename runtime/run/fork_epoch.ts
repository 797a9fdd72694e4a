/**
 * Makes an epoch of one job the first of another.
 *
 * @module
 */
import type { Archive } from "../checkpoint/archive.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import { lookingAgain } from "../checkpoint/look_again.ts";
import { foreseeResume } from "./foresee.ts";
import type { JobRequest } from "./recompile.ts";

/** Where the other job is saved. */
export interface ForkTarget {
  /** Its name. */
  readonly as: string;
  /** Its checkpoints. */
  readonly archive: Archive;
}

/**
 * Commits an epoch as the first of another job, where the job may go on from it.
 *
 * @throws {JobChangedError} Where it may not.
 */
export async function forkEpoch(
  request: JobRequest,
  from: EpochRef,
  { as, archive }: ForkTarget,
): Promise<void> {
  const { params, seed, checkpoints: { engine: { archive: source } } } = request;
  await lookingAgain(from, async () => {
    // What is judged is what is forked, though others are saved meanwhile.
    const epoch = await source.fix(from);
    const { refusal } = await foreseeResume(request, epoch, true);
    if (refusal !== undefined) throw refusal;
    await archive.adopt(as, source, epoch, { params, seed });
  });
}
