import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  AttemptOverError,
  CheckpointStore,
  denoFileSystem,
  FileStore,
  type FileSystem,
  StoreError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { unsealed } from "../../storage/seal.ts";
import { SumHole } from "../../storage/unsummed.ts";
import { begin, noise, objects, save, shared, taken, value } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const NAME = `packs/a000001/e000001.main.${"0".repeat(32)}.pack`;
const RECORD = "epochs/e000001.a000001.cbor";
const NEWER = "attempts/000002.cbor";

Deno.test("a record that is there already is a commit of unknown outcome, by the thread too", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
  store.keep();
  const large = shared(noise(2 ** 20, 1));
  const request = (nonce: string) => ({
    packs: [{ name: NAME.replace("0".repeat(32), nonce.repeat(32)), blocks: [[large]] }],
    record: {
      ...{ name: RECORD, newer: NEWER },
      content: unsealed("manifest", new Map([["sum", new SumHole(0)]])),
    },
  });
  await store.commit(request("1"));
  const before = await objects(store);
  await assertRejects(() => store.commit(request("2")), UnknownOutcomeError, "already");
  const after = await objects(store);
  assertEquals(after.get(RECORD), before.get(RECORD));
  store.release();
});

Deno.test("a pack that fails in mid-write is removed", async () => {
  await using folder = await temporaryFolder();
  const real = denoFileSystem();
  const failing: FileSystem = {
    ...real,
    commitAside: async (files) => {
      const { record: _, ...packs } = files;
      await real.commitAside?.({ ...packs, record: undefined }, undefined);
      const error = Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
      return { failed: "write", path: NAME, begun: files.packs.map(({ path }) => path), error };
    },
  };
  const store = new FileStore(folder.path, { fileSystem: failing });
  store.keep();
  const packs = [{ name: NAME, blocks: [[shared(noise(2 ** 20))]] }];
  const error = await assertRejects(() => store.commit({ packs }));
  assertInstanceOf(error, StoreError);
  assertEquals(await store.list("packs/a000001/"), []);
  store.release();
});

Deno.test("a commit that is ended before its link leaves no pack", async () => {
  await using folder = await temporaryFolder();
  const stop = new AbortController();
  const onPoint = (point: string) => {
    if (point === "link") stop.abort(new Error("enough"));
  };
  const store = new FileStore(folder.path, { onPoint });
  const request = {
    packs: [{ name: NAME, blocks: [[noise(2 ** 10)]] }],
    record: {
      ...{ name: RECORD, newer: NEWER },
      content: unsealed("manifest", new Map([["sum", new SumHole(0)]])),
    },
  };
  await assertRejects(() => store.commit(request, { signal: stop.signal }), Error, "enough");
  assertEquals([...(await objects(store)).keys()], []);
});

Deno.test("what is small, or large and would have to be copied, or comes alone, is committed here", async () => {
  await using folder = await temporaryFolder();
  const real = denoFileSystem();
  let aside = 0;
  const counting: FileSystem = {
    ...real,
    commitAside: async (files, onPoint) => {
      aside++;
      return await real.commitAside!(files, onPoint);
    },
  };
  const store = new FileStore(folder.path, { fileSystem: counting });
  store.keep();
  const commit = async (digit: string, bytes: Uint8Array, isDisposable: boolean, times = 1) => {
    const name = NAME.replace("0".repeat(32), digit.repeat(32));
    const blocks = Array.from({ length: times }, () => [times === 1 ? bytes : bytes.slice()]);
    await store.commit({ packs: [{ name, blocks, isDisposable }] });
    return aside;
  };
  assertEquals(await commit("1", shared(noise(1000)), false), 0);
  assertEquals(await commit("2", noise(2 ** 22), false), 0);
  assertEquals(await commit("3", shared(noise(2 ** 21)), false), 1);
  assertEquals(await commit("4", noise(2 ** 21), true), 2);
  assertEquals(await commit("5", noise(2 ** 17), false, 16), 3);
  assertEquals(await commit("6", noise(2 ** 17), false, 600), 3);
  store.release();
  assertEquals(await commit("7", shared(noise(2 ** 21)), false), 3);
});

Deno.test("where whoever commits aside dies, nobody can tell whether a record is there", async () => {
  await using folder = await temporaryFolder();
  const real = denoFileSystem();
  let isDead = false;
  const dying: FileSystem = {
    ...real,
    commitAside: async (files, onPoint) => {
      const result = await real.commitAside!(files, onPoint);
      if (isDead) throw new Error("the writer thread ended");
      return result;
    },
  };
  const store = new FileStore(folder.path, { fileSystem: dying });
  store.keep();
  const checkpoints = await CheckpointStore.open(store);
  const attempt = await begin(checkpoints);
  const large = () => ({ main: { large: taken(noise(2 ** 21, 1)) } });
  const first = await save(attempt, 0, large());
  isDead = true;
  await assertRejects(() => save(attempt, 1, large()), UnknownOutcomeError, "the writer thread");
  assertEquals(attempt.isOver, true);
  await assertRejects(() => save(attempt, 1, large()), AttemptOverError);
  // It was committed, and is whole.
  const { manifests } = await checkpoints.history();
  assertEquals(manifests.length, 2);
  for (const ref of manifests) {
    await checkpoints.check(await checkpoints.readManifest(ref), { full: true });
  }
  const packs = [{
    name: first.packs[0]!.replace(/[0-9a-f]{32}/, "1".repeat(32)),
    blocks: [[shared(noise(2 ** 20))]],
  }];
  const error = await assertRejects(() => store.commit({ packs }), StoreError, "writer thread");
  assertEquals(error.name, "StoreError");
  store.release();
});

Deno.test("without links, a record that cannot be closed nor removed may be whole", async () => {
  for (const failure of [new Error("Input/output error"), new Deno.errors.NotCapable("revoked")]) {
    await using folder = await temporaryFolder();
    const real = denoFileSystem();
    let isFailing = false;
    const linkless: FileSystem = {
      ...real,
      link: () => Promise.reject(new Deno.errors.NotSupported("no links")),
      create: async (path, options) => {
        const file = await real.create(path, options);
        if (!isFailing || !path.includes("epochs")) return file;
        const close = async () => {
          await file.close();
          throw failure;
        };
        return { ...file, close };
      },
      remove: async (path) => {
        if (isFailing && path.includes("epochs")) throw failure;
        await real.remove(path);
      },
    };
    const store = new FileStore(folder.path, { fileSystem: linkless });
    const checkpoints = await CheckpointStore.open(store);
    const attempt = await begin(checkpoints);
    isFailing = true;
    const nodes = { main: { large: value(noise(100_000)) } };
    await assertRejects(() => save(attempt, 0, nodes), UnknownOutcomeError);
    const [ref] = (await checkpoints.history()).manifests;
    await checkpoints.check(await checkpoints.readManifest(ref!), { full: true });
  }
});

Deno.test("a pack of another job that cannot be synced does not stay under its new name", async () => {
  await using folder = await temporaryFolder();
  const parent = new FileStore(`${folder.path}/parent`);
  await parent.write("packs/a000001/x.pack", [new Uint8Array(3)]);
  const fileSystem: FileSystem = {
    ...denoFileSystem(),
    syncFile: () => Promise.reject(new Error("the disk says no")),
  };
  const fork = new FileStore(`${folder.path}/fork`, { fileSystem });
  const adopting = () =>
    fork.adopt("packs/a000001/y.pack", parent, "packs/a000001/x.pack", { durability: "power" });
  await assertRejects(adopting, StoreError, "the disk says no");
  assertEquals(await fork.list("packs/a000001/"), []);
});
