import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  CheckpointStore,
  FileStore,
  formatRef,
  type Manifest,
  StoreFullError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { assertSameBlobs, begin, noise, save, value } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

interface Disk extends AsyncDisposable {
  readonly path: string;
}

async function run(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(command, { args }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return String(error);
  }
}

/** Mounts a small disk of its own, which is gone in the end; a text where that is not possible. */
async function mount(options: string): Promise<Disk | string> {
  const folder = await temporaryFolder();
  const problem = await run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder.path);
  if (problem !== undefined) {
    await folder[Symbol.asyncDispose]();
    return problem;
  }
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      const stuck = await run("umount", folder.path);
      // Nothing of what is mounted may be removed through the folder.
      if (stuck !== undefined) throw new Error(`Cannot unmount ${folder.path}: ${stuck}`);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function whyNot(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "it needs Linux";
  const disk = await mount("size=64k");
  if (typeof disk === "string") return disk;
  await disk[Symbol.asyncDispose]();
  return undefined;
}

const WHY_NOT = await whyNot();
const COMMAND = "sudo deno test --allow-read --allow-write --allow-run --allow-env " +
  "tests/storage/full_disk_test.ts";

function testOnDisk(name: string, options: string, test: (path: string) => Promise<void>): void {
  const ignored = WHY_NOT === undefined ? "" : ` (no disk can be mounted; as root: ${COMMAND})`;
  Deno.test({
    name: name + ignored,
    ignore: WHY_NOT !== undefined,
    fn: async () => {
      const disk = await mount(options);
      if (typeof disk === "string") throw new Error(disk);
      await using here = disk;
      await test(here.path);
    },
  });
}

const nodesOf = (epoch: number, bytes: number) => ({
  main: { large: value(noise(bytes, epoch + 1)), small: value(epoch) },
});

/** Opens anew, and reads each checkpoint in full. */
async function assertIntact(root: string, saved: readonly Manifest[], bytes: number) {
  const store = await CheckpointStore.open(new FileStore(root), { job: "job" });
  const { manifests, damaged } = await store.history();
  assertEquals(damaged, []);
  assertEquals(manifests.map(formatRef), saved.map(formatRef));
  for (const ref of manifests) {
    const blobs = await store.readBlobs(await store.readManifest(ref), () => true);
    const expected = { large: noise(bytes, ref.epoch + 1), small: ref.epoch };
    assertSameBlobs(Object.fromEntries(blobs.get("main")!), expected);
  }
}

/** Takes what is left of a disk, to the last byte. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, append: true });
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) file.writeSync(new Uint8Array(size));
    } catch (error) {
      assert(error instanceof Error && "code" in error && error.code === "ENOSPC", String(error));
    }
  }
}

async function assertFull(run: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(run, StoreFullError, "the disk is full: make room");
  assert(error.path !== "" && error.op !== "", error.message);
  assert(error.cause instanceof Error && "code" in error.cause);
  assertEquals(error.cause.code, "ENOSPC");
}

testOnDisk(
  "a full disk: earlier saves stay, and it goes on after room was made",
  "size=2m",
  async (disk) => {
    const root = join(disk, "job");
    const bytes = 128 * 1024;
    const store = await CheckpointStore.open(new FileStore(root), { job: "job" });
    const attempt = await begin(store);
    const saved: Manifest[] = [];
    await assertFull(async () => {
      for (let epoch = 0; epoch < 100; epoch++) {
        saved.push(await save(attempt, epoch, nodesOf(epoch, bytes)));
      }
    });
    assert(saved.length > 10 && saved.length < 16, `${saved.length} saves in 2 MiB`);
    await assertIntact(root, saved, bytes);
    await fill(join(disk, "filler"));
    const next = saved.length;
    await assertFull(() => save(attempt, next, nodesOf(next, bytes)));
    await assertFull(() => save(attempt, next, { main: { small: value(next) } }));
    await assertFull(() => store.begin({ ...saved[0]!.run, createdAtMs: 0 }));
    await assertFull(() => store.pin({ epoch: 0, attempt: 1 }));
    await assertIntact(root, saved, bytes);
    assert(!attempt.isOver, "the attempt that could not save may try again");
    await Deno.remove(join(disk, "filler"));
    // The failed saves left nothing behind: what they had taken is free again.
    assertEquals(await new FileStore(root).list("packs/a000001/").then((all) => all.length), next);
    await attempt.remove(saved.splice(0, 2));
    saved.push(await save(attempt, next, nodesOf(next, bytes)));
    await assertIntact(root, saved, bytes);
    const fresh = await CheckpointStore.open(new FileStore(root), { job: "job" });
    const second = await begin(fresh, saved.at(-1));
    await second.remove(saved.splice(0, 1));
    saved.push(await save(second, next + 1, nodesOf(next + 1, bytes)));
    await assertIntact(root, saved, bytes);
  },
);

// A removal writes a record first, which needs room: where there is none at all, a person makes it.
testOnDisk(
  "a disk without a byte left: removal says so, and loses nothing",
  "size=1m",
  async (disk) => {
    const root = join(disk, "job");
    const attempt = await begin(await CheckpointStore.open(new FileStore(root), { job: "job" }));
    const bytes = 64 * 1024;
    const saved = [
      await save(attempt, 0, nodesOf(0, bytes)),
      await save(attempt, 1, nodesOf(1, bytes)),
    ];
    await fill(join(disk, "filler"));
    await assertFull(() => attempt.remove([saved[0]!]));
    await assertIntact(root, saved, bytes);
    await Deno.truncate(join(disk, "filler"), 0);
    await attempt.remove(saved.splice(0, 1));
    await assertIntact(root, saved, bytes);
  },
);

// Where it is the link that finds no room, the outcome is taken as unknown, and the attempt is over.
testOnDisk("a disk without a free inode is full too", "size=2m,nr_inodes=40", async (disk) => {
  const root = join(disk, "job");
  const store = await CheckpointStore.open(new FileStore(root), { job: "job" });
  const first = await begin(store);
  const spares = Array.from({ length: 8 }, (_, index) => join(disk, `${index}`));
  for (const spare of spares) await Deno.writeTextFile(spare, "");
  const saved: Manifest[] = [];
  await assertFull(async () => {
    try {
      for (let epoch = 0; epoch < 30; epoch++) {
        saved.push(await save(first, epoch, nodesOf(epoch, 5000)));
      }
    } catch (error) {
      throw error instanceof UnknownOutcomeError ? error.cause : error;
    }
  });
  assert(saved.length > 2, `${saved.length} saves`);
  await assertIntact(root, saved, 5000);
  for (const spare of spares) await Deno.remove(spare);
  const second = await begin(store, saved.at(-1));
  await second.remove(saved.splice(0, 2));
  saved.push(await save(second, 40, nodesOf(40, 5000)));
  await assertIntact(root, saved, 5000);
});
