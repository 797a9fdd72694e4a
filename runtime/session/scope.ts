/**
 * What the tasks of one group run know of the run around them.
 *
 * @module
 */
import type { AnyBlob, By, ParamValue } from "../../dsl/mod.ts";
import type { DerivedBlobs } from "../derived/derived_blobs.ts";
import type { Clock, Events, Phase, TaskPlace } from "../events.ts";
import type { Journal } from "../journal/journal.ts";
import type { Cursors } from "./cursors.ts";
import type { ResourcePool } from "./resources.ts";

/** Reads a blob of the best saved epoch. */
export type SavedReader = (node: string, blob: AnyBlob, by: By) => Promise<unknown>;

/** What the tasks of one group run know of the run around them. */
export interface Scope {
  /** The job's name. */
  readonly job: string;
  /** The name under which it is saved: another one for a fork. */
  readonly name: string;
  /** Which of the job's groups runs. */
  readonly phase: Phase;
  /** The epoch. */
  readonly epoch: number;
  /** The runner's attempt; 0 outside a runner. */
  readonly attempt: number;
  /** The branch: new where a person chose to go on from an older epoch. */
  readonly branch: number;
  /** The seed of all random numbers. */
  readonly seed: number;
  /** The values of params, by name, where they are not the defaults. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  /** Why the run is to stop, also while the thread is too busy for `signal` to hear of it. */
  readonly stopReason: () => unknown;
  /** The positions of cursors. */
  readonly cursors: Cursors;
  /** The open resources. */
  readonly resources: ResourcePool;
  /** Reads blobs of saved epochs. */
  readonly saved: SavedReader;
  /** Where events go. */
  readonly events: Events;
  /** Whether to compare what tasks read before and after them. */
  readonly checkReads: boolean;
  /** What `now` gives; the time where not given. */
  readonly clock?: Clock | undefined;
  /** Is told of each wait for a time, and may refuse it. */
  readonly onWait?: ((what: string, place: TaskPlace) => void) | undefined;
  /** What tasks have done since the last saved state; none outside a runner. */
  readonly journal?: Journal | undefined;
  /** Compares derived blobs with what they were; none outside a runner. */
  readonly derived?: DerivedBlobs | undefined;
}
