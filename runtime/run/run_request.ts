/**
 * What a run is asked to do.
 *
 * @module
 */
import type { Job, ParamValue } from "../../dsl/mod.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import type { Sources } from "../change/sources.ts";
import type { Checkpoints } from "../checkpoint/manager.ts";
import type { Clock } from "../events.ts";
import type { Session } from "../session/session.ts";
import type { Uploader } from "./uploader.ts";

/** What is to be run, and how. */
export interface RunRequest {
  /** The job. */
  readonly job: Job;
  /** The name under which it is saved. */
  readonly name: string;
  /** Where its tasks run. */
  readonly session: Session;
  /** Where its checkpoints are. */
  readonly checkpoints: Checkpoints;
  /** The epoch to go on from. */
  readonly from: EpochRef | "auto" | undefined;
  /** What takes the results elsewhere. */
  readonly uploader: Uploader | undefined;
  /** Params given now, by name. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** The seed given now. */
  readonly seed: number | undefined;
  /** Ends the run once this epoch is committed. */
  readonly stopAfterEpoch: number | undefined;
  /** What the job is written in. */
  readonly sources: Sources;
  /** Goes on also where the job is not what it was when it was saved, as far as that can be allowed. */
  readonly allowChange: boolean;
  /**
   * The attempt of this run that was the first to read what is damaged, where the run starts again behind
   * it: with the hold that it has, and reading all that is saved at its start, whatever the plan says.
   */
  readonly behind: number | undefined;
  /** The migrations that saved states have gone through of which nobody can tell otherwise, where that is said. */
  readonly migrated: readonly string[] | undefined;
  /** Takes the job over where another runner holds it. */
  readonly takeOver: boolean;
  /** What `now` gives. */
  readonly clock: Clock | undefined;
  /** Stops the run. */
  readonly signal: AbortSignal;
  /** Says why to stop, also while the thread is busy. */
  readonly stopReason: () => unknown;
}
