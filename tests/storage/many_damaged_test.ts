// That much is damaged costs as many reads as there is, and few rounds: by counts, never by time.

import { assert, assertEquals } from "@std/assert";
import {
  CheckpointStore,
  formatRef,
  type KeepRule,
  MemoryStore,
  type Store,
  verifyStore,
} from "../../storage/mod.ts";
import { begin, noise, overriding, save, value } from "./sample.ts";

const EPOCHS = 160;

/** Epochs with packs of their own, of which all are lost but for some. */
async function withLost(isLost: (epoch: number) => boolean): Promise<MemoryStore> {
  const store = new MemoryStore();
  const attempt = await begin(await CheckpointStore.open(store));
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const nodes = { main: { a: value(noise(5000, epoch)) } };
    const saved = await save(attempt, epoch, nodes, { metrics: { "main/loss": epoch % 7 } });
    if (isLost(epoch)) await store.remove(saved.packs);
  }
  return store;
}

/** How often something of a folder is read. */
function counting(store: Store, folder: string): { readonly store: Store; reads: number } {
  const counts = { reads: 0, store };
  const count = (name: string) => {
    if (name.startsWith(folder)) counts.reads++;
  };
  counts.store = overriding(store, {
    get: (name, options) => (count(name), store.get(name, options)),
    stat: (name, options) => (count(name), store.stat(name, options)),
    open: (name, options) => (count(name), store.open(name, options)),
  });
  return counts;
}

/** Rules, and how often they were gone through: as often in each round, for each line. */
function watched(
  rules: readonly KeepRule[],
): { readonly rules: readonly KeepRule[]; rounds: number } {
  const counts = { rounds: 0, rules };
  counts.rules = new Proxy(rules, {
    get: (target, key, receiver) => {
      // Once to check them, and once for the one line there is.
      if (key === Symbol.iterator) counts.rounds += 1 / 2;
      return Reflect.get(target, key, receiver);
    },
  });
  return counts;
}

const RULES: readonly KeepRule[] = [
  { rule: "last", n: 3 },
  { rule: "best", metric: "main/loss", direction: "max", n: 2 },
  { rule: "interval", ms: 1e12 },
  { rule: "size", bytes: 20_000 },
];

for (const rule of RULES) {
  Deno.test(`where nearly all is damaged, it is judged in few rounds: ${rule.rule}`, async () => {
    const under = counting(await withLost((epoch) => epoch % 80 !== 5), "packs/");
    const opened = await CheckpointStore.open(under.store);
    const first = watched([rule]);
    const plan = await opened.judge(first.rules);
    assert(first.rounds <= 10, `${first.rounds} rounds`);
    // A size is asked for too, where a rule counts it.
    assert(under.reads <= 2 * EPOCHS, `${under.reads} looks`);
    const counted = plan.verdicts.filter(({ isCounted }) => isCounted).map(({ ref }) => ref.epoch);
    assert(counted.length > 0 && counted.every((epoch) => epoch % 80 === 5), `${counted}`);

    under.reads = 0;
    const again = watched([rule]);
    assertEquals((await opened.judge(again.rules)).verdicts, plan.verdicts);
    assertEquals([again.rounds, under.reads], [1, 0]);
  });
}

Deno.test("few are looked at where few are damaged", async () => {
  const under = counting(await withLost((epoch) => epoch === EPOCHS - 1), "packs/");
  const opened = await CheckpointStore.open(under.store);
  const { verdicts } = await opened.judge([{ rule: "last", n: 1 }]);
  assertEquals(verdicts.filter(({ keep }) => keep).map(({ ref }) => formatRef(ref)), [
    ...["158@a1", "159@a1"],
  ]);
  assertEquals(under.reads, 2);
});

Deno.test("verify: each manifest is read once more, however many packs are lost", async () => {
  const under = counting(await withLost(() => true), "epochs/");
  const report = await verifyStore(await CheckpointStore.open(under.store));
  assertEquals([report.good.length, report.bad.length, report.damaged.length], [0, EPOCHS, EPOCHS]);
  assertEquals(report.damaged.map(({ blobs }) => blobs.map(({ ref }) => ref.epoch)), [
    ...Array.from({ length: EPOCHS }, (_, epoch) => [epoch]),
  ]);
  // A size, and the bytes; and of each lost pack, whether its manifest is still there.
  assert(under.reads <= 5 * EPOCHS, `${under.reads} reads`);
});
