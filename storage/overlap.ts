/**
 * Finds blocks that share bytes: what is on disk could not bound what a reader allocates.
 *
 * @module
 */
import type { BlockRef, Manifest } from "./manifest.ts";

/** A block that shares bytes of its pack with another one of the same manifest. */
export function findOverlap(nodes: Manifest["nodes"]): BlockRef | undefined {
  const packs = new Map<string, BlockRef[]>();
  for (const blobs of Object.values(nodes)) {
    for (const entry of Object.values(blobs)) {
      if ("absent" in entry) continue;
      for (const block of entry.blocks ?? []) {
        const inPack = packs.get(block.pack);
        if (inPack === undefined) packs.set(block.pack, [block]);
        else inPack.push(block);
      }
    }
  }
  for (const blocks of packs.values()) {
    let end = 0;
    for (const block of blocks.sort((a, b) => a.offset - b.offset)) {
      if (block.offset < end) return block;
      end = block.offset + block.length;
    }
  }
  return undefined;
}
