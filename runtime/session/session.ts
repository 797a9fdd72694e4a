/**
 * Sessions: where task groups run.
 *
 * @module
 */
import type { BlobRef, Step } from "../../dsl/mod.ts";
import type { Events } from "../events.ts";
import type { ReadyGroup } from "./ready_group.ts";
import type { Scope } from "./scope.ts";
import type { Workspace } from "./workspace.ts";

/** What a checkpoint task works on: a session's workspaces and its events. */
export interface CheckpointHost {
  /** A node's blobs. */
  workspace(node: string): Workspace;
  /** The nodes that have a workspace. */
  readonly nodes: readonly string[];
  /** Where events go. */
  readonly events: Events;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
}

/** A task that a checkpoint manager built: it saves or loads when a session runs it. */
export interface CheckpointTask<out O> {
  /** What it is. */
  readonly kind: "checkpoint";
  /** What it does, as in `"save(3)"`. */
  readonly name: string;
  /** The nodes it is for; all of the session's where empty. */
  readonly nodes: readonly string[];
  /** Does it. */
  readonly perform: (host: CheckpointHost) => Promise<O>;
}

/** A group of a job, made ready, with what its tasks know of the run. */
export interface PhaseRun {
  /** What it is. */
  readonly kind: "phase";
  /** The group. */
  readonly group: ReadyGroup;
  /** The run around it. */
  readonly scope: Scope;
}

/** What {@linkcode Session.run} takes. */
export interface RunOptions {
  /** Stops what runs. */
  readonly signal?: AbortSignal;
}

/** Which node's blob is meant. */
export interface BlobOptionsOfSession {
  /** The node; `main` where not given. */
  readonly node?: string;
}

/** Where task groups run, and blobs live. */
export interface Session extends AsyncDisposable {
  /** Where events go. */
  readonly events: Events;
  /** Runs a checkpoint task, and gives its output. */
  run<O>(task: CheckpointTask<O>, options?: RunOptions): Promise<O>;
  /** Runs a task or a group. */
  run(step: Step | PhaseRun, options?: RunOptions): Promise<void>;
  /** A blob's value. */
  fetch<T>(blob: BlobRef<T>, options?: BlobOptionsOfSession): Promise<T>;
  /** A blob's value, by its name. */
  fetch(blob: string, options?: BlobOptionsOfSession): Promise<unknown>;
  /** Sets a blob. */
  feed<T>(blob: BlobRef<T>, value: NoInfer<T>, options?: BlobOptionsOfSession): Promise<void>;
  /** Sets a blob, by its name. */
  feed(blob: string, value: unknown, options?: BlobOptionsOfSession): Promise<void>;
}
