import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  CheckpointStore,
  DamagedError,
  FencedError,
  FileStore,
  forkCheckpoint,
  type ForkRequest,
  manifestName,
  MemoryStore,
  RemovedError,
  type Store,
  StoreError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import { commit } from "../../storage/commit.ts";
import { begin, noise, overriding, save, testBoth, value } from "./sample.ts";

const environment = { deno: "2", arch: "x86_64", tidemark: "0.1.0" };
const record = { seed: 1, params: {}, environment, createdAtMs: 0 };

/** Another store of the same kind, beside it, as forks lie. */
function sibling(store: Store): Store {
  if (!(store instanceof FileStore)) return new MemoryStore();
  return new FileStore(join(dirname(store.root), crypto.randomUUID()));
}

/** A saved state of two nodes, to be forked to another store. */
async function prepared(store: Store, into: Store): Promise<ForkRequest> {
  const source = await CheckpointStore.open(store, { job: "parent" });
  const attempt = await begin(source);
  const large = value(noise(700_000, 1));
  await save(attempt, 0, { a: { large, small: value([1]) }, b: { none: { absent: true } } });
  const manifest = await save(attempt, 1, {
    ...{ a: { large: value(noise(700_000, 2)), small: value([2]) } },
    b: { none: { absent: true } },
  });
  return { source, manifest, target: await CheckpointStore.open(into, { job: "fork" }), record };
}

async function assertForked({ source, manifest, target }: ForkRequest): Promise<void> {
  const [ref] = (await target.history()).manifests;
  assertEquals(ref, { epoch: 1, attempt: 1, phase: "epoch" });
  const forked = await target.readManifest(ref!);
  assertEquals([forked.job, forked.parent, forked.run.branch], ["fork", undefined, 1]);
  assertEquals(
    await target.readBlobs(forked, () => true),
    await source.readBlobs(manifest, () => true),
  );
}

testBoth("fork: packs are shared, and each side's names are its own", async ({ store }) => {
  const into = sibling(store);
  const request = await prepared(store, into);
  const { bytesRead } = store;
  await forkCheckpoint(request);
  // Records alone are read and written.
  assert(store.bytesRead === bytesRead && into.bytesWritten < 10_000);
  await assertForked(request);
  await store.remove(request.manifest.packs);
  const [ref] = (await request.target.history()).manifests;
  await request.target.check(await request.target.readManifest(ref!), { full: true });
});

testBoth("fork: where no name can be shared, the bytes are copied", async ({ store }) => {
  const unable = overriding(new MemoryStore(), { adopt: () => Promise.resolve(false) });
  const request = await prepared(store, unable);
  await forkCheckpoint(request);
  await assertForked(request);
});

testBoth(
  "fork: where names can be shared no more, those that were are given back",
  async ({ store }) => {
    const inner = new MemoryStore();
    let tried = 0;
    const into = overriding(inner, {
      adopt: async (name, from, fromName) => {
        if (tried++ > 0) return false;
        await inner.put(name, await from.get(fromName));
        return true;
      },
    });
    const source = await CheckpointStore.open(store, { job: "parent" });
    const attempt = await begin(source);
    const first = await save(attempt, 0, { a: { one: value(noise(700_000, 1)) } });
    const one = { carry: first.nodes["a"]!["one"]! };
    const manifest = await save(attempt, 1, { a: { one, two: value(noise(700_000, 2)) } });
    const target = await CheckpointStore.open(into, { job: "fork" });
    const { packs } = await forkCheckpoint({ source, manifest, target, record });
    await assertForked({ source, manifest, target, record });
    assertEquals([tried, (await inner.list("packs/a000001/")).toSorted()], [2, packs.toSorted()]);
  },
);

testBoth("fork: a pack that is missing is damage, and leaves nothing", async ({ store }) => {
  for (const into of [new MemoryStore(), sibling(store)]) {
    const request = await prepared(sibling(store), into);
    await request.source.store.remove(request.manifest.packs);
    await assertRejects(() => forkCheckpoint(request), DamagedError);
    assertEquals([await into.list("epochs/"), await into.list("packs/a000001/")], [[], []]);
  }
});

testBoth("fork: a state that is removed meanwhile is said to be", async ({ store }) => {
  for (const into of [new MemoryStore(), sibling(store)]) {
    const request = await prepared(sibling(store), into);
    await request.source.store.remove([manifestName(request.manifest), ...request.manifest.packs]);
    await assertRejects(() => forkCheckpoint(request), RemovedError, "Cannot fork 1@a1");
    assertEquals([await into.list("epochs/"), await into.list("packs/a000001/")], [[], []]);
  }
});

testBoth("fork: where a manifest may be there, its packs stay", async ({ store }) => {
  const unknown = new UnknownOutcomeError("commit", "epochs", "nobody can tell");
  const failed = new StoreError("write", "epochs", "Input/output error");
  const outcomes = [
    { end: () => Promise.reject(unknown), error: UnknownOutcomeError, isThere: true },
    { end: () => ({ isSuperseded: true }), error: FencedError, isThere: true },
    { end: () => Promise.reject(failed), error: StoreError, isThere: false },
  ];
  for (const { end, error, isThere } of outcomes) {
    const from = sibling(store);
    const into = sibling(store);
    const failing = overriding(into, {
      adopt: (name, _, fromName, options) => into.adopt!(name, from, fromName, options),
      commit: async (request, options = {}) => {
        if (!isThere) return await end() as never;
        return { ...await commit(into, request, options), ...await end() };
      },
    });
    const request = await prepared(from, failing);
    assertInstanceOf(await assertRejects(() => forkCheckpoint(request)), error);
    if (!isThere) assertEquals(await into.list("packs/a000001/"), []);
    else await assertForked({ ...request, target: await CheckpointStore.open(into) });
  }
});

testBoth("fork: of a state whose packs are short nothing is made", async ({ store }) => {
  const into = sibling(store);
  const request = await prepared(store, into);
  const [pack = ""] = request.manifest.packs;
  const bytes = await store.get(pack);
  await store.remove([pack]);
  await store.write(pack, [bytes.subarray(0, -1)]);
  await assertRejects(() => forkCheckpoint(request), DamagedError, pack);
  assertEquals(await into.list("attempts/"), []);
});
