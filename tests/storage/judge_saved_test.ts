import { assertEquals } from "@std/assert";
import {
  CheckpointStore,
  formatRef,
  type KeepRule,
  type RetentionPlan,
  type Store,
} from "../../storage/mod.ts";
import { begin, noise, overriding, save, testBoth, value } from "./sample.ts";

const pack = (seed: number) => ({ main: { a: value(noise(9000, seed)) } });

/** Saves epochs 0 to `last`, each with a pack of its own. */
async function fill(store: Store, last: number): Promise<void> {
  const attempt = await begin(await CheckpointStore.open(store));
  for (let epoch = 0; epoch <= last; epoch++) {
    await save(attempt, epoch, pack(epoch), { metrics: { "main/loss": epoch } });
  }
}

const manifestOf = (epoch: number) => `epochs/e00000${epoch}.a000001.cbor`;

async function packOf(store: Store, epoch: number): Promise<string> {
  const packs = await store.list("packs/a000001/");
  return packs.find((name) => name.includes(`e00000${epoch}.`)) ?? "";
}

/** Cuts an object short, as a bad copy does. */
async function shorten(store: Store, name: string): Promise<void> {
  const bytes = await store.get(name);
  await store.remove([name]);
  await store.put(name, bytes.slice(0, -5));
}

function staying({ verdicts }: RetentionPlan): string[] {
  return verdicts.filter(({ keep }) => keep).map(({ ref }) => formatRef(ref));
}

/** What is spoilt of an epoch so that it is seen without reading its bytes. */
const SPOIL: readonly (readonly [string, (store: Store, epoch: number) => Promise<void>])[] = [
  ["its manifest is short", (store, epoch) => shorten(store, manifestOf(epoch))],
  ["its pack is short", async (store, epoch) => shorten(store, await packOf(store, epoch))],
  ["its pack is gone", async (store, epoch) => store.remove([await packOf(store, epoch)])],
];

for (const [what, spoil] of SPOIL) {
  testBoth(`what is damaged makes room for another: ${what}`, async ({ store, reopen }) => {
    await fill(store, 4);
    const judge = async (rules: readonly KeepRule[]) =>
      await (await CheckpointStore.open(reopen())).judge(rules);
    await spoil(store, 4);
    await spoil(store, 3);
    const last = await judge([{ rule: "last", n: 1 }]);
    assertEquals(staying(last), ["2@a1", "3@a1", "4@a1"]);
    assertEquals(last.verdicts.map(({ reasons }) => reasons), [
      ...[[], [], ["among the last 1", "the newest"]],
      ...[["damaged, which is not removed unasked"], ["damaged, which is not removed unasked"]],
    ]);
    assertEquals(last.unmet, ["3@a1, 4@a1: damaged, and so not counted (verify says how)"]);
    assertEquals(staying(await judge([{ rule: "every", n: 9 }])), ["2@a1", "3@a1", "4@a1"]);
    const best = { rule: "best", metric: "main/loss", direction: "max", n: 1 } as const;
    assertEquals(staying(await judge([best])), ["2@a1", "3@a1", "4@a1"]);
    const size = { rule: "size", bytes: 12_000 } as const;
    assertEquals(staying(await judge([size])), ["2@a1", "3@a1", "4@a1"]);
  });
}

testBoth(
  "a damaged one that a rule keeps whatever the others are is named where that is asked for",
  async ({ store }) => {
    await fill(store, 4);
    await store.remove([await packOf(store, 2)]);
    const opened = await CheckpointStore.open(store);
    const rules = [{ rule: "every", n: 2 }] as const;
    const reasons = (plan: RetentionPlan) => plan.verdicts[2]?.reasons;
    assertEquals(reasons(await opened.judge(rules)), ["every 2 epochs"]);
    const named = await opened.judge(rules, { looksAtAll: true });
    assertEquals(reasons(named), ["damaged, which is not removed unasked"]);
    assertEquals(named.unmet, ["2@a1: damaged, and so not counted (verify says how)"]);
    assertEquals(staying(named), ["2@a1", "4@a1"]);
  },
);

testBoth(
  "with every byte read, also what is silently wrong is not counted",
  async ({ store, reopen }) => {
    await fill(store, 2);
    const name = await packOf(store, 2);
    const bytes = await store.get(name);
    bytes[5000]! ^= 1;
    await store.remove([name]);
    await store.put(name, bytes);
    const opened = await CheckpointStore.open(reopen());
    const rules = [{ rule: "last", n: 1 }] as const;
    assertEquals(staying(await opened.judge(rules)), ["2@a1"]);
    assertEquals(staying(await opened.judge(rules, { full: true })), ["1@a1", "2@a1"]);
  },
);

testBoth(
  "a run does not look at what it has saved, and once at what was there before",
  async ({ store, reopen }) => {
    await fill(store, 3);
    const seen: string[] = [];
    const under = reopen();
    const watched = overriding(under, {
      get: (name, options) => {
        seen.push(name);
        return under.get(name, options);
      },
      stat: (name, options) => {
        seen.push(name);
        return under.stat(name, options);
      },
      open: (name, options) => {
        seen.push(name);
        return under.open(name, options);
      },
    });
    const opened = await CheckpointStore.open(watched);
    const attempt = await begin(opened, { epoch: 3, attempt: 1, phase: "epoch" });
    const looks: string[][] = [];
    for (const epoch of [4, 5, 6, 7]) {
      await save(attempt, epoch, pack(epoch));
      seen.length = 0;
      const { verdicts } = await opened.judge([{ rule: "last", n: 2 }]);
      looks.push(seen.filter((name) => /^(epochs|packs)/.test(name)));
      await attempt.remove(verdicts.filter(({ keep }) => !keep).map(({ ref }) => ref));
    }
    const before = await packOf(store, 3).catch(() => "");
    assertEquals(before, "");
    assertEquals(looks[0]?.some((name) => name === manifestOf(3)), true);
    assertEquals(looks.slice(1), [[], [], []]);
  },
);
