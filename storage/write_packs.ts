/**
 * Writes the packs of a save.
 *
 * @module
 */
import { InvalidNameError } from "./errors.ts";
import { type ManifestRef, newPackName } from "./layout.ts";
import type { BlobEntry, Manifest } from "./manifest.ts";
import { checkName } from "./names.ts";
import { inlineBudget, PackLayout } from "./pack.ts";
import type { NodeReport, SaveRequest } from "./save_request.ts";
import type { Durability, Store, StoreOptions, WriteOptions } from "./store.ts";

/** What a save has written before its manifest. */
export interface WrittenPacks {
  /** The blobs' entries. */
  readonly nodes: Manifest["nodes"];
  /** The packs that they name. */
  readonly packs: readonly string[];
  /** Those of them that this save wrote. */
  readonly written: readonly string[];
  /** What was done for each node. */
  readonly reports: readonly NodeReport[];
}

/** Lays out and writes a pack for each node that has blocks to write; a failure leaves none of them. */
export async function writePacks(
  { store, durability }: { readonly store: Store; readonly durability: Durability },
  ref: ManifestRef,
  request: SaveRequest["nodes"],
  options: StoreOptions,
): Promise<WrittenPacks> {
  const budget = inlineBudget();
  const nodes: [string, Record<string, BlobEntry>][] = [];
  const written: string[] = [];
  const reports: NodeReport[] = [];
  try {
    for (const [node, blobs] of Object.entries(request)) {
      const started = performance.now();
      checkPlainName(node);
      const pack = new PackLayout(newPackName(ref, node), budget);
      const entries = Object.entries(blobs).map(([name, blob]): [string, BlobEntry] => {
        checkPlainName(name);
        return [name, pack.add(blob)];
      });
      nodes.push([node, Object.fromEntries(entries)]);
      if (pack.blocks.length > 0) {
        await writePack(store, pack, { ...options, durability });
        written.push(pack.name);
      }
      reports.push({ node, bytes: pack.blobBytes, durationMs: performance.now() - started });
    }
  } catch (error) {
    await discardPacks(store, written);
    throw error;
  }
  return { nodes: Object.fromEntries(nodes), packs: packsOf(nodes), written, reports };
}

/** Writes a pack, aside from this thread where the store can. */
export async function writePack(
  store: Store,
  pack: PackLayout,
  options: WriteOptions,
): Promise<void> {
  let sums = await store.writeBlocks?.(pack.name, pack.blocks, options);
  if (sums === undefined) {
    sums = pack.sum();
    await store.write(pack.name, pack.parts(), options);
  }
  pack.setSums(sums);
}

/** Removes packs that no manifest will name; what stays is garbage, which harms nobody. */
export async function discardPacks(store: Store, packs: readonly string[]): Promise<void> {
  try {
    await store.remove(packs, { durability: "none" });
  } catch {
    // The failure that led here is the one to report.
  }
}

/** A node's or blob's name: one part of an object's name. */
function checkPlainName(name: string): void {
  if (checkName(name).length > 1 || name.length > 100) {
    throw new InvalidNameError(
      name,
      "names of nodes and blobs have at most 100 characters and no /",
    );
  }
}

function packsOf(nodes: readonly [string, Record<string, BlobEntry>][]): readonly string[] {
  const packs = new Set<string>();
  for (const [, blobs] of nodes) {
    for (const entry of Object.values(blobs)) {
      if ("absent" in entry) continue;
      for (const { pack } of entry.blocks ?? []) packs.add(pack);
    }
  }
  return [...packs];
}
