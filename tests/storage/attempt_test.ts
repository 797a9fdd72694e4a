import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AttemptOverError,
  CheckpointStore,
  FencedError,
  FileStore,
  InvalidNameError,
  MemoryStore,
  ObjectExistsError,
  type Store,
  StoreError,
  UnknownOutcomeError,
} from "../../storage/mod.ts";
import {
  begin,
  noise,
  objects,
  overriding,
  request,
  save,
  START,
  testBoth,
  value,
} from "./sample.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

testBoth("a newer attempt fences what is saved after it", async ({ store, reopen }) => {
  const old = await begin(await CheckpointStore.open(store, { job: "job" }));
  const base = await save(old, 0);
  await save(old, 1);
  const other = await CheckpointStore.open(reopen(), { job: "job" });
  const young = await begin(other, base);
  const error = await assertRejects(() => save(old, 2), FencedError);
  assertEquals([error.attempt, error.by], [1, 2]);
  assert(old.isOver);
  await assertRejects(() => save(old, 3), FencedError);
  await assertRejects(() => old.remove([base]), FencedError);
  await save(young, 1);
  const { line, sides } = await other.history();
  assertEquals(line.map(({ epoch, attempt }) => [epoch, attempt]), [[0, 1], [1, 2]]);
  assertEquals(sides.map(({ refs }) => refs.map(({ epoch, attempt }) => [epoch, attempt])), [
    [[1, 1], [2, 1]],
  ]);
});

testBoth(
  "an attempt that has not recorded its parent fences, but is no line",
  async ({ store }) => {
    const opened = await CheckpointStore.open(store);
    const old = await begin(opened);
    await save(old, 0);
    const young = await opened.begin(START);
    await assertRejects(() => save(old, 1), FencedError);
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [0, 1]);
    await assertRejects(() => young.save(request({ epoch: 1 })), Error, "recordParent");
    await young.recordParent(undefined);
    assertEquals((await opened.history()).line, []);
    await assertRejects(() => young.recordParent(undefined), Error, "already");
  },
);

for (const isListed of [false, true]) {
  const when = isListed ? "listed before" : "not listed";
  testBoth(
    `an attempt is above all that was saved, where records were lost (${when})`,
    async ({ store, reopen }) => {
      const opened = await CheckpointStore.open(store);
      for (const epoch of [0, 1, 2]) await save(await begin(opened), epoch);
      await store.remove(await store.list("attempts/"));
      const other = await CheckpointStore.open(reopen());
      if (isListed) await other.history();
      assertEquals((await other.begin(START)).number, 4);
      // What others saved since then has a record.
      await save(await begin(await CheckpointStore.open(reopen())), 3);
      assertEquals((await other.begin(START)).number, 6);
    },
  );
}

testBoth(
  "an attempt that a newer one has overtaken is told so where it starts",
  async ({ store }) => {
    const opened = await CheckpointStore.open(store);
    const old = await opened.begin(START);
    const young = await begin(opened);
    const ref = await save(young, 0);
    await assertRejects(
      () => old.recordParent(ref),
      FencedError,
      "cannot start from what attempt 2 saved",
    );
    await assertRejects(() => old.save(request({ epoch: 1, parent: ref })), FencedError);
  },
);

testBoth("an attempt goes forward from what it saved last, and nowhere else", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const zero = await save(attempt, 0);
  const one = await save(attempt, 1);
  assertEquals(attempt.canSave({ epoch: 2, phase: "epoch" }, one), true);
  assertEquals(attempt.canSave({ epoch: 1, phase: "upload" }, one), true);
  assertEquals(attempt.canSave({ epoch: 1, phase: "epoch" }, one), false);
  assertEquals(attempt.canSave({ epoch: 2, phase: "epoch" }, zero), false);
  assertEquals(attempt.canSave({ epoch: 2, phase: "epoch" }, undefined), false);
  const before = await objects(store);
  await assertRejects(() => attempt.save(request({ epoch: 2, parent: zero })), RangeError);
  await assertRejects(() => attempt.save(request({ epoch: -1, parent: one })), RangeError);
  assertEquals(await objects(store), before);
  await assertRejects(() => attempt.remove([one]), RangeError);
  const again = await opened.begin(START);
  await assertRejects(() => again.recordParent({ ...one, attempt: 2 }), RangeError);
  await again.recordParent(zero);
  assertEquals((await save(again, 1)).parent, { epoch: 0, attempt: 1, phase: "epoch" });
});

testBoth("phases follow their epoch", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  await save(attempt, 0);
  await save(attempt, 1);
  for (const phase of ["upload", "download", "exit"] as const) {
    await save(attempt, 1, {}, { phase });
  }
  const { line } = await opened.history();
  assertEquals(line.map(({ phase }) => phase), ["epoch", "epoch", "upload", "download", "exit"]);
  assertEquals((await store.list("phases/")).length, 3);
});

/** A store in which some puts of manifests go wrong. */
function failing(
  store: Store,
  fail: (name: string, put: () => Promise<void>) => Promise<void>,
): Store {
  return overriding(store, {
    put: (name, bytes, options) => fail(name, () => store.put(name, bytes, options)),
  });
}

Deno.test("after an unknown outcome an attempt saves no more, whichever way it went", async () => {
  for (const isThere of [false, true]) {
    const memory = new MemoryStore();
    const opened = await CheckpointStore.open(failing(memory, async (name, put) => {
      if (!name.startsWith("epochs/e000001")) return await put();
      if (isThere) await put();
      throw new UnknownOutcomeError("commit", name, "for a test");
    }));
    const attempt = await begin(opened);
    const zero = await save(attempt, 0);
    await assertRejects(
      () => save(attempt, 1, { main: { a: value(noise(9000)) } }),
      UnknownOutcomeError,
    );
    assert(attempt.isOver);
    await assertRejects(() => save(attempt, 2), AttemptOverError, "begin another");
    // Its pack may be needed, and stays.
    assertEquals((await memory.list("packs/a000001/")).length, 1);
    const next = await begin(await CheckpointStore.open(memory), zero);
    await save(next, 1);
    const { line } = await opened.history();
    assertEquals(line.map(({ epoch, attempt }) => [epoch, attempt]), [[0, 1], [1, 2]]);
  }
});

Deno.test("a manifest that is there already has an unknown outcome too", async () => {
  const memory = new MemoryStore();
  const attempt = await begin(await CheckpointStore.open(memory));
  await memory.put("epochs/e000000.a000001.cbor", Uint8Array.of(1));
  const error = await assertRejects(() => save(attempt, 0), UnknownOutcomeError);
  assert(error.cause instanceof ObjectExistsError);
  assert(attempt.isOver);
});

Deno.test("a look for newer attempts that fails has an unknown outcome", async () => {
  const memory = new MemoryStore();
  let isArmed = false;
  const broken = overriding(memory, {
    stat: (name) =>
      isArmed ? Promise.reject(new StoreError("look at", name, "EIO")) : memory.stat(name),
  });
  const attempt = await begin(await CheckpointStore.open(broken));
  isArmed = true;
  await assertRejects(() => save(attempt, 0), UnknownOutcomeError);
  assert(attempt.isOver);
});

Deno.test("a failed save may be tried again, and leaves nothing of its own", async () => {
  const memory = new MemoryStore();
  let failures = 2;
  const opened = await CheckpointStore.open(failing(memory, async (name, put) => {
    if (name.startsWith("epochs/") && failures-- > 0) throw new StoreError("write", name, "EIO");
    await put();
  }));
  const attempt = await begin(opened);
  const nodes = () => ({ main: { a: value(noise(9000)) }, other: { a: value(noise(9000)) } });
  await assertRejects(() => save(attempt, 0, nodes()), StoreError);
  await assertRejects(() => save(attempt, 0, nodes()), StoreError);
  assertEquals(await memory.list("packs/a000001/"), []);
  const manifest = await save(attempt, 0, nodes());
  assertEquals(await memory.list("packs/a000001/"), [...manifest.packs].sort());
});

Deno.test("names that cannot be files are refused before anything is written", async () => {
  const memory = new MemoryStore();
  const attempt = await begin(await CheckpointStore.open(memory));
  const before = await objects(memory);
  for (const name of ["../x", "a/b", "", "con", "x".repeat(101)]) {
    await assertRejects(() => save(attempt, 0, { [name]: {} }), InvalidNameError);
    await assertRejects(() => save(attempt, 0, { main: { [name]: value(1) } }), InvalidNameError);
  }
  assertEquals(await objects(memory), before);
});

Deno.test("no attempt begins behind the last number there is", async () => {
  const memory = new MemoryStore();
  await memory.put("attempts/999999999.cbor", new Uint8Array(3));
  const opened = await CheckpointStore.open(memory);
  await assertRejects(() => opened.begin(START), StoreError, "move it away");
});

Deno.test("an attempt begins though a repair has cleared away what its record was written under", async () => {
  await using folder = await temporaryFolder();
  let isCleared = false;
  const fileSystem = watchedFileSystem(async ({ op, path }) => {
    if (isCleared || op !== "link" || !path.endsWith("/attempts/000001.cbor")) return;
    isCleared = true;
    for await (const { name } of Deno.readDir(`${folder.path}/attempts`)) {
      await Deno.remove(`${folder.path}/attempts/${name}`);
    }
  });
  const store = await CheckpointStore.open(new FileStore(folder.path, { fileSystem }));
  assertEquals([(await store.begin(START)).number, isCleared], [1, true]);
});

Deno.test("an attempt that is overtaken while it says what it starts from is fenced", async () => {
  await using folder = await temporaryFolder();
  let isOvertaken = false;
  const fileSystem = watchedFileSystem(async ({ op, path }) => {
    if (isOvertaken || op !== "link" || !path.endsWith("000001.parent.cbor")) return;
    isOvertaken = true;
    await (await CheckpointStore.open(new FileStore(folder.path))).begin(START);
    // Whoever repairs takes it for what a killed write has left.
    const own = `${folder.path}/attempts`;
    for await (const { name } of Deno.readDir(own)) {
      if (name.startsWith(".")) await Deno.remove(`${own}/${name}`);
    }
  });
  const store = new FileStore(folder.path, { fileSystem });
  const attempt = await (await CheckpointStore.open(store)).begin(START);
  await assertRejects(() => attempt.recordParent(undefined), FencedError);
  assertEquals(attempt.isOver, true);
});
