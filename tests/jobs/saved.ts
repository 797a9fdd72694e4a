/** What a job has saved, as values. */

import { fail } from "@std/assert";
import { firstDifference, LocalSession, MultiNodeCheckpointManager } from "tidemark";

/** All blobs of the newest checkpoint in a job's folder, by node and name; of codecs the saved form. */
export async function savedBlobs(folder: string): Promise<Record<string, Record<string, unknown>>> {
  const checkpoints = new MultiNodeCheckpointManager(folder, "file");
  await using session = new LocalSession();
  await session.run(checkpoints.init(undefined, "latest"));
  await session.run(checkpoints.load("latest"));
  const nodes = [...session.nodes].sort();
  return Object.fromEntries(nodes.map((node) => {
    const values = [...session.workspace(node).values].sort(([a], [b]) => a < b ? -1 : 1);
    return [node, Object.fromEntries(values)];
  }));
}

/** Fails where the newest checkpoints of two folders do not hold the same values. */
export async function assertSameSaved(actual: string, expected: string): Promise<void> {
  const blobs = await savedBlobs(expected);
  if (Object.values(blobs).every((node) => Object.keys(node).length === 0)) {
    fail(`no blob is saved in ${expected}`);
  }
  const difference = firstDifference(await savedBlobs(actual), blobs);
  if (difference === undefined) return;
  const { path, left, right } = difference;
  fail(`the blobs differ at ${path}: resumed ${left}, uninterrupted ${right}`);
}
