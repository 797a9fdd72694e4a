import { assertEquals, assertRejects } from "@std/assert";
import {
  CheckpointStore,
  FencedError,
  FileStore,
  type Manifest,
  type ManifestRef,
  MemoryStore,
  type Store,
  StoreError,
} from "../../storage/mod.ts";
import { decodeRemoval, encodeRemoval } from "../../storage/job_record.ts";
import { manifestName, newRemovalName } from "../../storage/layout.ts";
import { removeManifests } from "../../storage/removal.ts";
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
  };
  await removeManifests(remover, [one]);
  assertEquals(await store.list("epochs/"), [manifestName(zero), manifestName(second.last!)]);
  assertEquals((await store.list("packs/a000002/")).length, 2);
  assertEquals(await store.list("removals/"), [left]);
});
