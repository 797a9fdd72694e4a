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

/** What a save's blobs use of one pack. */
interface PackUse {
  readonly blocks: BlockRef[];
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
  let liveBytes = newBytes;
  let packBytes = newBytes;
  for (const [pack, use] of uses) {
    use.packBytes = await sizeOf(pack) ?? use.liveBytes;
    liveBytes += use.liveBytes;
    packBytes += use.packBytes;
  }
  const emptiest = [...uses.values()]
    .sort((a, b) => a.liveBytes / a.packBytes - b.liveBytes / b.packBytes);
  for (const use of emptiest) {
    if (packBytes <= liveBytes * MOST_PACK_SHARE) break;
    for (const block of use.blocks) {
      if (block.length > budgetBytes) return copied;
      copied.add(block);
      budgetBytes -= block.length;
    }
    packBytes -= use.packBytes - use.liveBytes;
  }
  return copied;
}

/** What a save's blobs use of each pack, and how many bytes it writes anyway. */
function usesOf(
  nodes: SaveRequest["nodes"],
): { readonly uses: ReadonlyMap<string, PackUse>; readonly newBytes: number } {
  const uses = new Map<string, PackUse>();
  let newBytes = 0;
  const add = (block: BlockRef): void => {
    let use = uses.get(block.pack);
    if (use === undefined) {
      uses.set(block.pack, use = { blocks: [], liveBytes: 0, packBytes: 0 });
    }
    use.blocks.push(block);
    use.liveBytes += block.length;
  };
  for (const blob of Object.values(nodes).flatMap((blobs) => Object.values(blobs))) {
    if ("carry" in blob) {
      if ("blocks" in blob.carry) blob.carry.blocks?.forEach(add);
    } else if ("encoded" in blob) {
      const { encoded: { byteLength }, known = [] } = blob;
      for (let index = 0; index * BLOCK_BYTES < byteLength; index++) {
        const block = known[index];
        if (block === undefined) {
          newBytes += Math.min(BLOCK_BYTES, byteLength - index * BLOCK_BYTES);
        } else add(block);
      }
    }
  }
  return { uses, newBytes };
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
    carried.push(...blob.carry.blocks?.filter((block) => blocks.has(block)) ?? []);
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
}

/** The most packs whose sizes are remembered. */
const MOST_PACK_SIZES = 100_000;

/** The sizes of packs, which never change. */
class PackSizes {
  readonly #known = new Map<string, number>();

  /** Takes where the packs are. */
  constructor(private readonly store: Store) {}

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
