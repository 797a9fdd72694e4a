// The records that say what is being removed.
import { assertEquals, assertRejects } from "@std/assert";
import {
  CheckpointStore,
  FileStore,
  type ManifestRef,
  MemoryStore,
  StoreError,
} from "../../storage/mod.ts";
import { decodeRemoval, encodeRemoval } from "../../storage/job_record.ts";
import { manifestName, newRemovalName } from "../../storage/layout.ts";
import { removeManifests } from "../../storage/removal.ts";
import { begin, keepingEpochs, noise, overriding, save, value } from "./sample.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

const pack = (seed: number) => ({ main: { a: value(noise(9000, seed)) } });

Deno.test("a removal of very many epochs that was left is finished", async () => {
  const store = new MemoryStore();
  const one = await save(await begin(await CheckpointStore.open(store)), 1);
  const refs = Array.from({ length: 150_000 }, (_, index) => ({ ...one, epoch: index + 10 }));
  await store.put(newRemovalName(1), encodeRemoval(1, refs));
  const next = await begin(await CheckpointStore.open(store), one);
  assertEquals((await next.sweep()).length, refs.length);
  assertEquals(await store.list("removals/"), []);
});

Deno.test("removals that fail leave one record, however many there are", async () => {
  const store = new MemoryStore();
  const failing = keepingEpochs(store);
  const attempt = await begin(await CheckpointStore.open(failing));
  const saved: ManifestRef[] = [];
  for (let epoch = 0; epoch <= 20; epoch++) {
    saved.push(await save(attempt, epoch));
    if (epoch > 0) await assertRejects(() => attempt.remove(saved.slice(0, -1)), StoreError);
    assertEquals((await store.list("removals/")).length, Math.min(epoch, 1));
  }
  const later = await begin(await CheckpointStore.open(store), saved.at(-1));
  await later.sweep();
  assertEquals(await store.list("removals/"), []);
  assertEquals((await store.list("epochs/")).length, 1);
});

Deno.test("more states than one record can name are removed by several", async () => {
  const inner = new MemoryStore();
  const named: number[] = [];
  const store = overriding(inner, {
    put: async (name, bytes, options) => {
      if (name.startsWith("removals/")) named.push(decodeRemoval(name, bytes).length);
      await inner.put(name, bytes, options);
    },
  });
  const attempt = await begin(await CheckpointStore.open(store));
  const saved = [await save(attempt, 0, pack(1)), await save(attempt, 1, pack(2))];
  // What is not there is skipped, as what another removal has taken.
  const gone = Array.from({ length: 250_000 }, (_, at): ManifestRef => ({
    ...{ epoch: at + 2, attempt: 1, phase: "epoch" },
  }));
  await attempt.remove([...gone, saved[0]!]);
  assertEquals(named, [100_000, 100_000, 50_001]);
  assertEquals((await inner.list("epochs/")).length, 1);
  assertEquals((await inner.list("packs/a000001/")).length, 1);
});

Deno.test("a record that was withdrawn for a pin does not come back with a power cut", async () => {
  await using folder = await temporaryFolder();
  const log: string[] = [];
  const fileSystem = watchedFileSystem(({ op, path }) => {
    const [where = ""] = path.slice(folder.path.length + 1).split("/");
    if ((op === "remove" || op === "syncFolder") && where === "removals") log.push(op);
  });
  const opened = await CheckpointStore.open(new FileStore(folder.path, { fileSystem }));
  const attempt = await begin(opened);
  const first = await save(attempt, 0, pack(1));
  await save(attempt, 1, pack(2));
  await opened.pin(first);
  log.length = 0;
  assertEquals(await attempt.remove([first]), []);
  // Its temporary name, itself, and the folder.
  assertEquals(log, ["remove", "remove", "syncFolder"]);
});

Deno.test("a removal takes no pack of a later attempt, and finishes none that one has begun", async () => {
  const store = new MemoryStore();
  const opened = await CheckpointStore.open(store);
  const first = await begin(opened);
  const zero = await save(first, 0, pack(1));
  const second = await begin(await CheckpointStore.open(store), zero);
  const one = await save(second, 1, pack(2));
  await save(second, 2, pack(3));
  const left = newRemovalName(2);
  await store.put(left, encodeRemoval(2, [zero]), { durability: "none" });
  // As whoever was fenced after its last look.
  const remover = {
    ...{ store, attempt: 1, parent: undefined, durability: "none" as const },
    packsOf: async (ref: ManifestRef) => (await opened.readManifest(ref)).packs,
    checkNotFenced: () => Promise.resolve(),
    attempts: async () => (await opened.history()).attempts,
  };
  await removeManifests(remover, [one]);
  assertEquals(await store.list("epochs/"), [manifestName(zero), manifestName(second.last!)]);
  assertEquals((await store.list("packs/a000002/")).length, 2);
  assertEquals(await store.list("removals/"), [left]);
});
