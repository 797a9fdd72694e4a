import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import {
  CheckpointStore,
  denoFileSystem,
  FileStore,
  type FileSystem,
  ObjectExistsError,
  StoreError,
} from "../../storage/mod.ts";
import { inlineBudget, PackLayout } from "../../storage/pack.ts";
import { encodeHead, joinBytes } from "../../storage/record_cbor.ts";
import { ThreadWriter } from "../../storage/thread_writer.ts";
import { assertSameBlobs, begin, noise, save, value } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const NAME = `packs/a000001/e000001.main.${"0".repeat(32)}.pack`;

/** Bytes in memory that threads share. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}

Deno.test("the thread writes what this thread would, and sums it alike", async () => {
  await using folder = await temporaryFolder();
  const writer = new ThreadWriter();
  let count = 0;
  const part = fc.tuple(
    fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(23, 24, 255, 256, 65_535, 65_536)),
    fc.nat(1000),
    fc.boolean(),
  ).map(([length, seed, isShared]) => isShared ? shared(noise(length, seed)) : noise(length, seed));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
      fc.boolean(),
      async (blocks, sync) => {
        const path = join(folder.path, `${count++}.pack`);
        const { byteLength, sums } = await writer.write(path, blocks, { sync });
        const layout = new PackLayout(NAME, { ...inlineBudget(), leftBytes: 0 });
        const whole = blocks.map((parts) => joinBytes(parts));
        const expected = joinBytes(
          whole.flatMap((bytes) => [encodeHead(2, bytes.byteLength), bytes]),
        );
        assertEquals(await Deno.readFile(path), expected);
        assertEquals(byteLength, expected.byteLength);
        layout.blocks.push(...blocks);
        assertEquals(sums, layout.sum());
      },
    ),
    { numRuns: 60 },
  );
  writer.release();
});

Deno.test("what is larger than a gathered piece is written in several", async () => {
  await using folder = await temporaryFolder();
  const writer = new ThreadWriter();
  const path = join(folder.path, "large");
  const large = shared(noise(9 * 1024 * 1024 + 17, 3));
  const writing = writer.write(path, [[large], [large.subarray(5)]], { sync: true });
  assert(writer.isWriting);
  await writing;
  assert(!writer.isWriting);
  const found = await Deno.readFile(path);
  const second = large.byteLength - 5;
  assertEquals(found.byteLength, 2 * 5 + large.byteLength + second);
  assertEquals(found.subarray(5, 5 + large.byteLength), new Uint8Array(large));
  assertEquals(found.subarray(-second), new Uint8Array(large.subarray(5)));
  writer.release();
});

Deno.test("the thread's errors are those of this one, and it goes on after them", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const blocks = [[shared(noise(2 ** 20, 1))]];
  await store.writeBlocks(NAME, blocks);
  const exists = await assertRejects(() => store.writeBlocks(NAME, blocks), ObjectExistsError);
  assert(exists.path.endsWith(".pack"));
  const fileSystem = denoFileSystem();
  const write = (path: string) => fileSystem.writeBlocks?.(path, blocks, { sync: true });
  await assertRejects(async () => await write(join(folder.path, "no/x")), Deno.errors.NotFound);
  await write(join(folder.path, "x"));
  assertEquals((await Deno.stat(join(folder.path, "x"))).size, 2 ** 20 + 5);
  fileSystem.release?.();
  store.release();
});

Deno.test("a file that fails in mid-write is removed", async () => {
  await using folder = await temporaryFolder();
  const real = denoFileSystem();
  const failing: FileSystem = {
    ...real,
    writeBlocks: async (path, blocks, options) => {
      await real.writeBlocks?.(path, blocks, options);
      throw Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
    },
  };
  const store = new FileStore(folder.path, { fileSystem: failing });
  const error = await assertRejects(() => store.writeBlocks(NAME, [[noise(2 ** 20)]]));
  assertInstanceOf(error, StoreError);
  assertEquals(await store.list("packs/a000001/"), []);
  store.release();
});

Deno.test("small packs, and file systems without a thread, are written here", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  assertEquals(await store.writeBlocks(NAME, [[noise(1000)]]), undefined);
  const { writeBlocks: _, ...plain } = denoFileSystem();
  const without = new FileStore(folder.path, { fileSystem: plain });
  assertEquals(await without.writeBlocks(NAME, [[noise(2 ** 20)]]), undefined);
  assertEquals(await store.list("packs/"), []);
});

Deno.test("what was saved by the thread is read back and sums up, and a released one starts again", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const checkpoints = await CheckpointStore.open(store, { job: "job" });
  const attempt = await begin(checkpoints);
  for (const epoch of [0, 1]) {
    store.keep();
    const large = noise(3 * 2 ** 20 + 5, epoch);
    const saved = await save(attempt, epoch, { main: { large: value(large), small: value(1) } });
    store.release();
    store.release();
    await checkpoints.check(saved, { full: true });
    const blobs = await checkpoints.readBlobs(saved, () => true);
    assertSameBlobs(Object.fromEntries(blobs.get("main")!), { large, small: 1 });
  }
});

Deno.test("the thread needs no more than the folder's permissions, and ends by itself", async () => {
  await using folder = await temporaryFolder();
  const module = new URL("../../storage/mod.ts", import.meta.url);
  const script = join(folder.path, "script.ts");
  const job = join(folder.path, "job");
  await Deno.mkdir(job);
  await Deno.writeTextFile(
    script,
    `import { FileStore } from ${JSON.stringify(module.href)};
const store = new FileStore(${JSON.stringify(job)});
const sums = await store.writeBlocks(${JSON.stringify(NAME)}, [[new Uint8Array(2 ** 21)]]);
console.log(sums?.length);`,
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-lock", `--allow-read=${job}`, `--allow-write=${job}`],
      ...["--config", new URL("../../deno.json", import.meta.url).pathname, script],
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  assertEquals(new TextDecoder().decode(stdout).trim(), "1");
});
