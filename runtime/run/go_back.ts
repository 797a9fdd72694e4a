/**
 * Finds the newest state of a line that a job can go on from: where one is damaged, that before it.
 *
 * @module
 */
import type { CheckpointPlan } from "../../dsl/mod.ts";
import { DamagedError, formatRef, type ManifestRef } from "../../storage/mod.ts";
import type { Archive } from "../checkpoint/archive.ts";
import { damageText } from "../checkpoint/damage_text.ts";
import type { Target } from "../checkpoint/locate.ts";
import { DamagedStartError } from "./damaged_start_error.ts";

/** A state that a job may go on from. */
export interface Candidate {
  /** The epoch. */
  readonly ref: ManifestRef;
  /** The last state behind it: the epoch itself, or a phase that is recorded after it. */
  readonly by: ManifestRef;
  /** Those behind it that are damaged, and were gone back over. */
  readonly over: readonly ManifestRef[];
}

/** How a candidate is loaded. */
export interface Loading<T> {
  /** Loads the epoch. */
  readonly epoch: (candidate: Candidate) => Promise<T>;
  /** Loads the phase behind it, as far as the job goes on from there. */
  readonly phase: (loaded: T, phase: ManifestRef) => Promise<T>;
}

/** Where a job is to go on. */
export interface Going {
  /** What is saved. */
  readonly archive: Archive;
  /** What a resume aims at. */
  readonly target: Target;
  /** What the plan wants where that is damaged. */
  readonly onDamaged: CheckpointPlan["onDamaged"];
  /** Is given what is to be said. */
  readonly warnings: string[];
}

/**
 * Loads the newest state, and where that is damaged says so and loads the nearest one before: behind a
 * damaged epoch no phase is gone on from, but where only a phase's state is damaged, its epoch is.
 *
 * @throws {DamagedError} Where a person named the epoch, none is good, or the plan wants it so.
 */
export async function goBack<T>(
  { archive, target, onDamaged, warnings }: Going,
  load: Loading<T>,
): Promise<T> {
  const { place } = archive;
  const refs = [...target.refs];
  const over: ManifestRef[] = [];
  let newest: DamagedError | undefined;
  let told = warnings.length;
  for (let ref = refs.pop();; ref = refs.pop()) {
    if (ref === undefined) {
      throw new DamagedError(place, "an epoch that is not damaged", "none");
    }
    let at = ref;
    try {
      if (ref.phase === "epoch") return await load.epoch({ ref, by: ref, over });
      // The phases are judged by their epoch's blobs, and go on from their own.
      await archive.verify(ref);
      const of = refs.findLast((other) => other.phase === "epoch");
      if (of === undefined) continue;
      at = of;
      const loaded = await load.epoch({ ref: of, by: ref, over });
      at = ref;
      return await load.phase(loaded, ref);
    } catch (error) {
      // Where an epoch is damaged, no phase after it can be gone on from either.
      if (at !== ref) refs.splice(refs.indexOf(at));
      const next = refs.at(-1);
      if (!(error instanceof DamagedError)) throw error;
      // Who names an epoch means that one, whatever phase was recorded after it.
      if (target.isNamed && at.phase === "epoch") throw error;
      newest ??= error;
      over.push(at);
      if (next === undefined) throw nothingIntact(newest, place);
      if (onDamaged === "stop" && !target.isNamed) throw toStop(error, at, next, place);
      // What is damaged with its epoch is told of that.
      if (at.phase === "epoch") warnings.splice(told);
      warnings.push(
        `checkpoint ${formatRef(at)} is damaged, so that the job goes back to ${
          formatRef(next)
        }: ` +
          `${damageText(error)}. Nothing of it is removed; ` +
          `verify --full says what else is damaged`,
      );
      if (at.phase === "epoch") told = warnings.length;
    }
  }
}

function nothingIntact(newest: DamagedError, place: string): DamagedStartError {
  const where =
    `No epoch that is saved at ${place} can be gone on from, all are damaged; the newest`;
  const next =
    "verify --full says what is damaged: bring it back from a copy, or start anew with " +
    "--fresh, which deletes nothing";
  return new DamagedStartError(newest, where, next);
}

function toStop(
  error: DamagedError,
  at: ManifestRef,
  before: ManifestRef,
  place: string,
): DamagedStartError {
  const where = `Checkpoint ${
    formatRef(at)
  } at ${place} is damaged, and the plan's onDamaged is "stop"`;
  const next = `Bring it back from a copy, or go back with resume --from ${before.epoch}`;
  return new DamagedStartError(error, where, next);
}
