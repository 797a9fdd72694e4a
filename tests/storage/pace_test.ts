// That the event loop has its turns while a large store is looked at.
import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { CheckpointStore, type Store, verifyStore } from "../../storage/mod.ts";

import { Pace } from "../../storage/pace.ts";
import { begin, noise, save, testBoth, value } from "./sample.ts";

const EPOCHS = 20;

/** Counts the turns that the event loop has meanwhile, by a clock that goes on by so much with each look. */
async function turnsDuring(stepMs: number, run: () => Promise<void>): Promise<number> {
  const { now } = performance;
  let nowMs = 0;
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  performance.now = () => nowMs += stepMs;
  try {
    setImmediate(count);
    await run();
    return turns;
  } finally {
    isOver = true;
    performance.now = now;
    // The one that was still to come.
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** Saves epochs of which each has a pack. */
async function saved(store: Store): Promise<CheckpointStore> {
  const opened = await CheckpointStore.open(store);
  const attempt = await begin(opened);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    await save(attempt, epoch, { main: { moving: value(noise(5000, epoch)) } });
  }
  return opened;
}

Deno.test("pace: a turn is given where the last one was long ago, and only then", async () => {
  const steps = async (): Promise<void> => {
    const pace = new Pace();
    for (let step = 0; step < 100; step++) await pace.turn();
  };
  assertEquals(await turnsDuring(0, steps), 0);
  assert(await turnsDuring(10, steps) >= 100);
  const some = await turnsDuring(1, steps);
  assert(some >= 8 && some <= 12, `${some} turns`);
});

testBoth(
  "pace: whoever verifies or judges many epochs lets the event loop turn",
  async ({ store }) => {
    const opened = await saved(store);
    const slow = (run: () => Promise<unknown>) => turnsDuring(10, async () => void await run());
    const verified = await slow(() => verifyStore(opened));
    // A manifest and a pack of each, and the pack's size.
    assert(verified >= 3 * EPOCHS, `${verified} turns`);
    const full = await slow(() => verifyStore(opened, { full: true }));
    assert(full >= 4 * EPOCHS, `${full} turns`);
    const rules = [{ rule: "last", n: EPOCHS }] as const;
    const fresh = await CheckpointStore.open(store);
    const judged = await slow(() => fresh.judge(rules, { looksAtAll: true }));
    assert(judged >= EPOCHS, `${judged} turns`);
  },
);

testBoth("pace: whoever removes many epochs lets the event loop turn", async ({ store }) => {
  const opened = await saved(store);
  const attempt = await begin(opened, { epoch: EPOCHS - 1, attempt: 1, phase: "epoch" });
  const refs = (await opened.history()).manifests.slice(0, -1);
  const turns = await turnsDuring(10, async () => void await attempt.remove(refs));
  assert(turns >= EPOCHS, `${turns} turns`);
  assertEquals((await opened.history()).manifests.length, 1);
});
