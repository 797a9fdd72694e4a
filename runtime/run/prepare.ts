/**
 * Makes a session's workspaces ready for a job.
 *
 * @module
 */
import type { Manifest } from "../../storage/mod.ts";
import type { Program } from "../program.ts";
import type { CheckpointTask } from "../session/session.ts";

/** Builds the task that tells the workspaces of a job's blobs; and empties them for a fresh start. */
export function declareBlobs(program: Program, isFresh: boolean): CheckpointTask<void> {
  return {
    kind: "checkpoint",
    name: "declare blobs",
    nodes: program.nodes,
    perform: ({ workspace }) => {
      if (isFresh) { for (const node of program.nodes) workspace(node).clear(); }
      for (const { node, blob } of program.blobs) workspace(node).declare(blob);
      return Promise.resolve();
    },
  };
}

/**
 * Builds the task that gives blobs their initial values that the checkpoint does not know: those
 * that are not saved, and those that the job did not have then.
 */
export function fillNewBlobs(program: Program, manifest: Manifest): CheckpointTask<void> {
  return {
    kind: "checkpoint",
    name: "fill new blobs",
    nodes: program.nodes,
    perform: async ({ workspace }) => {
      for (const { node, blob } of program.blobs) {
        if (manifest.nodes[node]?.[blob.name] !== undefined) continue;
        if (!blob.scratch) await workspace(node).initialize((other) => other === blob);
      }
    },
  };
}
