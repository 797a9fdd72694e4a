import { assertEquals, assertRejects } from "@std/assert";
import {
  CheckpointStore,
  FencedError,
  FileStore,
  type Manifest,
  type Store,
  StoreError,
} from "../../storage/mod.ts";
import { decodeRemoval, encodeRemoval } from "../../storage/job_record.ts";
import { newRemovalName } from "../../storage/layout.ts";
import { begin, keepingEpochs, noise, overriding, save, START, testBoth, value } from "./sample.ts";
import { temporaryFolder, watchedFileSystem } from "./watched_file_system.ts";

const pack = (seed: number) => ({ main: { a: value(noise(9000, seed)) } });

Deno.test("manifests go before their packs, and their folder is synced in between", async () => {
  await using folder = await temporaryFolder();
  const log: string[] = [];
  const fileSystem = watchedFileSystem(({ op, path }) => {
    if (op !== "remove" && op !== "syncFolder" && op !== "link") return;
    if (!path.endsWith(".tmp")) {
      log.push(`${op} ${path.slice(folder.path.length + 1).split("/")[0]}`);
    }
  });
  const attempt = await begin(
    await CheckpointStore.open(new FileStore(folder.path, { fileSystem })),
  );
  const first = await save(attempt, 0, pack(1));
  await save(attempt, 1, pack(2));
  log.length = 0;
  await attempt.remove([first]);
  assertEquals(log, [
    ...["link removals", "remove epochs", "syncFolder epochs", "remove packs", "remove removals"],
  ]);
});

testBoth("a pack goes with the last manifest that names it", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const saved: Manifest[] = [await save(attempt, 0, pack(1))];
  for (const epoch of [1, 2, 3]) {
    saved.push(await save(attempt, epoch, { main: { a: { carry: saved[0]!.nodes.main!.a! } } }));
  }
  for (const manifest of saved.slice(0, 3)) {
    assertEquals((await store.list("packs/a000001/")).length, 1);
    await attempt.remove([manifest]);
  }
  assertEquals((await store.list("packs/a000001/")).length, 1);
  await save(attempt, 4, pack(2));
  await attempt.remove([saved[3]!]);
  const blobs = await opened.readBlobs(await opened.readManifest(attempt.last!), () => true);
  assertEquals(blobs.get("main")?.get("a"), noise(9000, 2));
  assertEquals((await store.list("packs/a000001/")).length, 1);
});

testBoth("a fenced attempt removes nothing", async ({ store, reopen }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  const first = await save(attempt, 0);
  await save(attempt, 1);
  await (await CheckpointStore.open(reopen())).begin(START);
  await assertRejects(() => attempt.remove([first]), FencedError);
  assertEquals((await store.list("epochs/")).length, 2);
  assertEquals(await store.list("removals/"), []);
});

testBoth(
  "what an attempt was about to remove that was killed once it was taken over from stays for whoever took over",
  async ({ store, reopen }) => {
    const old = await begin(await CheckpointStore.open(store));
    const saved: Manifest[] = [];
    for (const epoch of [0, 1, 2]) saved.push(await save(old, epoch, pack(epoch)));
    await begin(await CheckpointStore.open(reopen()), saved[1]);
    // Between its record and its look behind that.
    await store.put(newRemovalName(1), encodeRemoval(1, saved.slice(0, 2)));
    const opened = await CheckpointStore.open(reopen());
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [0, 1]);
    const next = await begin(opened, saved[1]);
    await save(next, 2, pack(5));
    assertEquals(await next.remove([]), []);
    assertEquals(await store.list("removals/"), []);
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [0, 1, 2]);
  },
);

testBoth(
  "a record that was not there yet when a newer attempt began goes without its removal",
  async ({ store, reopen }) => {
    const old = await begin(await CheckpointStore.open(store));
    const saved: Manifest[] = [];
    for (const epoch of [0, 1, 2, 3]) saved.push(await save(old, epoch, pack(epoch)));
    const other = await CheckpointStore.open(reopen());
    const newer = await other.begin(START);
    const { removals } = await other.history();
    await newer.recordParent(saved[2], { removals });
    // By the line up to epoch 3 these two may go, by that up to 2 they may not.
    await store.put(newRemovalName(1), encodeRemoval(1, saved.slice(0, 2)));
    const opened = await CheckpointStore.open(reopen());
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [0, 1, 2]);
    const next = await begin(opened, saved[2]);
    await save(next, 3, pack(5));
    assertEquals(await next.remove([]), []);
    assertEquals(await store.list("removals/"), []);
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [0, 1, 2, 3]);
  },
);

testBoth(
  "a record that a newer attempt has seen is finished, also by a later one",
  async ({ store, reopen }) => {
    const old = await begin(await CheckpointStore.open(store));
    const saved: Manifest[] = [];
    for (const epoch of [0, 1, 2]) saved.push(await save(old, epoch, pack(epoch)));
    await store.put(newRemovalName(1), encodeRemoval(1, saved.slice(0, 1)));
    for (const _ of [2, 3]) {
      const opened = await CheckpointStore.open(reopen());
      const attempt = await opened.begin(START);
      const { line, removals } = await opened.history();
      assertEquals([line.length, removals.length], [2, 1]);
      await attempt.recordParent(line.at(-1), { removals });
    }
    const last = await begin(await CheckpointStore.open(reopen()), saved[2]);
    await last.remove([]);
    assertEquals([await store.list("removals/"), (await store.list("epochs/")).length], [[], 2]);
  },
);

testBoth("a pack that a damaged manifest may name stays", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  const first = await save(attempt, 0, pack(1));
  await store.put("epochs/e000001.a000001.cbor", Uint8Array.of(1, 2, 3));
  const second = await save(attempt, 2, pack(2));
  await save(attempt, 3);
  await attempt.remove([first, second]);
  // What was saved after the damaged one it cannot name.
  assertEquals(await store.list("packs/a000001/"), first.packs);
  assertEquals((await store.list("epochs/")).length, 2);
});

testBoth(
  "what is being removed is on no line, and is finished by the next removal",
  async ({ store }) => {
    const opened = await CheckpointStore.open(store);
    const dead = await begin(opened);
    const saved: Manifest[] = [];
    for (const epoch of [0, 1, 2, 3]) saved.push(await save(dead, epoch, pack(epoch)));
    // The holder dies between the record and the removal.
    await store.put(newRemovalName(1), encodeRemoval(1, [saved[0]!, saved[1]!]));
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [2, 3]);
    const next = await begin(opened, saved[3]);
    await save(next, 4);
    await next.remove([saved[2]!]);
    assertEquals(await store.list("removals/"), []);
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [3, 4]);
    assertEquals((await store.list("packs/a000001/")).length, 1);
  },
);

testBoth(
  "what an attempt starts from is not removed on behalf of a dead one",
  async ({ store }) => {
    const opened = await CheckpointStore.open(store);
    const dead = await begin(opened);
    const zero = await save(dead, 0);
    const one = await save(dead, 1);
    const next = await begin(opened, one);
    await store.put(newRemovalName(1), encodeRemoval(1, [one]));
    await save(next, 2);
    await next.remove([zero]);
    assertEquals((await opened.history()).line.map(({ epoch }) => epoch), [1, 2]);
  },
);

testBoth("what is not there is skipped", async ({ store }) => {
  const attempt = await begin(await CheckpointStore.open(store));
  await save(attempt, 0);
  await attempt.remove([{ epoch: 9, attempt: 1, phase: "epoch" }]);
  assertEquals((await store.list("epochs/")).length, 1);
});

testBoth(
  "who looks while a newer one is saved and the one before removed finds one of them",
  async ({ store, reopen }) => {
    for (let at = 0, calls = 1; at < calls; at++) {
      const attempt = await begin(await CheckpointStore.open(store));
      let last = await save(attempt, 0);
      calls = 0;
      const list: Store["list"] = async (prefix, options) => {
        if (calls++ === at) {
          const first = last;
          last = await save(attempt, 1);
          const record = encodeRemoval(attempt.number, [first]);
          await store.put(newRemovalName(attempt.number), record);
        }
        return await store.list(prefix, options);
      };
      const { line } = await (await CheckpointStore.open(overriding(reopen(), { list }))).history();
      assertEquals([at, line.length > 0], [at, true]);
    }
  },
);

testBoth(
  "a removal that is fenced says so, also where its record cannot be withdrawn",
  async ({ store, reopen }) => {
    let isFencing = false;
    const other = await CheckpointStore.open(reopen());
    const failing = overriding(store, {
      put: async (name, bytes, options) => {
        await store.put(name, bytes, options);
        if (isFencing && name.startsWith("removals/")) await other.begin(START);
      },
      remove: async (names, options) => {
        if (isFencing) throw new Error("the disk is tired");
        await store.remove(names, options);
      },
    });
    const attempt = await begin(await CheckpointStore.open(failing));
    const first = await save(attempt, 0);
    await save(attempt, 1);
    isFencing = true;
    await assertRejects(() => attempt.remove([first]), FencedError);
    assertEquals((await store.list("removals/")).length, 1);
  },
);

testBoth("a removal that fails again and again names what goes once", async ({ store }) => {
  const failing = keepingEpochs(store);
  const attempt = await begin(await CheckpointStore.open(failing));
  const saved: Manifest[] = [];
  for (const epoch of [0, 1, 2]) saved.push(await save(attempt, epoch));
  for (let times = 0; times < 12; times++) {
    await assertRejects(() => attempt.remove([saved[0]!, saved[1]!]), StoreError);
  }
  const records = await store.list("removals/");
  assertEquals(records.length, 1);
  for (const name of records) {
    assertEquals(decodeRemoval(name, await store.get(name)).map(({ epoch }) => epoch), [0, 1]);
  }
});
