/**
 * Checks one pack: that it is there, long enough, and in full that every block is what was saved.
 *
 * @module
 */
import { BlobReader } from "./blob_reader.ts";
import type { CheckOptions } from "./checkpoint_options.ts";
import { DamagedError } from "./errors.ts";
import type { BlockRef, Manifest } from "./manifest.ts";
import type { Store } from "./store.ts";

/** Blocks that cannot be read, and why. */
export interface Broken {
  /** What is wrong. */
  readonly error: DamagedError;
  /** The blocks. */
  readonly blocks: readonly BlockRef[];
}

/** What was found of a pack. */
export interface CheckedPack {
  /** What is damaged. */
  readonly broken: readonly Broken[];
  /** How many bytes were read and summed. */
  readonly bytes: number;
}

/** Checks a pack, and finds all of its blocks that are damaged. */
export async function checkPack(
  store: Store,
  pack: string,
  manifest: Manifest,
  needed: ReadonlyMap<string, BlockRef>,
  options: CheckOptions,
): Promise<CheckedPack> {
  const reader = new BlobReader(store, manifest, options);
  const blocks = [...needed.values()];
  const broken: Broken[] = [];
  const size = (await store.stat(pack, options))?.byteLength ?? -1;
  const isWithin = ({ offset, length }: BlockRef) => offset + length <= size;
  const beyond = blocks.filter((block) => !isWithin(block));
  if (beyond.length > 0) {
    const end = beyond.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
    const found = size < 0 ? "no such object" : `${size} bytes`;
    broken.push({ error: new DamagedError(pack, `at least ${end} bytes`, found), blocks: beyond });
  }
  const within = options.full === true ? blocks.filter(isWithin) : [];
  for (const one of await brokenBlocks(reader, within)) broken.push(one);
  return { broken, bytes: within.reduce((sum, { length }) => sum + length, 0) };
}

/** The damaged ones of some blocks: halves are looked at until each stands alone. */
async function brokenBlocks(
  reader: BlobReader,
  blocks: readonly BlockRef[],
): Promise<readonly Broken[]> {
  try {
    await reader.verify(blocks);
    return [];
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    if (blocks.length === 1) return [{ error, blocks }];
  }
  const half = blocks.length >> 1;
  const first = await brokenBlocks(reader, blocks.slice(0, half));
  return [...first, ...await brokenBlocks(reader, blocks.slice(half))];
}
