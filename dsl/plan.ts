/**
 * The checkpoint plan: where, when and what to save, as data.
 *
 * @module
 */
import type { Epochs } from "./condition.ts";
import type { Duration } from "./duration.ts";
import type { Keep } from "./keep.ts";
import type { Migration } from "./migration.ts";
import type { AnyBlob } from "./token.ts";

/** Which blobs are saved. */
export interface BlobSelection {
  /** Only these; all where not given. */
  readonly include?: readonly AnyBlob[];
  /** Not these. */
  readonly exclude?: readonly AnyBlob[];
}

/** Where, when and what to save. */
export interface CheckpointPlan {
  /**
   * The place: `"file:checkpoints"` or `"memory:name"`. The job's checkpoints lie in a folder of the
   * job's name there. A relative path starts at the job's file.
   */
  readonly to: string;
  /** How often: every so many epochs, or when so much time has passed; each epoch by default. The last epoch is always saved. */
  readonly every?: Epochs | Duration;
  /** Which checkpoints are kept; all where not given. */
  readonly keep?: readonly [Keep, ...Keep[]];
  /** Which blobs are saved; all but the scratch and derived ones where not given. */
  readonly blobs?: BlobSelection;
  /**
   * What is durable by itself: whole epochs (the default), or also finished tasks, the pieces of a `map`,
   * and steps. A resume in the midst of an epoch then runs only what is missing. What a task wrote is
   * written once more for it, as a whole.
   */
  readonly grain?: "epoch" | "task";
  /**
   * What a save outlives: a power cut, the death of the process, or nothing in particular. The
   * strongest the place can promise where not given; asking for more than that is an error.
   */
  readonly durability?: "power" | "process" | "none";
  /**
   * Whether a second copy of each blob that is written is held in memory, with which the next save
   * compares it, so that only the blocks that differ are written (`"blocks"`, the default); or none,
   * and each blob that may have been written is saved whole (`"none"`).
   */
  readonly snapshot?: "blocks" | "none";
  /**
   * When a run that goes on from an epoch reads a blob of more than 4 KiB: at its start (`"eager"`, the
   * default), or when a task, a condition or a fetch first needs it (`"lazy"`); what nothing needs is
   * never read, and yet saved with each epoch; what is derived is made again only where a task still to
   * run may read it. A missing or short file is found at the start either way;
   * where a task is the first to read a damaged block, the run starts again, and reads all at its start.
   */
  readonly load?: "eager" | "lazy";
  /**
   * Compares what each task reads before and after it, to find undeclared writes, and looks at any depth
   * for memory that what it updates shares with other blobs; off by default.
   */
  readonly check?: "off" | "reads";
  /**
   * What a failed save does: `"fail"` (the default) stops the job, `"warn"` goes on without it,
   * `"retry"` tries again five times, `"pause"` tries again until it works or the run is stopped.
   */
  readonly onSaveError?: "fail" | "warn" | "retry" | "pause";
  /**
   * What a resume does about a damaged epoch: goes back to the nearest good one (the default), or stops.
   * A phase after the last epoch whose state is damaged is done again, or stopped at, likewise.
   * A read of `saved(…)` does likewise: it does not look at the damaged one, or fails.
   */
  readonly onDamaged?: "fallback" | "stop";
  /**
   * What a resume does where the job was edited since it was saved so that later epochs would be computed
   * in another way, or where a derived blob is not what it was: stops and says what differs (the default), or
   * says it and goes on.
   */
  readonly onChange?: "stop" | "allow";
  /** What becomes of blobs that were saved in another form than the job has now, in this order. */
  readonly migrate?: readonly Migration[];
}
