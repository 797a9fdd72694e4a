/**
 * Whoever keeps account of checkpoints elsewhere: a catalogue, a scheduler, a dashboard.
 *
 * @module
 */
import type { Awaitable } from "../../dsl/mod.ts";

/** Where a manager keeps its checkpoints. */
export interface CheckpointPlace {
  /** The place, as given to the manager. */
  readonly db: string;
  /** The kind of store. */
  readonly dbType: string;
  /** The nodes; none where a manager for all of a session's nodes begins with a load into an empty session. */
  readonly nodes: readonly string[];
}

/** What one save or load did on one node. */
export interface CheckpointReport {
  /** What was done. */
  readonly action: "save" | "load";
  /** The epoch. */
  readonly epoch: number;
  /** The node. */
  readonly node: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** How many bytes of blobs were written or read. */
  readonly bytes: number;
}

/**
 * Is told of what a checkpoint manager does, and asked what to resume from.
 *
 * What a handler throws fails the run at that point. (The reference's metadata handler in Caffe2's
 * `checkpoint.py` has the same parts.)
 */
export interface MetadataHandler {
  /** Is told where the checkpoints are, before anything else. */
  setPlace?(place: CheckpointPlace): Awaitable<void>;
  /**
   * Is asked for the epoch to resume from; `undefined` keeps what the runner was given. It is asked by a
   * fresh start too, which becomes a resume where it names one: the run then says so.
   */
  lastEpoch?(requested: number | undefined): Awaitable<number | undefined>;
  /** Is asked whether checkpoints can be reached now. */
  isAccessible?(epoch: number | undefined): Awaitable<boolean>;
  /** Is told of each committed epoch; again of the one that a resume starts from, in case a kill came between. */
  setCommittedEpoch?(epoch: number): Awaitable<void>;
  /** Is told how long each save and load took on each node, and its bytes. */
  report?(report: CheckpointReport): Awaitable<void>;
}
