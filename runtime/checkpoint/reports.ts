/**
 * What a load did, as a metadata handler is told.
 *
 * @module
 */
import type { Manifest, NodeReport } from "../../storage/mod.ts";

/** How many bytes of blobs were read on each node. */
export function loadReports(
  { nodes }: Manifest,
  durationMs: number,
  isRead: (node: string, blob: string) => boolean,
): readonly NodeReport[] {
  return Object.entries(nodes).map(([node, blobs]) => {
    const read = Object.entries(blobs).filter(([name]) => isRead(node, name));
    const bytes = read.reduce((sum, [, entry]) => sum + ("absent" in entry ? 0 : entry.bytes), 0);
    return { node, bytes, durationMs };
  });
}
