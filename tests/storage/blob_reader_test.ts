import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  CheckpointNotFoundError,
  CheckpointStore,
  DamagedError,
  denoFileSystem,
  FileStore,
  type Manifest,
  MemoryStore,
} from "../../storage/mod.ts";
import { BLOCK_BYTES } from "../../storage/manifest.ts";
import { assertSameBlobs, begin, noise, objects, overriding, save, value } from "./sample.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

const MANY = 100;

/** Saves blobs of many blocks, each in a pack of its own. */
async function saved(store: FileStore | MemoryStore, blobs: Record<string, Uint8Array>) {
  const attempt = await begin(await CheckpointStore.open(store));
  let manifest: Manifest | undefined;
  for (const [epoch, name] of Object.keys(blobs).entries()) {
    const before = Object.entries(manifest?.nodes["main"] ?? {})
      .map(([name, entry]) => [name, { carry: entry }] as const);
    const nodes = { main: { ...Object.fromEntries(before), [name]: value(blobs[name]) } };
    manifest = await save(attempt, epoch, nodes);
  }
  return manifest!;
}

Deno.test("packs that are removed once a load has begun are read to their end", async () => {
  await using folder = await temporaryFolder();
  const blobs = { a: noise(MANY * BLOCK_BYTES + 5, 1), b: noise(9000, 2), c: noise(70_000, 3) };
  const real = new FileStore(folder.path);
  const manifest = await saved(real, blobs);
  real.release();
  let reads = 0;
  const fileSystem = watchedFileSystem(async ({ op, path }) => {
    if (op !== "read" || !path.endsWith(".pack") || reads++ > 0) return;
    await Deno.remove(join(folder.path, "packs"), { recursive: true });
  });
  const opened = await CheckpointStore.open(new FileStore(folder.path, { fileSystem }));
  const loaded = await opened.readBlobs(manifest, () => true);
  assertSameBlobs(Object.fromEntries(loaded.get("main")!), blobs);
  assertEquals(await new FileStore(folder.path).list("packs/"), []);
});

Deno.test("of several damaged blocks the first is named, and the load ends with all reads", async () => {
  const store = new MemoryStore();
  const manifest = await saved(store, { a: noise(MANY * BLOCK_BYTES, 1) });
  const entry = manifest.nodes.main!.a!;
  assert("blocks" in entry && entry.blocks !== undefined);
  const { blocks } = entry;
  const name = blocks[17]!.pack;
  const bytes = (await objects(store)).get(name)!;
  const offsetOf = (block: number) => blocks[block]!.offset;
  for (const block of [17, 18, 25, 30]) {
    assertEquals(blocks[block]!.pack, name);
    bytes[offsetOf(block) + 7]! ^= 1;
  }
  let reading = 0;
  const under = overriding(store, {
    open: async (asked, options) => {
      const reader = await store.open(asked, options);
      if (asked !== name) return reader;
      const readAt = async (offset: number, into: Uint8Array) => {
        reading++;
        // The damage that comes first is found last.
        for (let turns = offset < offsetOf(20) ? 60 : 1; turns > 0; turns--) {
          await Promise.resolve();
        }
        into.set(bytes.subarray(offset, offset + into.byteLength));
        reading--;
        return into.byteLength;
      };
      return { byteLength: bytes.byteLength, readAt, [Symbol.dispose]: () => {} };
    },
  });
  const opened = await CheckpointStore.open(under);
  for (
    const read of [
      () => opened.readBlobs(manifest, () => true),
      () => opened.check(manifest, { full: true }),
    ]
  ) {
    const error = await assertRejects(read, DamagedError);
    assertStringIncludes(error.message, `at byte ${offsetOf(17)}`);
    assertEquals(reading, 0);
  }
});

Deno.test("more packs than may be open at once are read too, and all are closed", async () => {
  const store = new MemoryStore();
  const blobs = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`b${index}`, noise(5000, index)] as const),
  );
  const manifest = await saved(store, blobs);
  let [open, most] = [0, 0];
  const counting = overriding(store, {
    open: async (name, options) => {
      const reader = await store.open(name, options);
      most = Math.max(most, ++open);
      return {
        byteLength: reader.byteLength,
        readAt: (offset, into, options) => reader.readAt(offset, into, options),
        [Symbol.dispose]: () => {
          open--;
          reader[Symbol.dispose]();
        },
      };
    },
  });
  const opened = await CheckpointStore.open(counting);
  const loaded = await opened.readBlobs(manifest, () => true);
  assertSameBlobs(Object.fromEntries(loaded.get("main")!), blobs);
  assertEquals(open, 0);
  assert(most > 250 && most <= 260, `${most} open at once`);
});

Deno.test("a pack that is gone with its manifest was removed, and is no damage", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path, { fileSystem: denoFileSystem() });
  const manifest = await saved(store, { a: noise(9000, 1) });
  const opened = await CheckpointStore.open(store);
  await Deno.remove(join(folder.path, "packs"), { recursive: true });
  await assertRejects(() => opened.readBlobs(manifest, () => true), DamagedError);
  await Deno.remove(join(folder.path, "epochs"), { recursive: true });
  await assertRejects(() => opened.readBlobs(manifest, () => true), CheckpointNotFoundError);
});
