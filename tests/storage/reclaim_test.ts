import { assert, assertEquals } from "@std/assert";
import {
  type BlobToSave,
  CheckpointStore,
  encodeValue,
  type Manifest,
  MemoryStore,
  Snapshot,
} from "../../storage/mod.ts";
import { BLOCK_BYTES } from "../../storage/manifest.ts";
import { layOut } from "../../storage/lay_out.ts";
import { BlobLayout, PackLayout } from "../../storage/pack.ts";
import { joinBytes } from "../../storage/record_cbor.ts";
import { begin, noise, objects, overriding, save, testBoth } from "./sample.ts";

const BLOCKS = 100;
const EPOCHS = 160;
const KEPT = 3;

/** Random numbers, the same in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Which blocks of the blob change in an epoch. */
const workloads: Readonly<Record<string, (below: (n: number) => number) => number[]>> = {
  all: () => Array.from({ length: BLOCKS }, (_, index) => index),
  "1 % of blocks, scattered": (below) => [below(BLOCKS)],
  "90/10 hot": (below) =>
    Array.from({ length: 5 }, () => below(10) < 9 ? below(BLOCKS / 10) : below(BLOCKS)),
};

for (const [name, changesOf] of Object.entries(workloads)) {
  Deno.test(`reclaim bounds what is written and what lies on disk: ${name}`, async () => {
    const store = new MemoryStore();
    const attempt = await begin(await CheckpointStore.open(store));
    const values = noise(BLOCKS * BLOCK_BYTES);
    const snapshot = new Snapshot();
    const below = random(11);
    const kept: Manifest[] = [];
    let changedBytes = 0;
    let writtenBefore = 0;
    let most = 0;
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const changes = new Set(epoch === 0 ? [] : changesOf(below));
      for (const block of changes) values[block * BLOCK_BYTES + below(BLOCK_BYTES)]! += 1;
      const weights: BlobToSave = { codec: false, ...snapshot.update(encodeValue(values)) };
      const manifest = await save(attempt, epoch, { main: { weights } }, { reclaim: true });
      const entry = manifest.nodes.main?.weights;
      assert(entry !== undefined && "blocks" in entry && entry.blocks !== undefined);
      snapshot.committed(entry.blocks);
      kept.push(manifest);
      if (kept.length > KEPT) await attempt.remove([kept.shift()!]);
      // The first save writes everything, by whatever way.
      if (epoch === 0) writtenBefore = packBytes(await objects(store));
      else changedBytes += changes.size * BLOCK_BYTES;
      if (epoch % 5 === 0) most = Math.max(most, packBytes(await objects(store)));
    }
    const amplification = (store.bytesWritten - writtenBefore) / changedBytes;
    const space = most / values.byteLength;
    console.log(`${name}: ${amplification.toFixed(2)} × written, ${space.toFixed(2)} × on disk`);
    assert(amplification <= 1.6, `${amplification}`);
    // Three states of which every block differs take three times the room of one.
    assert(space <= (name === "all" ? KEPT + 0.1 : 2), `${space}`);
    const opened = await CheckpointStore.open(store);
    const loaded = await opened.readBlobs(await opened.readManifest(attempt.last!), () => true);
    assertEquals(loaded.get("main")?.get("weights"), values);
  });
}

/** The bytes of all packs that are there. */
function packBytes(all: ReadonlyMap<string, Uint8Array>): number {
  return [...all].reduce(
    (sum, [name, { byteLength }]) => name.endsWith(".pack") ? sum + byteLength : sum,
    0,
  );
}

testBoth("blocks of blobs that nobody touched are copied forward too", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const still = noise(4 * BLOCK_BYTES, 5);
  const passing = (seed: number): BlobToSave => ({
    codec: false,
    encoded: encodeValue(noise(12 * BLOCK_BYTES, seed)),
  });
  const first = await save(attempt, 0, {
    main: { still: { codec: false, encoded: encodeValue(still) }, passing: passing(1) },
  });
  const carry = first.nodes.main!.still!;
  const second = await save(attempt, 1, { main: { still: { carry }, passing: passing(2) } }, {
    reclaim: true,
  });
  await attempt.remove([first]);
  assertEquals(second.packs.length, 2);
  assertEquals((await store.list("packs/a000001/")).length, 2);
  const loaded = await opened.readBlobs(second, () => true);
  assertEquals(loaded.get("main")?.get("still"), still);
});

Deno.test("a block that cannot be read is not copied, and the save goes on", async () => {
  const inner = new MemoryStore();
  const failing = overriding(inner, { open: () => Promise.reject(new Error("the disk is tired")) });
  const attempt = await begin(await CheckpointStore.open(failing));
  const blob = (seed: number, blocks: number): BlobToSave => ({
    codec: false,
    encoded: encodeValue(noise(blocks * BLOCK_BYTES, seed)),
  });
  const first = await save(attempt, 0, { main: { still: blob(1, 2), passing: blob(2, 12) } });
  const carry = first.nodes.main!.still!;
  const second = await save(attempt, 1, { main: { still: { carry }, passing: blob(3, 12) } }, {
    reclaim: true,
  });
  assertEquals(second.nodes.main!.still, carry);
});

Deno.test("without reclaim nothing is copied", async () => {
  const store = new MemoryStore();
  const attempt = await begin(await CheckpointStore.open(store));
  const first = await save(attempt, 0, {
    main: { a: { codec: false, encoded: encodeValue(noise(BLOCK_BYTES)) } },
  });
  const carry = first.nodes.main!.a!;
  const more: BlobToSave = { codec: false, encoded: encodeValue(noise(9 * BLOCK_BYTES, 2)) };
  const second = await save(attempt, 1, { main: { a: { carry }, more } });
  assertEquals(second.nodes.main!.a, carry);
});

Deno.test("what may be taken over is never the memory of whoever saves", () => {
  const begin = (isDisposable: boolean) => () => new PackLayout("packs/a", isDisposable);
  const layout = new BlobLayout({ leftBytes: 0 }, begin(false), begin(true));
  const bytes = noise(BLOCK_BYTES + 10);
  const known = [BLOCK_BYTES, 10].map((length) => ({ pack: "old", offset: 0, length, crc32: 0 }));
  layout.add({ codec: false, encoded: encodeValue(bytes), known, copies: new Set(known) });
  const parts = layout.copied.blocks.flat();
  assertEquals(joinBytes(parts), bytes);
  assert(layout.copied.isDisposable && parts.every(({ buffer }) => buffer !== bytes.buffer));
});

Deno.test("what is new lies in packs of an eighth of all that is saved, or of 4 MiB", () => {
  const blob = (blocks: number): BlobToSave => ({
    codec: false,
    encoded: encodeValue(new Uint8Array(blocks * BLOCK_BYTES)),
  });
  const carry = (bytes: number): BlobToSave => ({
    carry: { type: { kind: "bytes" }, codec: false, bytes, blocks: [] },
  });
  const sizesOf = (main: Record<string, BlobToSave>): number[] => {
    const { toWrite } = layOut({ epoch: 1, attempt: 1, phase: "epoch" }, { main });
    return toWrite.map(({ blocks }) => blocks.length);
  };
  assertEquals(sizesOf({ a: blob(16) }), [16]);
  assertEquals(sizesOf({ a: blob(20), b: blob(10) }), [16, 14]);
  assertEquals(sizesOf({ a: blob(64 * 8) }), Array(8).fill(64));
  assertEquals(sizesOf({ a: blob(100), b: carry(100 * 8 * BLOCK_BYTES) }), [100]);
});
