import { assert, assertEquals } from "@std/assert";
import { FilesCommit, type FileToFill } from "../../storage/commit_files.ts";
import { fillPack } from "../../storage/fill_pack.ts";

/** Has packs committed whose syncs end when the test says so; gives what was done, in order. */
function begin(paths: readonly string[]) {
  const done: string[] = [];
  const syncs = new Map(paths.map((path) => [path, Promise.withResolvers<void>()]));
  const create = (path: string): FileToFill => ({
    write(bytes) {
      done.push(`write ${path}`);
      return bytes.byteLength;
    },
    sync: () => syncs.get(path)?.promise,
    close: () => void done.push(`close ${path}`),
  });
  const packs = paths.map((path) => ({ path, blocks: [[new Uint8Array(10)]] }));
  const files = { packs, folders: ["packs"], record: undefined, sync: true };
  const result = new FilesCommit(files, {
    ...{ create, link() {}, remove() {}, exists: () => false, withSums: () => new Uint8Array() },
    syncFolder: (path) => void done.push(`sync ${path}`),
    fillPack: (file, blocks) => fillPack(file, blocks, () => 7),
    point() {},
  }).run();
  return { done, syncs, result };
}

/** Lets all go on that need not wait. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("while a pack is synced the next one is written, and no more", async () => {
  const { done, syncs, result } = begin(["a", "b", "c"]);
  await turn();
  assertEquals(done, ["write a", "write b"]);
  syncs.get("a")?.resolve();
  await turn();
  assertEquals(done, ["write a", "write b", "close a", "write c"]);
  syncs.get("c")?.resolve();
  await turn();
  assertEquals(done.slice(4), ["close c"]);
  syncs.get("b")?.resolve();
  const committed = await result;
  assert("sums" in committed);
  assertEquals([committed.sums, committed.byteLength], [[7, 7, 7], 33]);
  assertEquals(done.slice(5), ["close b", "sync packs"]);
});

Deno.test("a sync that fails behind the next pack's writing fails the commit, once all files are closed", async () => {
  const { done, syncs, result } = begin(["a", "b", "c"]);
  await turn();
  const error = new Error("Input/output error");
  syncs.get("a")?.reject(error);
  await turn();
  assertEquals(done, ["write a", "write b", "close a"]);
  syncs.get("b")?.resolve();
  assertEquals(await result, { failed: "write", path: "a", begun: ["a", "b"], error });
  assertEquals(done, ["write a", "write b", "close a", "close b"]);
});
