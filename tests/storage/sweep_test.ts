import { assertEquals, assertRejects } from "@std/assert";
import { CheckpointStore, FencedError, MemoryStore, type Store } from "../../storage/mod.ts";
import { manifestName, newPackName } from "../../storage/layout.ts";
import { abandoned, sweepPacks } from "../../storage/sweep.ts";
import { begin, noise, overriding, save, START, testBoth, value } from "./sample.ts";

/** Leaves a pack as a killed save does. */
async function leave(store: Store, epoch: number, attempt: number): Promise<string> {
  const name = newPackName({ epoch, attempt }, "main");
  await store.write(name, [noise(10)]);
  return name;
}

const packs = async (store: Store) => [
  ...await store.list("packs/a000001/"),
  ...await store.list("packs/a000002/"),
];
const blob = (seed: number) => ({ main: { a: value(noise(9000, seed)) } });

testBoth("what killed saves of earlier attempts left goes, and nothing else", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const first = await begin(opened);
  const zero = await save(first, 0, blob(1));
  await save(first, 1, { main: { a: { carry: zero.nodes.main!.a! } } });
  // Its own manifest is removed, and yet the next one needs its pack.
  await first.remove([zero]);
  const left = [await leave(store, 2, 1), await leave(store, 7, 1)];
  const second = await begin(await CheckpointStore.open(store), first.last);
  const own = await leave(store, 2, 2);
  assertEquals([...await second.sweep()].sort(), left.sort());
  assertEquals(await packs(store), [zero.packs[0]!, own]);
  assertEquals(await second.sweep(), []);
  const blobs = await opened.readBlobs(await opened.readManifest(first.last!), () => true);
  assertEquals(blobs.get("main")?.get("a"), noise(9000, 1));
});

testBoth("a pack that a lower epoch of a later attempt needs stays", async ({ store }) => {
  const opened = await CheckpointStore.open(store);
  const first = await begin(opened);
  await save(first, 0, blob(1));
  const ten = await save(first, 10, blob(2));
  const second = await begin(await CheckpointStore.open(store));
  await save(second, 3, { main: { a: { carry: ten.nodes.main!.a! } } });
  await second.remove([ten]);
  const third = await begin(await CheckpointStore.open(store), second.last);
  assertEquals(await third.sweep(), []);
  assertEquals((await packs(store)).length, 2);
});

testBoth(
  "nothing goes that a damaged manifest may name, or by a fenced attempt",
  async ({ store, reopen }) => {
    const first = await begin(await CheckpointStore.open(store));
    const zero = await save(first, 0, blob(1));
    const left = await leave(store, 0, 1);
    const second = await begin(await CheckpointStore.open(reopen()), zero);
    const bytes = await store.get(manifestName(zero));
    await store.remove([manifestName(zero)]);
    await store.write(manifestName(zero), [bytes.subarray(0, 100)]);
    const later = await leave(store, 1, 1);
    assertEquals(await second.sweep(), [later]);
    await store.remove([manifestName(zero)]);
    await store.write(manifestName(zero), [bytes]);
    const fenced = await leave(store, 1, 1);
    await (await CheckpointStore.open(reopen())).begin(START);
    await assertRejects(() => second.sweep(), FencedError);
    assertEquals((await packs(store)).filter((name) => name === left || name === fenced).length, 2);
  },
);

testBoth(
  "what is said to be garbage goes as far as it is of earlier attempts, and by no fenced one",
  async ({ store, reopen }) => {
    await begin(await CheckpointStore.open(store));
    const second = await begin(await CheckpointStore.open(reopen()));
    const logs = ["tasks/a000001.start.000001.log", "tasks/a000002.start.000001.log"];
    for (const log of logs) await store.put(log, noise(10));
    const left = [await leave(store, 0, 1), await leave(store, 0, 2)];
    const garbage = { packs: left, logs, leftovers: [] };
    assertEquals(await second.clear(garbage), [left[0]!, logs[0]!]);
    await (await CheckpointStore.open(reopen())).begin(START);
    const again = [await leave(store, 0, 1), await leave(store, 1, 1)];
    await assertRejects(() => second.clear({ ...garbage, packs: again }), FencedError);
    assertEquals((await packs(store)).sort(), [...again, left[1]!].sort());
    assertEquals(await store.list("tasks/"), [logs[1]!]);
  },
);

Deno.test("where very many manifests would have to be read nothing is swept", async () => {
  for (const [count, isSwept] of [[1000, true], [1001, false]] as const) {
    const store = new MemoryStore();
    const left = await leave(store, 5000, 1);
    for (let epoch = 0; epoch < count; epoch++) {
      const name = manifestName({ epoch, attempt: 1, phase: "epoch" });
      await store.put(name, new Uint8Array(), { durability: "none" });
    }
    let reads = 0;
    const packsOf = () => {
      reads++;
      return Promise.resolve([]);
    };
    const checkNotFenced = () => Promise.resolve();
    const gone = await sweepPacks({ store, attempt: 2, packsOf, checkNotFenced });
    assertEquals([gone, reads], isSwept ? [[left], count] : [[], 0]);
  }
});

Deno.test("of what killed writes have left nothing is taken that this process, or anybody else, may be writing", () => {
  const names = ["epochs/.own.tmp", "epochs/.left.tmp", "pins/.left.tmp", "tasks/.left.tmp"];
  const store = new MemoryStore();
  assertEquals(abandoned(store, names), []);
  const isOwn = (name: string) => name.includes("own");
  assertEquals(abandoned(overriding(store, { isOwn }), names), [names[1]!, names[3]!]);
});
