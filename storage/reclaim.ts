/**
 * Copy-forward reclaim: a save also writes, into a pack beside its own, blocks that still lie in packs
 * that are mostly empty, so that those go with the last older manifest that names them.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { type BlobToSave, BLOCK_BYTES, type BlockRef } from "./manifest.ts";
import type { SaveRequest } from "./save_request.ts";
import type { ObjectReader, Store, StoreOptions } from "./store.ts";

/** Blocks are copied once the packs in use take more than this many times the bytes in use … */
const MOST_PACK_SHARE = 1.5;
/** … and a save copies at most this many times what it writes anyway. */
const MOST_COPY_SHARE = 0.5;
/** … and no more than this. */
const MOST_COPY_BYTES = 64 * 1024 * 1024;

/** How many bytes a save's blobs use of a pack, of how many. */
interface PackUse {
  liveBytes: number;
  packBytes: number;
}

/**
 * The blocks that a save should write again, at most half as many bytes as it writes anyway; none
 * while packs are well used.
 *
 * @param sizeOf A pack's size; `undefined` where it is not there.
 */
async function blocksToCopy(
  nodes: SaveRequest["nodes"],
  sizeOf: (pack: string) => Promise<number | undefined>,
): Promise<ReadonlySet<BlockRef>> {
  const { uses, newBytes } = usesOf(nodes);
  const copied = new Set<BlockRef>();
  let budgetBytes = Math.min(newBytes * MOST_COPY_SHARE, MOST_COPY_BYTES);
  if (budgetBytes === 0) return copied;
  for (const [pack, use] of uses) use.packBytes = await sizeOf(pack) ?? use.liveBytes;
  for (const blocks of blocksOf(nodes, emptiest(uses, newBytes, budgetBytes))) {
    for (const block of blocks) {
      if (block.length > budgetBytes) return copied;
      copied.add(block);
      budgetBytes -= block.length;
    }
  }
  return copied;
}

/** The packs to be emptied, the emptiest first, until few bytes are wasted or more than the budget is copied. */
function emptiest(
  uses: ReadonlyMap<string, PackUse>,
  newBytes: number,
  budgetBytes: number,
): readonly string[] {
  let [liveBytes, packBytes, copiedBytes] = [newBytes, newBytes, 0];
  for (const use of uses.values()) {
    liveBytes += use.liveBytes;
    packBytes += use.packBytes;
  }
  const fullness = ({ liveBytes, packBytes }: PackUse): number => liveBytes / packBytes;
  const packs: string[] = [];
  for (const [pack, use] of [...uses].sort(([, a], [, b]) => fullness(a) - fullness(b))) {
    if (packBytes <= liveBytes * MOST_PACK_SHARE || copiedBytes >= budgetBytes) break;
    packs.push(pack);
    copiedBytes += use.liveBytes;
    packBytes -= use.packBytes - use.liveBytes;
  }
  return packs;
}

/** What a save's blobs use of each pack, and how many bytes it writes anyway. */
function usesOf(
  nodes: SaveRequest["nodes"],
): { readonly uses: ReadonlyMap<string, PackUse>; readonly newBytes: number } {
  const uses = new Map<string, PackUse>();
  let newBytes = 0;
  visitBlocks(nodes, (block, length) => {
    if (block === undefined) newBytes += length;
    else {
      const use = uses.get(block.pack);
      if (use === undefined) uses.set(block.pack, { liveBytes: length, packBytes: 0 });
      else use.liveBytes += length;
    }
  });
  return { uses, newBytes };
}

/** The blocks that a save's blobs use of some packs, pack by pack. */
function blocksOf(
  nodes: SaveRequest["nodes"],
  packs: readonly string[],
): Iterable<readonly BlockRef[]> {
  const blocks = new Map(packs.map((pack): [string, BlockRef[]] => [pack, []]));
  if (packs.length > 0) {
    visitBlocks(nodes, (block) => {
      if (block !== undefined) blocks.get(block.pack)?.push(block);
    });
  }
  return blocks.values();
}

/** Visits all blocks of a save, with their length; `undefined` where one is new. Nothing is made for each: there may be a hundred thousand. */
function visitBlocks(
  nodes: SaveRequest["nodes"],
  visit: (block: BlockRef | undefined, length: number) => void,
): void {
  for (const blob of Object.values(nodes).flatMap((blobs) => Object.values(blobs))) {
    if ("carry" in blob) {
      if ("blocks" in blob.carry) blob.carry.blocks?.forEach((block) => visit(block, block.length));
    } else if ("encoded" in blob) {
      const { encoded: { byteLength }, known = [] } = blob;
      for (let at = 0; at < byteLength; at += BLOCK_BYTES) {
        const block = known[at / BLOCK_BYTES];
        visit(block, block?.length ?? Math.min(BLOCK_BYTES, byteLength - at));
      }
    }
  }
}

/**
 * What a save has to do so that these blocks are written again: those whose bytes it does not have are
 * read. One that cannot be read stays where it is.
 */
async function copyForward(
  store: Store,
  nodes: SaveRequest["nodes"],
  blocks: ReadonlySet<BlockRef>,
  options: StoreOptions,
): Promise<SaveRequest["nodes"]> {
  const carried: BlockRef[] = [];
  for (const blob of Object.values(nodes).flatMap((blobs) => Object.values(blobs))) {
    if (!("carry" in blob) || !("blocks" in blob.carry)) continue;
    for (const block of blob.carry.blocks ?? []) if (blocks.has(block)) carried.push(block);
  }
  const copies = await readBlocks(store, carried, options);
  const rewrite = (blob: BlobToSave): BlobToSave => {
    if ("carry" in blob) return { ...blob, copies };
    return "encoded" in blob ? { ...blob, copies: blocks } : blob;
  };
  const rewritten = Object.entries(nodes).map(([node, blobs]) => {
    const entries = Object.entries(blobs).map(([name, blob]) => [name, rewrite(blob)] as const);
    return [node, Object.fromEntries(entries)] as const;
  });
  return Object.fromEntries(rewritten);
}

async function readBlocks(
  store: Store,
  blocks: readonly BlockRef[],
  options: StoreOptions,
): Promise<ReadonlyMap<BlockRef, Uint8Array>> {
  const copies = new Map<BlockRef, Uint8Array>();
  for (const [pack, inPack] of Map.groupBy(blocks, (block) => block.pack)) {
    try {
      using reader = await store.open(pack, options);
      for (const block of inPack) await readBlock(reader, block, copies, options);
    } catch {
      options.signal?.throwIfAborted();
      // A save does not fail for what it need not do; whoever loads the blob reports the damage.
    }
  }
  return copies;
}

async function readBlock(
  reader: ObjectReader,
  block: BlockRef,
  copies: Map<BlockRef, Uint8Array>,
  options: StoreOptions,
): Promise<void> {
  const bytes = new Uint8Array(block.length);
  const read = await reader.readAt(block.offset, bytes, options);
  if (read === block.length && crc32(bytes) === block.crc32) copies.set(block, bytes);
}

/** Adds to saves what they copy out of packs that are mostly empty. */
export class Reclaim {
  readonly #sizes: PackSizes;

  /** Takes where the packs are. */
  constructor(private readonly store: Store) {
    this.#sizes = new PackSizes(store);
  }

  /** What a save has to do, with the copies that it should make. */
  async into(nodes: SaveRequest["nodes"], options: StoreOptions): Promise<SaveRequest["nodes"]> {
    const blocks = await blocksToCopy(nodes, (pack) => this.#sizes.of(pack, options));
    return blocks.size === 0 ? nodes : await copyForward(this.store, nodes, blocks, options);
  }

  /** Forgets packs that are gone. */
  forget(packs: readonly string[]): void {
    this.#sizes.forget(packs);
  }
}

/** The most packs whose sizes are remembered. */
const MOST_PACK_SIZES = 100_000;

/** The sizes of packs, which never change. */
class PackSizes {
  readonly #known = new Map<string, number>();

  /** Takes where the packs are. */
  constructor(private readonly store: Store) {}

  /** Forgets packs that are gone. */
  forget(packs: readonly string[]): void {
    for (const pack of packs) this.#known.delete(pack);
  }

  /** A pack's size; `undefined` where it cannot be found out. */
  async of(pack: string, options: StoreOptions): Promise<number | undefined> {
    const known = this.#known.get(pack);
    if (known !== undefined) return known;
    try {
      const bytes = (await this.store.stat(pack, options))?.byteLength;
      if (this.#known.size >= MOST_PACK_SIZES) this.#known.clear();
      if (bytes !== undefined) this.#known.set(pack, bytes);
      return bytes;
    } catch {
      options.signal?.throwIfAborted();
      // A save does not fail for what it need not know.
      return undefined;
    }
  }
}
