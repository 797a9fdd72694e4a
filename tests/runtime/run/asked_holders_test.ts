// Whom an ask reaches that holds the job by a take-over, or by a clock that was set back.
import { assert, assertEquals } from "@std/assert";
import { epochs, keepLast, task } from "../../../dsl/mod.ts";
import { prune } from "../../../runtime/checkpoint/tidy.ts";
import { CheckpointStore, dropAsks, leaveAsk, listAsks, readAsk } from "../../../storage/mod.ts";
import type { Recorder } from "../helpers.ts";
import { notices, World } from "./world.ts";

/** What a hold is taken with by somebody who hangs. */
const HUNG = { purpose: "run", pid: 5, host: undefined };

/** Asks for a prune to one epoch, as another process does; gives the ask. */
async function ask(world: World) {
  const { engine } = world.manager();
  await engine.archive.open("world", []);
  assertEquals((await prune(engine, [keepLast(1)], { dryRun: false })).asked?.isGone, false);
  const [name = "none", ...more] = await listAsks(world.store());
  assertEquals(more, []);
  return await readAsk(world.store(), name);
}

/** A job of seven epochs with a task that does something in some. */
function jobThat(world: World, acts: Readonly<Record<number, () => Promise<void>>>) {
  const act = task("act").run(async (_, { epoch }) => await acts[epoch]?.());
  return world.job({ epoch: [act], until: epochs(7) });
}

/** What was done of what was asked for, by epoch of the save before. */
function done(seen: Recorder): string[] {
  let saved = "";
  return seen.events.flatMap((event) => {
    if (event.type === "save-committed" && event.phase === "epoch") saved = `${event.epoch}`;
    const isDone = event.type === "notice" && /^prune, which .* asked for: /.test(event.message);
    return isDone ? [saved] : [];
  });
}

/** Has a clock show other times while something is done. */
async function withClock<T>(aheadMs: () => number, act: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + aheadMs();
  try {
    return await act();
  } finally {
    Date.now = now;
  }
}

Deno.test("whoever has taken the job over does what is asked, with the lock and before, once", async () => {
  await using world = await World.make("file", 1);
  await world.run(world.job(), { stopAfterEpoch: 1 });
  const hung = await world.store().hold!({ ...HUNG, sinceMs: Date.now() });
  assert("hold" in hung);
  const attempts: (number | undefined)[] = [];
  const given = jobThat(world, {
    3: async () => {
      attempts.push((await ask(world))?.attempt);
      // The next save has the lock taken.
      await hung.hold.release();
    },
    5: async () => {
      const holder = await world.store().holder?.();
      assertEquals(holder?.pid, Deno.pid);
      attempts.push((await ask(world))?.attempt);
    },
  });
  const { seen } = await world.run(given, {
    ...{ resumeFromEpoch: "auto", takeOver: true, allowChange: true },
  });
  assertEquals([attempts, done(seen)], [[2, 2], ["3", "5"]]);
  assertEquals(await listAsks(world.store()), []);
  assertEquals(await world.epochs(), ["5@a2", "6@a2", "7@a2"]);
});

Deno.test("a holder whose clock is set back before its attempt does what is asked, once", async () => {
  await using world = await World.make("file", 1);
  let looks = 0;
  const given = jobThat(world, {
    3: async () => {
      const asked = await ask(world);
      assertEquals([asked?.attempt, typeof asked?.heldSinceMs], [2, "number"]);
    },
  });
  const { seen } = await withClock(() => looks++ === 0 ? 60_000 : 0, () => world.run(given));
  assertEquals([done(seen), await listAsks(world.store())], [["3"], []]);
  assertEquals(await world.epochs(), ["3@a1", "4@a1", "5@a1", "6@a1", "7@a1"]);
});

Deno.test("whoever has taken over from a clock ahead does what the one before is asked for next", async () => {
  await using world = await World.make("file", 1);
  await world.run(world.job(), { stopAfterEpoch: 1 });
  const hung = await world.store().hold!({ ...HUNG, sinceMs: Date.now() + 60_000 });
  assert("hold" in hung);
  const given = jobThat(world, {
    3: async () => assertEquals((await ask(world))?.attempt, 3),
  });
  const { seen } = await world.run(given, {
    ...{ resumeFromEpoch: "auto", takeOver: true, allowChange: true },
  });
  await hung.hold.release();
  assertEquals([done(seen), await listAsks(world.store())], [["3"], []]);
});

Deno.test("what somebody else is asked for his next attempt is left to him", async () => {
  await using world = await World.make("file", 1);
  const repair = { asked: { what: "repair" }, pid: 7, host: undefined, createdAtMs: 0 } as const;
  const given = jobThat(world, {
    2: async () => {
      await leaveAsk(world.store(), { ...repair, attempt: 2, heldSinceMs: 1 });
      const { sinceMs: heldSinceMs } = await world.store().holder?.() ?? {};
      await leaveAsk(world.store(), { ...repair, attempt: 3, heldSinceMs });
    },
  });
  const { seen } = await world.run(given);
  assertEquals((await listAsks(world.store())).length, 2);
  assertEquals(notices(seen).filter((text) => text.startsWith("repair")), []);
});

Deno.test("who waits for an ask asks no more once a holder that has begun anew has done it", async () => {
  await using world = await World.make("file", 1);
  const store = world.store();
  await world.run(world.job(), { stopAfterEpoch: 1 });
  const held = await store.hold!({ ...HUNG, sinceMs: Date.now() });
  assert("hold" in held);
  const begin = async () => {
    const opened = await CheckpointStore.open(store);
    const attempt = await opened.begin({
      ...{ seed: 1, params: {}, createdAtMs: Date.now() },
      environment: { deno: "", arch: "", tidemark: "" },
    });
    await attempt.recordParent((await opened.history()).line.at(-1));
  };
  await begin();
  const { engine } = world.manager();
  await engine.archive.open("world", []);
  let asks = 0;
  const waiting = prune(engine, [keepLast(1)], { dryRun: false, waitMs: 5000 });
  // It is asked, begins anew behind damage, and does then what it was asked.
  for (let isDone = false; !isDone;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const [name] = await listAsks(store);
    if (name === undefined) continue;
    asks++;
    await begin();
    await dropAsks(store, [name]);
    isDone = true;
  }
  assertEquals((await waiting).asked?.isGone, true);
  assertEquals([asks, await listAsks(store)], [1, []]);
  await held.hold.release();
});
