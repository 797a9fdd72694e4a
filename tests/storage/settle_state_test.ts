// What an attempt makes durable before it goes on from a state.
import { assertEquals } from "@std/assert";
import { CheckpointStore, FileStore, type ManifestRef, type Store } from "../../storage/mod.ts";
import { begin, noise, overriding, save, value } from "./sample.ts";
import { manifestName, newPackName, parentName } from "../../storage/layout.ts";
import { encodeManifest } from "../../storage/manifest_codec.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

Deno.test("what an attempt starts from is made as durable as what it saves", async () => {
  await using folder = await temporaryFolder();
  const quick = await CheckpointStore.open(new FileStore(folder.path), { durability: "process" });
  const manifest = await save(await begin(quick), 0, { main: { a: value(noise(9000)) } });
  const synced: string[] = [];
  const fileSystem = watchedFileSystem(({ op, path }) => {
    if (op === "syncFile") synced.push(path.slice(folder.path.length + 1));
  });
  const store = new FileStore(folder.path, { fileSystem });
  await begin(await CheckpointStore.open(store, { durability: "power" }), manifest);
  assertEquals(
    [...manifest.packs, manifestName(manifest)].filter((name) => !synced.includes(name)),
    [],
  );
});

Deno.test("an attempt starts from a state of very many packs, and all records before it are durable", async () => {
  await using folder = await temporaryFolder();
  const settled: string[] = [];
  const store = new FileStore(folder.path);
  const watched = overriding(store, {
    settle: async (names) => {
      for (const name of names) settled.push(name);
      await store.settle(names.filter((name) => !name.startsWith("packs/")));
    },
  });
  const saved = await save(await begin(await CheckpointStore.open(store)), 0);
  const packs = Array.from({ length: 150_000 }, () => newPackName(saved, "main"));
  await store.remove([manifestName(saved)]);
  await store.put(manifestName(saved), encodeManifest({ ...saved, packs }));
  const next = await begin(await CheckpointStore.open(watched), saved);
  assertEquals(settled.filter((name) => name.startsWith("packs/")).length, packs.length);
  settled.length = 0;
  // A fresh start may go on from logs, whose attempts began somewhere too.
  await begin(await CheckpointStore.open(watched));
  assertEquals(settled.filter((name) => name.includes("parent")).length, next.number);
});

/** A store whose syncs of records are noted, of where attempts start from, between the making of such records. */
function noting(store: FileStore, noted: string[]): Store {
  const note = (names: readonly string[], how: string) =>
    noted.push(...names.filter((name) => name.endsWith(".parent.cbor")).map((name) => how + name));
  return overriding(store, {
    settle: (names) => {
      note(names, "sync ");
      return store.settle(names);
    },
    put: (name, bytes, options) => {
      note([name], "");
      return store.put(name, bytes, options);
    },
  });
}

Deno.test("records that an attempt of the line has made durable are not synced anew", async () => {
  await using folder = await temporaryFolder();
  const noted: string[] = [];
  const store = noting(new FileStore(folder.path), noted);
  let last: ManifestRef | undefined;
  for (const durability of ["process", "process", "power", "power", "process", "power"] as const) {
    const opened = await CheckpointStore.open(store, { durability });
    last = await save(await begin(opened, last), last === undefined ? 0 : last.epoch + 1);
  }
  const [one, two, three, four, five, six] = [1, 2, 3, 4, 5, 6].map(parentName);
  assertEquals(noted, [
    ...[one, two, `sync ${one}`, `sync ${two}`, three],
    ...[`sync ${three}`, four, five, `sync ${four}`, `sync ${five}`, six],
  ]);
});

for (const harm of ["missing", "damaged"]) {
  Deno.test(`where a record is ${harm}, all are synced`, async () => {
    await using folder = await temporaryFolder();
    const noted: string[] = [];
    const files = new FileStore(folder.path);
    const opened = await CheckpointStore.open(noting(files, noted), { durability: "power" });
    let last: ManifestRef | undefined;
    for (const epoch of [0, 1, 2]) last = await save(await begin(opened, last), epoch);
    await files.remove([parentName(3)]);
    if (harm === "damaged") await files.put(parentName(3), new Uint8Array(9));
    noted.length = 0;
    await begin(await CheckpointStore.open(noting(files, noted), { durability: "power" }), last);
    const synced = [1, 2, ...harm === "damaged" ? [3] : []].map((at) => `sync ${parentName(at)}`);
    assertEquals(noted, [...synced, parentName(4)]);
  });
}
