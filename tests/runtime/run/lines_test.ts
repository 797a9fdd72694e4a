import { assert, assertEquals } from "@std/assert";
import {
  blob,
  type CheckpointPlan,
  epochs,
  from,
  keepBest,
  keepEvery,
  keepLast,
  keepYounger,
  param,
  set,
  type Setting,
  task,
} from "../../../dsl/mod.ts";
import { everywhere, start, total, weights, type World } from "./world.ts";

const step = param("step", 1);
const add = task("add", { reads: { total, step }, updates: { weights }, writes: { total } })
  .run(({ total, step, weights }) => {
    weights[0] = total;
    return { total: total + step };
  });

function adding(world: World, plan: Partial<CheckpointPlan> = {}, count = 4) {
  return world.job({
    name: "adding",
    init: [start],
    epoch: [add],
    exit: [],
    until: epochs(count),
    plan,
  });
}

everywhere(
  "lines: an older epoch begins a new line; the old one stays, and can be named",
  async (world) => {
    const first = await world.run(adding(world));
    const second = await world.run(adding(world), { resumeFromEpoch: 2, set: [set(step, 10)] });
    assertEquals([first.values[world.node]?.["total"], second.values[world.node]?.["total"]], [
      4,
      22,
    ]);
    assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1", "3@a1", "3@a2", "4@a1", "4@a2"]);
    const manager = world.manager();
    const { session } = world.session();
    await session.run(manager.init(world.nodes));
    const loaded = async (epoch: Parameters<typeof manager.load>[0]): Promise<unknown> => {
      await session.run(manager.load(epoch));
      return await session.fetch(total, { node: world.node });
    };
    assertEquals(await loaded(4), 22);
    assertEquals(await loaded("latest"), 22);
    assertEquals(await loaded(2), 2);
    assertEquals(await loaded("4@a1"), 4);
    assertEquals(await loaded("3@a2"), 12);
    assertEquals(await session.run(manager.checkDbExists("4@a1")), true);
    assertEquals(await session.run(manager.checkDbExists("2@a2")), false);
    // Going on from the side line makes a third, of the first one's epochs.
    const third = await world.run(adding(world, {}, 6), {
      resumeFromEpoch: "4@a1",
      set: [set(step, 1)],
    });
    assertEquals(third.values[world.node]?.["total"], 6);
    assertEquals(await loaded(4), 4);
  },
);

everywhere("lines: a resume after a failure stays on its line", async (world) => {
  await world.run(adding(world), { stopAfterEpoch: 2 });
  await world.run(adding(world), { resumeFromEpoch: "latest" });
  assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1", "3@a2", "4@a2"]);
  const { values } = await world.run(adding(world), { resumeFromEpoch: 1 });
  assertEquals(values[world.node]?.["total"], 4);
});

everywhere(
  "every: epochs are saved as often as the plan says, and the last one always",
  async (world) => {
    const { seen } = await world.run(adding(world, { every: epochs(3) }, 5));
    const saved = seen.of("save-committed").filter((e) => e.phase === "epoch").map((e) => e.epoch);
    assertEquals(saved, [0, 3, 5]);
  },
);

everywhere(
  "lines: effects keep their key on a repeat, and get a new one on a new line",
  async (world) => {
    const keys: [number, string][] = [];
    let fails = true;
    const effect = task("effect", { reads: { total } }).run(
      (_, { epoch, node, idempotencyKey }) => {
        if (node === world.node) keys.push([epoch, idempotencyKey]);
        if (epoch === 2 && fails) throw new Error("once");
      },
    );
    const given = world.job({ init: [], epoch: [effect], exit: [], until: epochs(3) });
    await world.fail(given);
    fails = false;
    await world.run(given, { resumeFromEpoch: "latest" });
    const [, failed, repeated, third] = keys;
    assertEquals(repeated, failed);
    await world.run(given, { resumeFromEpoch: 2 });
    const again = keys.at(-1);
    assertEquals([again?.[0], third?.[0]], [3, 3]);
    assert(again?.[1] !== third?.[1], "another line's effect has the same key");
  },
);

everywhere(
  "lines: effects keep their key also where their branch has saved nothing yet",
  async (world) => {
    const keys: string[] = [];
    let failsIn = 0;
    const note = (epoch: number, key: string): void => {
      keys.push(key);
      if (epoch === failsIn) throw new Error("once");
    };
    const open = task("open").run((_, { epoch, node, idempotencyKey }) => {
      if (node === world.node) note(epoch, idempotencyKey);
    });
    const effect = task("effect", { reads: { total } }).run(
      (_, { epoch, node, idempotencyKey }) => {
        if (node === world.node) note(epoch, idempotencyKey);
      },
    );
    const given = world.job({ init: [open], epoch: [effect], exit: [], until: epochs(3) });
    await world.fail(given, { resumeFromEpoch: "auto" });
    await world.fail(given, { resumeFromEpoch: "auto" });
    failsIn = -1;
    await world.run(given, { resumeFromEpoch: "auto" });
    const [first, second, third, , , ofThree] = keys.splice(0);
    assertEquals([second, third], [first, first]);
    // A branch from epoch 2 that fails at once is gone on with as itself.
    failsIn = 3;
    await world.fail(given, { resumeFromEpoch: 2 });
    failsIn = -1;
    await world.run(given, { resumeFromEpoch: "auto" });
    const [failed, repeated] = keys.splice(0);
    assertEquals(repeated, failed);
    assert(failed !== ofThree, "a person's own branch has keys of its own");
    // So is a fresh start, which is another one's end.
    failsIn = 0;
    await world.fail(given);
    failsIn = -1;
    await world.run(given, { resumeFromEpoch: "auto" });
    assertEquals(keys[1], keys[0]);
    assert(keys[0] !== first, "a fresh start has keys of its own");
  },
);

everywhere("every: by time, saves are at least that far apart, but for the last", async (world) => {
  const wait = task("wait").run(async () => {
    await new Promise((resolve) => void setTimeout(resolve, 8));
  });
  const given = world.job({
    init: [],
    epoch: [wait],
    exit: [],
    until: epochs(8),
    plan: { every: "20ms" },
  });
  const { seen } = await world.run(given);
  // When they end is the disk's affair.
  const times = seen.of("save-started").filter((e) => e.phase === "epoch").map((e) => e.time);
  assert(times.length >= 3, `${times.length} saves`);
  for (const [i, time] of times.slice(0, -1).entries()) {
    const before = times[i - 1];
    if (before !== undefined) assert(time - before >= 18, `${time - before} ms apart`);
  }
});

everywhere("every: by time, epochs that come sooner are not saved", async (world) => {
  const rarely = await world.run(adding(world, { every: "1h" }, 5));
  const saved = rarely.seen.of("save-committed").filter((e) => e.phase === "epoch");
  assertEquals(saved.map((e) => e.epoch), [0, 5]);
});

everywhere("keep: the last ones, every so many, and what goes is said", async (world) => {
  const { seen } = await world.run(adding(world, { keep: [keepLast(2), keepEvery(3)] }, 8));
  assertEquals(await world.epochs(), ["3@a1", "6@a1", "7@a1", "8@a1"]);
  assertEquals(seen.of("removed").flatMap((e) => e.epochs).sort(), [0, 1, 2, 4, 5]);
  const again = await world.run(adding(world, { keep: [keepLast(2), keepEvery(3)] }, 8), {
    resumeFromEpoch: 3,
  });
  assertEquals(again.values[world.node]?.["total"], 8);
});

everywhere("keep: the best by a number, NaN never, and the newest", async (world) => {
  const score = blob<number>("score");
  const rank = task("rank", { writes: { score } })
    .run((_, { epoch }) => ({ score: [0, 3, 9, NaN, 9, 1, 2][epoch] ?? 0 }));
  const by = { max: world.nodes.length === 1 ? score : from(world.node, score) };
  const given = world.job({
    init: [],
    epoch: [rank],
    exit: [],
    until: epochs(6),
    plan: { keep: [keepBest(by)] },
  });
  await world.run(given);
  assertEquals(await world.epochs(), ["4@a1", "6@a1"]);
});

everywhere("keep: younger than an hour keeps all", async (world) => {
  await world.run(adding(world, { keep: [keepYounger("1h")] }));
  assertEquals((await world.epochs()).length, 5);
});

everywhere(
  "lines: effects get new keys where a person has changed the job, and keep them on a mere repeat",
  async (world) => {
    const keys: string[] = [];
    let isDying = true;
    const [rate, rounds] = [param("rate", 1), param("rounds", 3, { integer: true })];
    const paid = task("paid", { reads: { rate } }).run(async ({ rate }, { step, node, epoch }) => {
      await step("pay", ({ idempotencyKey }) => {
        if (node === world.node && epoch === 2) keys.push(`${rate} ${idempotencyKey}`);
      });
    });
    const free = task("free").run(async (_, { step, node, epoch }) => {
      await step("once", () => void (node === world.node && epoch === 2 && keys.push("free")));
      if (epoch === 2 && isDying) throw new Error("dies here");
    });
    const plan = { grain: "task", onChange: "allow" } as const;
    const given = world.job({
      ...{ init: [], epoch: [paid, free], exit: [], plan, until: epochs(rounds) },
    });
    const again = async (...set: Setting[]) => {
      keys.length = 0;
      await world.fail(given, { resumeFromEpoch: "auto", set });
      return [...keys];
    };
    const [first] = await again();
    assertEquals(await again(), [], "what is paid is not paid again");
    assertEquals(await again(set(rounds, 4)), [], "nor where the job only runs on");
    const [other, ...more] = await again(set(rate, 2));
    // What does not read the param is not done again.
    assertEquals(more, []);
    assertEquals(first?.slice(1) === other?.slice(1), false, `${first} and ${other}`);
    assertEquals(await again(set(rate, 2)), []);
    assertEquals(await again(), []);
    const [third] = await again(set(rate, 3));
    assertEquals(new Set([first, other, third].map((key) => key?.slice(1))).size, 3);
    isDying = false;
    await world.run(given, { resumeFromEpoch: "auto" });
  },
);

everywhere(
  "lines: what a killed start was to repeat with a new param is repeated with one key",
  async (world) => {
    const keys: string[] = [];
    const rate = param("rate", 1);
    const paid = task("paid", { reads: { rate } }).run((_, { idempotencyKey, node }) => {
      if (node === world.node) keys.push(idempotencyKey);
      throw new Error("dies here");
    });
    for (const place of ["init", "epoch"] as const) {
      await using own = await world.beside();
      const given = own.job({ ...{ init: [], epoch: [], exit: [] }, [place]: [paid] });
      keys.length = 0;
      for (const value of [1, 1, 2, 2, undefined]) {
        const changes = value === undefined ? [] : [set(rate, value)];
        await own.fail(given, { resumeFromEpoch: "auto", set: changes });
      }
      const [first, second, third, ...rest] = keys;
      assertEquals(second, first);
      assertEquals(rest, [third, third]);
      assert(third !== first, `${third}`);
    }
  },
);
