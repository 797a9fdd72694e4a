/**
 * Finds blobs that a node has no longer, though the job has them.
 *
 * @module
 */
import type { JobParts } from "../../storage/mod.ts";
import type { JobChange } from "./compare.ts";

type Nodes = JobParts[string];

/** Blobs that a node had and others have now: what was saved of the one is not the others'. */
export function movedBlobs(before: Nodes, now: Nodes): readonly JobChange[] {
  const kept = new Set(Object.keys(now).flatMap((node) => blobsOf(now, node)));
  return Object.keys(before).flatMap((node): readonly JobChange[] => {
    const own = blobsOf(now, node);
    const lost = blobsOf(before, node).filter((blob) => kept.has(blob) && !own.includes(blob));
    if (lost.length === 0) return [];
    const blobs = lost.map((blob) => `"${blob}"`).join(", ");
    const what = Object.hasOwn(now, node)
      ? `node "${node}" has its ${blobs} no longer`
      : `node "${node}" is gone, with its ${blobs}`;
    const why =
      "what was saved of that stays in the old checkpoints only, as no other node goes on from it";
    return [{ what, why, verdict: "to be allowed" }];
  });
}

function blobsOf(nodes: Nodes, node: string): readonly string[] {
  const saves = Object.hasOwn(nodes, node) ? nodes[node]?.["saves"] : undefined;
  return saves === undefined || saves === "" ? [] : saves.split(", ");
}
