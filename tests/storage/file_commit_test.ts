import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  denoFileSystem,
  FileStore,
  type FileSystem,
  StoreError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { unsealed } from "../../storage/seal.ts";
import { SumHole } from "../../storage/unsummed.ts";
import { noise, objects, shared } from "./sample.ts";
import { temporaryFolder } from "./watched_file_system.ts";

const NAME = `packs/a000001/e000001.main.${"0".repeat(32)}.pack`;
const RECORD = "epochs/e000001.a000001.cbor";
const NEWER = "attempts/000002.cbor";

Deno.test("a record that is there already is a commit of unknown outcome, by the thread too", async () => {
  await using folder = await temporaryFolder();
  const store = new FileStore(folder.path);
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
  const packs = [{ name: NAME, blocks: [[shared(noise(2 ** 20))]] }];
  const error = await assertRejects(() => store.commit({ packs }));
  assertInstanceOf(error, StoreError);
  assertEquals(await store.list("packs/a000001/"), []);
  store.release();
});

Deno.test("what is small, or would have to be copied, is committed here", async () => {
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
  const commit = async (digit: string, bytes: Uint8Array, isDisposable: boolean) => {
    const name = NAME.replace("0".repeat(32), digit.repeat(32));
    await store.commit({ packs: [{ name, blocks: [[bytes]], isDisposable }] });
    return aside;
  };
  assertEquals(await commit("1", shared(noise(1000)), false), 0);
  assertEquals(await commit("2", noise(2 ** 21), false), 0);
  assertEquals(await commit("3", shared(noise(2 ** 21)), false), 1);
  assertEquals(await commit("4", noise(2 ** 21), true), 2);
});
