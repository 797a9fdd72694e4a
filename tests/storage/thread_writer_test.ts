import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import fc from "fast-check";
import { CheckpointStore, denoFileSystem, FileStore, type StorePoint } from "../../storage/mod.ts";
import type { CommitResult, FilesToCommit } from "../../storage/commit_files.ts";
import { FileCommit } from "../../storage/file_commit.ts";
import { encodeHead, joinBytes } from "../../storage/record_cbor.ts";
import { SumHole } from "../../storage/unsummed.ts";
import { sealWith, unsealed } from "../../storage/seal.ts";
import { ThreadWriter } from "../../storage/thread_writer.ts";
import { assertSameBlobs, begin, noise, save, shared, taken, value } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const NAME = `packs/a000001/e000001.main.${"0".repeat(32)}.pack`;

/** Files of one pack, and a record that names the sums of its blocks. */
function filesIn(
  folder: string,
  blocks: readonly (readonly Uint8Array[])[],
  { sync = true, isDisposable = false } = {},
): FilesToCommit {
  const holes = blocks.map((_, index) => new SumHole(index));
  const path = join(folder, "record");
  return {
    ...{ packs: [{ path: join(folder, "pack"), blocks, isDisposable }], folders: [folder], sync },
    record: {
      ...{ path, folder, temporary: `${path}.tmp`, newer: join(folder, "newer") },
      content: unsealed("manifest", new Map([["sums", holes]])),
    },
  };
}

/** The two ways of a commit: by the thread, and here. */
const ways: Readonly<Record<string, (files: FilesToCommit) => Promise<CommitResult>>> = {
  thread: async (files) => {
    const writer = new ThreadWriter();
    return await writer.commit(files);
  },
  here: async (files) => {
    const folder = dirname(files.packs[0]?.path ?? "");
    const { commitAside: _, ...fileSystem } = denoFileSystem();
    return await new FileCommit(fileSystem, folder, undefined)
      .commit(files, { isAside: true, signal: undefined });
  },
};

Deno.test("the thread writes and commits what this thread would", async () => {
  const part = fc.tuple(
    fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(23, 24, 255, 256, 65_535, 65_536)),
    fc.nat(1000),
    fc.boolean(),
  ).map(([length, seed, isShared]) => isShared ? shared(noise(length, seed)) : noise(length, seed));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
      fc.record({ sync: fc.boolean(), isDisposable: fc.boolean() }),
      async (blocks, options) => {
        const whole = blocks.map((parts) => joinBytes(parts));
        const pack = joinBytes(
          whole.flatMap((bytes) => [encodeHead(2, bytes.byteLength), bytes]),
        );
        const results: unknown[] = [];
        for (const way of ["here", "thread"]) {
          await using folder = await temporaryFolder();
          const files = filesIn(folder.path, blocks, options);
          const result = await ways[way]?.(files);
          assert(result !== undefined && "sums" in result, JSON.stringify(result));
          assertEquals(await Deno.readFile(join(folder.path, "pack")), pack);
          const record = await Deno.readFile(join(folder.path, "record"));
          const sealed = unsealed("manifest", new Map([["sums", result.sums]]));
          assertEquals(record, sealWith(sealed, []));
          assertEquals([...Deno.readDirSync(folder.path)].length, 2);
          assertEquals(result.byteLength, pack.byteLength + record.byteLength);
          results.push({ ...result, durationMs: undefined });
        }
        assertEquals(results[0], results[1]);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("what is larger than a gathered piece is written in several", async () => {
  await using folder = await temporaryFolder();
  const writer = new ThreadWriter();
  const large = shared(noise(9 * 1024 * 1024 + 17, 3));
  const writing = writer.commit(filesIn(folder.path, [[large], [large.subarray(5)]]));
  assert(writer.isWriting);
  await writing;
  assert(!writer.isWriting);
  const found = await Deno.readFile(join(folder.path, "pack"));
  const second = large.byteLength - 5;
  assertEquals(found.byteLength, 2 * 5 + large.byteLength + second);
  assertEquals(found.subarray(5, 5 + large.byteLength), new Uint8Array(large));
  assertEquals(found.subarray(-second), new Uint8Array(large.subarray(5)));
});

Deno.test("syncs made ahead, of a file of several times their distance, change nothing", async () => {
  await using folder = await temporaryFolder();
  const block = shared(noise(8 * 1024 * 1024, 9));
  const blocks = Array.from({ length: 18 }, () => [block]);
  for (const [name, way] of Object.entries(ways)) {
    const inner = join(folder.path, name);
    await Deno.mkdir(inner);
    const result = await way(filesIn(inner, blocks));
    assert("sums" in result);
    const { size } = await Deno.stat(join(inner, "pack"));
    assertEquals(size, blocks.length * (block.byteLength + 5));
  }
});

for (const [name, way] of Object.entries(ways)) {
  Deno.test(`a newer attempt is seen behind the commit: ${name}`, async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(join(folder.path, "newer"), "");
    const result = await way(filesIn(folder.path, [[shared(noise(10))]]));
    assert("isSuperseded" in result && result.isSuperseded);
    assert((await Deno.stat(join(folder.path, "record"))).isFile);
  });
}

Deno.test("the thread's errors are those of this one, and it goes on after them", async () => {
  await using folder = await temporaryFolder();
  const writer = new ThreadWriter();
  writer.keep();
  const files = filesIn(folder.path, [[shared(noise(100))]]);
  const missing = await writer.commit(filesIn(join(folder.path, "no"), files.packs[0]!.blocks));
  assert("failed" in missing && missing.failed === "write");
  assertInstanceOf(missing.error, Deno.errors.NotFound);
  assertEquals(missing.begun, []);
  await writer.commit(files);
  const [pack] = files.packs;
  const again = await writer.commit({
    ...files,
    packs: [{ blocks: pack!.blocks, path: join(folder.path, "other") }],
  });
  assert("failed" in again && again.failed === "link" && again.path.endsWith("record"));
  assertInstanceOf(again.error, Deno.errors.AlreadyExists);
  assertEquals([...Deno.readDirSync(folder.path)].length, 3);
  writer.release();
});

Deno.test("a large save is committed while the job's thread is busy", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  store.keep();
  const attempt = await begin(await CheckpointStore.open(store));
  await save(attempt, 0, { main: { large: taken(noise(2 ** 21, 1)) } });
  const saving = save(attempt, 1, { main: { large: taken(noise(2 ** 21, 2)) } });
  // It is handed over with a few turns of the event loop; from then on this thread gives none.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  const path = join(folder.path, "epochs", "e000001.a000001.cbor");
  let isThere = false;
  for (const end = performance.now() + 20_000; !isThere && performance.now() < end;) {
    try {
      isThere = Deno.statSync(path).isFile;
    } catch {
      // Not yet.
    }
  }
  assert(isThere);
  await saving;
  store.release();
});

Deno.test("the thread waits at each point until this one has seen it", async () => {
  const order: StorePoint[] = [
    ...["pack write", "pack sync", "folder sync", "manifest write", "manifest sync"] as const,
    ...["link", "after link", "folder sync"] as const,
  ];
  for (const stop of order.keys()) {
    await using folder = await temporaryFolder();
    const writer = new ThreadWriter();
    const seen: StorePoint[] = [];
    let names: string[] = [];
    await writer.commit(filesIn(folder.path, [[shared(noise(100))]]), async (point) => {
      if (seen.push(point) - 1 !== stop) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
      names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
    });
    assertEquals(seen, order);
    const expected = stop < 3
      ? ["pack"]
      : stop < 6
      ? ["pack", "record.tmp"]
      : ["pack", "record", "record.tmp"];
    assertEquals(names, expected);
  }
});

Deno.test("what was saved by the thread is read back and sums up, and a released one starts again", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const checkpoints = await CheckpointStore.open(store, { job: "job" });
  const attempt = await begin(checkpoints);
  for (const epoch of [0, 1]) {
    store.keep();
    const large = noise(3 * 2 ** 20 + 5, epoch);
    const saved = await save(attempt, epoch, {
      main: { large: taken(large), small: value(1) },
    });
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
const block = new Uint8Array(new SharedArrayBuffer(2 ** 21));
store.keep();
const { sums } = await store.commit({ packs: [{ name: ${
      JSON.stringify(NAME)
    }, blocks: [[block]] }] });
store.release();
const filled = new Uint8Array(new SharedArrayBuffer(2 ** 21));
const at = { pack: ${JSON.stringify(NAME)}, offset: 5, length: 2 ** 21, crc32: sums[0] };
console.log(sums.length, await store.fill(filled, [at]));`,
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-lock", `--allow-read=${job}`, `--allow-write=${job}`],
      ...["--config", new URL("../../deno.json", import.meta.url).pathname, script],
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  assertEquals(new TextDecoder().decode(stdout).trim(), "1 1");
});

class PretendedWorker {
  static made: PretendedWorker[] = [];
  onmessage: ((event: { readonly data: unknown }) => void) | undefined;
  onerror: ((event: ErrorEvent) => void) | undefined;
  readonly asked: { readonly id: number }[] = [];
  constructor() {
    PretendedWorker.made.push(this);
  }
  postMessage(request: { readonly id: number }): void {
    this.asked.push(request);
  }
  terminate(): void {}
}

/** Has threads pretended. */
async function withPretended(run: (made: readonly PretendedWorker[]) => Promise<void>) {
  const real = Worker;
  PretendedWorker.made = [];
  globalThis.Worker = PretendedWorker as unknown as typeof Worker;
  try {
    await run(PretendedWorker.made);
  } finally {
    globalThis.Worker = real;
  }
}

Deno.test("a heart beats again where its thread has ended", () =>
  withPretended(async (made) => {
    const writer = new ThreadWriter();
    const heart = { path: "held", everyMs: 2000 };
    const beat = writer.beat(heart);
    made[0]?.onerror?.(new ErrorEvent("error", { message: "it is gone" }));
    while (made.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(made[1]?.asked, [{ id: 1, beat: heart }] as unknown as { readonly id: number }[]);
    made[1]?.onerror?.(new ErrorEvent("error", { message: "it is gone" }));
    beat[Symbol.dispose]();
  }));

Deno.test("what a thread says that has ended before is not of the one that followed it", () =>
  withPretended(async (made) => {
    const writer = new ThreadWriter();
    writer.keep();
    const ended = new ErrorEvent("error", { message: "it is gone" });
    const first = writer.commit(filesIn("folder", []));
    made[0]?.onerror?.(ended);
    await assertRejects(() => first, Error, "it is gone");
    const second = writer.commit(filesIn("folder", []));
    made[0]?.onerror?.(ended);
    const committed = { sums: [], byteLength: 0, isSuperseded: false, durationMs: 1 };
    made[1]?.onmessage?.({ data: { id: made[1].asked[0]?.id, committed } });
    assertEquals(await second, committed);
    assertEquals(made.length, 2);
    writer.release();
  }));
