/**
 * Lays out a save of all nodes.
 *
 * @module
 */
import { InvalidNameError } from "./errors.ts";
import { formatRef, type ManifestRef, newPackName } from "./layout.ts";
import { blobBytes, type BlobEntry, type Manifest } from "./manifest.ts";
import { checkName } from "./names.ts";
import { BlobLayout, inlineBudget, PackLayout } from "./pack.ts";
import type { SaveRequest } from "./save_request.ts";

/** What a save is to write. */
export interface SaveLayout {
  /** The blobs' entries. */
  readonly nodes: Manifest["nodes"];
  /** The names of all packs that they name. */
  readonly packs: readonly string[];
  /** Those that are to be written. */
  readonly toWrite: readonly PackLayout[];
  /** How many bytes of each node's blobs are written. */
  readonly bytes: Readonly<Record<string, number>>;
}

/**
 * What is new is divided among packs of this share of all that is saved: one goes only once all that is
 * still in use of it lies elsewhere, and until then takes its room twice …
 */
const PACK_SHARE = 1 / 8;
/** … but of no less than this, as each is synced. */
const LEAST_PACK_BYTES = 4 * 1024 * 1024;

/**
 * Lays out the blobs of each node: what is new in packs of a bounded size, and what is copied in another.
 *
 * @throws {RangeError} Where two blobs would lie in the same place, which no reader takes.
 */
export function layOut(ref: ManifestRef, request: SaveRequest["nodes"]): SaveLayout {
  const budget = inlineBudget();
  const packBytes = Math.max(LEAST_PACK_BYTES, sizeOf(request) * PACK_SHARE);
  const nodes: [string, Record<string, BlobEntry>][] = [];
  const toWrite: PackLayout[] = [];
  const bytes: [string, number][] = [];
  for (const [node, blobs] of Object.entries(request)) {
    checkPlainName(node);
    const packs: PackLayout[] = [];
    const begin = (isDisposable: boolean): PackLayout => {
      const pack = new PackLayout(newPackName(ref, node), isDisposable);
      packs.push(pack);
      return pack;
    };
    const layout = new BlobLayout(budget, () => begin(false), () => begin(true), packBytes);
    const entries = Object.entries(blobs).map(([name, blob]): [string, BlobEntry] => {
      checkPlainName(name);
      return [name, layout.add(blob)];
    });
    nodes.push([node, Object.fromEntries(entries)]);
    toWrite.push(...packs);
    bytes.push([node, layout.blobBytes]);
  }
  checkApart(ref, nodes);
  return {
    nodes: Object.fromEntries(nodes),
    packs: packsOf(nodes),
    toWrite,
    bytes: Object.fromEntries(bytes),
  };
}

/** Throws where one saved blob is carried over twice: that they lie apart else follows from how they came there. */
function checkApart(
  ref: ManifestRef,
  nodes: readonly [string, Record<string, BlobEntry>][],
): void {
  const begun = new Set<string>();
  for (const [, blobs] of nodes) {
    for (const entry of Object.values(blobs)) {
      const first = "absent" in entry ? undefined : entry.blocks?.[0];
      if (first === undefined) continue;
      const place = `byte ${first.offset} of ${first.pack}`;
      if (begun.has(place)) {
        const found = `two blobs are to be carried over from ${place}`;
        throw new RangeError(
          `Cannot save ${formatRef(ref)}: ${found}; save one of them as a value`,
        );
      }
      begun.add(place);
    }
  }
}

/** The size of all blobs. */
function sizeOf(request: SaveRequest["nodes"]): number {
  const blobs = Object.values(request).flatMap((blobs) => Object.values(blobs));
  return blobs.reduce((sum, blob) => {
    if ("encoded" in blob) return sum + blob.encoded.byteLength;
    return sum + blobBytes("carry" in blob ? blob.carry : blob);
  }, 0);
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
      entry.blocks?.forEach(({ pack }) => packs.add(pack));
    }
  }
  return [...packs];
}
