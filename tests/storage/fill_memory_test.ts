import { assert, assertEquals } from "@std/assert";
import { CheckpointStore, FileStore } from "../../storage/mod.ts";
import { begin, noise, save, value } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const NAME = `packs/a000001/e000001.main.${"0".repeat(32)}.pack`;

Deno.test("memory is filled up to the first block that is not what it should be", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const bytes = noise(2 ** 20 + 77, 4);
  const attempt = await begin(await CheckpointStore.open(store));
  const { nodes } = await save(attempt, 0, { main: { bytes: value(bytes) } });
  const entry = nodes.main!.bytes!;
  assert("blocks" in entry && entry.blocks !== undefined);
  const { blocks } = entry;
  const memory = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  assertEquals(await store.fill(memory, blocks), blocks.length);
  assertEquals(new Uint8Array(memory), bytes);
  const wrong = blocks.map((block, index) => index === 2 ? { ...block, crc32: 1 } : block);
  assertEquals(await store.fill(memory, wrong), 2);
  const short = blocks.map((block, index) => index === 3 ? { ...block, offset: 2 ** 30 } : block);
  assertEquals(await store.fill(memory, short), 3);
  const gone = blocks.map((block, index) => index === 1 ? { ...block, pack: NAME } : block);
  assertEquals(await store.fill(memory, gone), 1);
});
