import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CheckpointStore, DamagedError, FileStore, type ManifestRef } from "../../storage/mod.ts";
import { begin, noise, save, value } from "./sample.ts";
import { type Operation, temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

class Stop extends Error {}

const VERSIONS = [0, 1, 2, 3, 4].map((epoch) => noise(9000, epoch));
const nodes = (epoch: number) => ({
  main: { large: value(VERSIONS[epoch]), small: value(epoch) },
  other: { large: value(VERSIONS[epoch]) },
});

/** Saves epochs 0 to 3 and removes 0 and 1; tells of each acknowledgement. */
async function work(store: FileStore, acknowledged: (epoch: number) => void): Promise<void> {
  const attempt = await begin(await CheckpointStore.open(store, { job: "job" }));
  const refs: ManifestRef[] = [];
  for (let epoch = 0; epoch < 4; epoch++) {
    refs.push(await save(attempt, epoch, nodes(epoch)));
    acknowledged(epoch);
    if (epoch > 1) await attempt.remove([refs[epoch - 2]!]);
  }
}

/** Opens what is left, reads all of it, and goes on for an epoch. */
async function recover(root: string, last: number): Promise<void> {
  const store = await CheckpointStore.open(new FileStore(root), { job: "job" });
  const { line, sides, damaged } = await store.history();
  assertEquals([sides, damaged], [[], []]);
  for (const ref of line) {
    const blobs = await store.readBlobs(await store.readManifest(ref), () => true);
    assertEquals(blobs.get("main")?.get("large"), VERSIONS[ref.epoch]);
    assertEquals(blobs.get("main")?.get("small"), ref.epoch);
    assertEquals(blobs.get("other")?.get("large"), VERSIONS[ref.epoch]);
  }
  const newest = line.at(-1);
  assert((newest?.epoch ?? -1) >= last, `epoch ${last} was acknowledged and is lost`);
  assert((newest?.epoch ?? -1) <= last + 1);
  const attempt = await begin(store, newest);
  await save(attempt, (newest?.epoch ?? -1) + 1, nodes((newest?.epoch ?? -1) + 1));
  await attempt.remove(line.slice(0, -1));
  assertEquals(await new FileStore(root).list("removals/"), []);
}

/** Runs the work until `stopAt` operations were done, and gives how many there were. */
async function workUntil(
  stopAt: number,
  after: (root: string, last: number, operation: Operation) => Promise<void>,
  isFault: boolean,
): Promise<number> {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "job");
  let done = 0;
  let last = -1;
  let stopped: Operation | undefined;
  const fileSystem = watchedFileSystem((operation) => {
    // A dead process does nothing any more; a fault is over after one operation.
    if (stopped !== undefined && !isFault) throw new Stop();
    if (done++ !== stopAt) return;
    stopped = operation;
    throw new Stop();
  });
  try {
    await work(new FileStore(root, { fileSystem }), (epoch) => last = epoch);
  } catch (error) {
    assert(stopped !== undefined, String(error));
  }
  if (stopped !== undefined) await after(root, last, stopped);
  return done;
}

/** Stops at each operation in turn, several at once as they mostly wait for the disk. */
async function workAtEach(total: number, isFault: boolean): Promise<void> {
  const stops = Array.from({ length: total }, (_, index) => index);
  while (stops.length > 0) {
    const some = stops.splice(0, 16);
    await Promise.all(some.map((stopAt) => workUntil(stopAt, recover, isFault)));
  }
}

Deno.test("a process that dies before any of its operations loses nothing acknowledged", async () => {
  const total = await workUntil(Infinity, () => Promise.resolve(), false);
  assert(total > 100, `${total} operations`);
  await workAtEach(total, false);
});

Deno.test("any one operation that fails loses nothing acknowledged, and damages nothing", async () => {
  const total = await workUntil(Infinity, () => Promise.resolve(), true);
  await workAtEach(total, true);
});

Deno.test("a manifest that is linked before its pack would be seen (the test can fail)", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  const opened = await CheckpointStore.open(store);
  const manifest = await save(await begin(opened), 0, nodes(0));
  await Deno.remove(join(folder.path, manifest.packs[0]!));
  let found: unknown;
  await recover(folder.path, 0).catch((error) => found = error);
  assert(found instanceof DamagedError);
});

Deno.test("a save syncs its packs, their folders, the manifest, and links it last", async () => {
  await using folder = await temporaryFolder();
  const log: string[] = [];
  const fileSystem = watchedFileSystem(({ op, path }) => {
    const short = path.slice(folder.path.length + 1);
    const kind = /\.tmp$/.test(short) ? "tmp" : /\.pack$/.test(short) ? "pack" : short;
    if (["sync", "syncFolder", "link", "makeFolder"].includes(op)) log.push(`${op} ${kind}`);
    if (op === "stat" && short.startsWith("attempts/")) log.push("look for a newer attempt");
  });
  const store = new FileStore(folder.path, { fileSystem });
  const attempt = await begin(await CheckpointStore.open(store));
  log.length = 0;
  await save(attempt, 0, nodes(0));
  assertEquals(log, [
    ...["makeFolder packs", "syncFolder ", "makeFolder packs/a000001", "syncFolder packs"],
    ...["makeFolder epochs", "syncFolder ", "sync pack", "sync pack", "syncFolder packs/a000001"],
    ...["sync tmp", "link epochs/e000000.a000001.cbor", "syncFolder epochs"],
    "look for a newer attempt",
  ]);
});
