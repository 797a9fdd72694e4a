/**
 * Where a drill runs a job again and again: what the drill needs of it, in this process or in others.
 *
 * @module
 */
import type { CheckpointStore } from "../../storage/mod.ts";
import type { StepsByTask } from "./piece_ends.ts";

/** How one start of the job is to go. */
export interface LifeOptions {
  /** The step at which it dies, from 1; it is not killed where not given. */
  readonly dieAt?: number;
  /** Whether it is the first start at its place, which is given the params and the seed. */
  readonly isFirst: boolean;
}

/** What one start of the job did. */
export interface Life {
  /** How many steps it took. */
  readonly steps: number;
  /** The last of them, in words. */
  readonly lastStep: string;
  /** Whether it was killed. */
  readonly isDead: boolean;
  /** Why it failed, where it did, and was not killed. */
  readonly failure: unknown;
  /** The digests of its blobs at its end, by `node/blob`. */
  readonly digests: ReadonlyMap<string, string>;
  /** The tasks of which pieces were taken as done, and not run again. */
  readonly recalls: ReadonlySet<string>;
  /** The steps at which tasks ended of which pieces were recorded and they themselves not yet, by the tasks' names. */
  readonly pieceEnds: StepsByTask;
  /** What tasks took from outside that is not the same again, by task, and by "" outside them. */
  readonly uses: ReadonlyMap<string, readonly string[]>;
}

/** A place of its own, empty at first. */
export interface Ground extends AsyncDisposable {
  /** Whether all starts share a process, and with it the variables of modules. */
  readonly isOneProcess: boolean;
  /** Starts the job, or goes on with it. */
  live(options: LifeOptions): Promise<Life>;
  /** What it has saved. */
  open(): Promise<CheckpointStore>;
}

/** Makes grounds; `keepAll` keeps all epochs, whatever the plan says. */
export type MakeGround = (options: { readonly keepAll: boolean }) => Promise<Ground>;
