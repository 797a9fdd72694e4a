/**
 * A state on its way from the workspaces to the store.
 *
 * @module
 */
import type { Attempt, NodeReport, RunState, SaveRequest } from "../../storage/mod.ts";
import type { Phase } from "../events.ts";
import type { Program } from "../program.ts";
import type { CheckpointHost } from "../session/session.ts";

/** What the runner tells the engine of the job. */
export interface Binding {
  /** The job compiled. */
  readonly program: Program;
  /** What the run knows beside its blobs, at the moment of a save. */
  readonly runState: () => RunState;
}

/** A state as it was at a boundary. */
export interface PreparedSave {
  /** The workspaces' host. */
  readonly host: CheckpointHost;
  /** The epoch. */
  readonly epoch: number;
  /** The phase that the save ends. */
  readonly phase: Phase;
  /** The job, where one is run. */
  readonly program: Program | undefined;
  /** The blobs. */
  readonly nodes: SaveRequest["nodes"];
  /** How many bytes of the blobs are new, and so are to be written. */
  readonly bytes: number;
  /** Whether tasks may run while it is saved: it shares no memory with the blobs, and takes a while. */
  readonly isAside: boolean;
  /** What the run knew beside its blobs. */
  readonly run: RunState | undefined;
  /** The numbers by which epochs are compared. */
  readonly metrics: Readonly<Record<string, number>>;
  /** When it was begun, by `performance.now()`. */
  readonly startedMs: number;
}

/** A save that is committed. */
export interface Committed {
  /** What was saved. */
  readonly prepared: PreparedSave;
  /** By which attempt. */
  readonly attempt: Attempt;
  /** What was done for each node. */
  readonly reports: readonly NodeReport[];
  /** How long it took, from the boundary on. */
  readonly durationMs: number;
}
