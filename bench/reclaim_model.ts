/**
 * A model of copy-forward reclaim that counts blocks and writes nothing: what other thresholds than
 * those in use would cost and save.
 */

/** Which blocks an epoch changes. */
export type Workload = (epoch: number) => Iterable<number>;

/** The thresholds of a policy. */
export interface Policy {
  /** Blocks are copied while the packs in use take more than this many times the bytes in use. */
  readonly packShare: number;
  /** A save copies at most this many times what it writes anyway. */
  readonly copyShare: number;
  /** The blocks of a pack, at most: a save that has more new ones divides them. */
  readonly packBlocks: number;
}

/** What a run costs. */
export interface Cost {
  /** Blocks written for each block changed. */
  readonly written: number;
  /** Blocks on disk for each block that a kept checkpoint names: the mean. */
  readonly meanDisk: number;
  /** The same: the most. */
  readonly mostDisk: number;
}

/** Runs a workload of `epochs` epochs over `blocks` blocks, of which the last `keep` checkpoints stay. */
export function model(
  { workload, blocks, epochs, keep }: {
    readonly workload: Workload;
    readonly blocks: number;
    readonly epochs: number;
    readonly keep: number;
  },
  policy: Policy,
): Cost {
  /** For each block its pack. */
  const lies = new Int32Array(blocks);
  const sizes = new Map<number, number>();
  let packs = 0;
  const write = (some: readonly number[], packBlocks: number): void => {
    for (let at = 0; at < some.length; at += packBlocks) {
      const inPack = some.slice(at, at + packBlocks);
      for (const block of inPack) lies[block] = packs;
      sizes.set(packs++, inPack.length);
    }
  };
  write([...lies.keys()], policy.packBlocks);
  const kept: Int32Array[] = [lies.slice()];
  let [changed, written, shares, most] = [0, 0, 0, 0];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const fresh = new Set(workload(epoch));
    const copied = copy(lies, fresh, sizes, policy);
    // What is copied is cold, and gets a pack of its own.
    write(copied, Infinity);
    write([...fresh], policy.packBlocks);
    changed += fresh.size;
    written += fresh.size + copied.length;
    kept.push(lies.slice());
    if (kept.length > keep) kept.shift();
    const named = new Set(kept.flatMap((state) => [...state]));
    for (const pack of sizes.keys()) if (!named.has(pack)) sizes.delete(pack);
    const live = new Set(kept.flatMap((state) => [...state].map((pack, at) => pack * blocks + at)));
    const share = sizes.values().reduce((sum, size) => sum + size, 0) / live.size;
    shares += share;
    most = Math.max(most, share);
  }
  return { written: written / changed, meanDisk: shares / epochs, mostDisk: most };
}

/** The blocks that a save also writes, out of the emptiest packs. */
function copy(
  lies: Int32Array,
  fresh: ReadonlySet<number>,
  sizes: ReadonlyMap<number, number>,
  { packShare, copyShare }: Policy,
): number[] {
  const uses = new Map<number, number[]>();
  lies.forEach((pack, block) => {
    if (fresh.has(block)) return;
    const use = uses.get(pack);
    if (use === undefined) uses.set(pack, [block]);
    else use.push(block);
  });
  const fill = ([pack, use]: [number, number[]]): number => use.length / (sizes.get(pack) ?? 1);
  let onDisk = fresh.size;
  for (const pack of uses.keys()) onDisk += sizes.get(pack) ?? 0;
  const copied: number[] = [];
  const most = Math.floor(fresh.size * copyShare);
  for (const entry of [...uses].sort((a, b) => fill(a) - fill(b))) {
    if (onDisk <= lies.length * packShare) break;
    for (const block of entry[1]) {
      if (copied.length >= most) return copied;
      copied.push(block);
    }
    onDisk -= (sizes.get(entry[0]) ?? 0) - entry[1].length;
  }
  return copied;
}
