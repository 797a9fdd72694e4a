// A journal is used only where it leads to the same values, and kept until nothing needs it.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  blob,
  cursor,
  epochs,
  group,
  type Job,
  previous,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import { FencedError, listLogObjects } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { FaultyStore } from "./faulty_store.ts";
import { everywhere, notices, type Ran, type World } from "./world.ts";

const x = blob("x", { initial: () => 0 });
const y = blob("y", { initial: () => 0 });
const log = blob<string[]>("log", { initial: () => [] });

/** A job in task grain that dies where it is told to. */
function jobOf(world: World, epoch: Step[], plan: object = {}, until: number = 2): Job {
  return world.job({
    ...{ init: [], epoch, exit: [], until: epochs(until) },
    plan: { grain: "task", onChange: "allow", ...plan },
  });
}

/** The last of some tasks, which fails in an epoch. */
function dying(inEpoch: number | undefined, reads: typeof x | typeof y = x): Step {
  return task("die", { reads: { reads } }).run((_, { epoch }) => {
    if (epoch === inEpoch) throw new Error("dies here");
  });
}

/** Runs a job to its death, then another in the same place; gives what that came to. */
async function resumed(world: World, first: Job, second: Job): Promise<Ran> {
  await using own = await world.beside();
  await errorOf(own.run(first));
  return await own.run(second, { resumeFromEpoch: "auto" });
}

/** That a job that died and another that went on come to what the other comes to alone. */
async function assertSame(
  world: World,
  first: (world: World) => Job,
  second: (world: World) => Job,
): Promise<Ran> {
  await using alone = await world.beside();
  const { values } = await alone.run(second(alone));
  const again = await resumed(world, first(world), second(world));
  assertEquals(again.values, values);
  return again;
}

everywhere(
  "journal: an edited task and all behind it run again, in later epochs too",
  async (world) => {
    // What a function takes from around it is not seen: an edit is one of its text.
    const declared = { reads: { x }, writes: { x } } as const;
    const old = task("train", declared).run(({ x }) => ({ x: x + 10 }));
    const edited = task("train", declared).run(({ x }) => ({ x: x + 1000 }));
    const note = task("note", { reads: { x, log }, writes: { log } })
      .run(({ x, log }, { epoch }) => ({ log: [...log, `${epoch}:${x}`] }));
    const given = (train: Step, death?: number) => (world: World) =>
      jobOf(world, [note, train, dying(death)], { every: epochs(5) }, 4);
    const { seen } = await assertSame(world, given(old, 3), given(edited));
    // What came before the edit in the first unsaved epoch is as it was.
    const reused = seen.of("task-reused");
    assertEquals(new Set(reused.map((e) => e.epoch)), new Set([1]));
    assertEquals(new Set(reused.map((e) => e.task)), new Set(["note"]));
  },
);

everywhere(
  "journal: a step that is gone, moved, or whose condition was edited leaves nothing behind",
  async (world) => {
    const double = task("double", { reads: { x }, writes: { x } }).run(({ x }) => ({
      x: x * 100 + 1,
    }));
    const add = task("add", { reads: { x }, writes: { y } }).run(({ x }) => ({ y: x + 1 }));
    const open = group({ if: when(x, (x) => x >= 0) }, add);
    const closed = group({ if: when(x, (x) => x < 0) }, add);
    const variants: [Step[], Step[]][] = [
      [[double, add], [add]],
      [[double, add], [add, double]],
      [[double, open], [double, closed]],
      [[double, closed], [double, open]],
    ];
    for (const [before, now] of variants) {
      await assertSame(
        world,
        (world) => jobOf(world, [...before, dying(1)]),
        (world) => jobOf(world, [...now, dying(undefined)]),
      );
    }
  },
);

everywhere("journal: a cursor that a condition reads advances as it did", async (world) => {
  const items = blob("items", { initial: () => [1, 2, 3, 4, 5, 6, 7, 8, 9] });
  const next = cursor("next", { over: items, take: 2 });
  const isOdd = when(next, ({ start }) => start === 2 || start === 4);
  const note = (name: string, condition?: typeof isOdd) =>
    task(name, {
      ...{ reads: { log }, writes: { log } },
      ...condition === undefined ? {} : { if: condition },
    }).run(({ log }, { epoch }) => ({ log: [...log, `${name} ${epoch}`] }));
  for (const step of [note("a", isOdd), group({ if: isOdd }, note("a"))]) {
    for (const death of [1, 2, 3]) {
      const given = (death?: number) => (world: World) =>
        jobOf(world, [step, note("b"), dying(death)], {}, 4);
      await assertSame(world, given(death), given());
    }
  }
});

everywhere("journal: a previous value outlives a task that is restored", async (world) => {
  const boxed = blob<{ value: number }>("boxed", {
    initial: () => ({ value: 1 }),
    codec: {
      encode: ({ value }) => value,
      decode: (value: number) => ({ value }),
      dispose: (box) => void (box.value = NaN),
    },
  });
  const grow = task("grow", {
    reads: { before: previous(boxed, undefined as never) },
    writes: { boxed },
  })
    .run(({ before }) => ({ boxed: { value: before.value + 1 } }));
  const given = (death?: number) => (world: World) => {
    const compare = task("compare", {
      reads: { boxed, before: previous(boxed, undefined as never), y },
      writes: { y },
    }).run(({ boxed, before, y }, { epoch }) => {
      if (epoch === death) throw new Error("dies here");
      return { y: y + boxed.value - before.value };
    });
    return jobOf(world, [grow, compare]);
  };
  await assertSame(world, given(2), given());
});

everywhere(
  "journal: what was recalled is not lost where an earlier state is saved meanwhile",
  async (world) => {
    const calls: string[] = [];
    const given = (every: number, death: string | undefined) => {
      const pay = task("pay", { reads: { log }, writes: { log } })
        .run(async ({ log }, { epoch, node, step, now }) => {
          const got = [...log, String((await now()).getTime())];
          for (const key of ["a", "b", "c"]) {
            if (death === `${epoch}${key}`) throw new Error("dies here");
            got.push(
              await step(key, () => {
                calls.push(`${epoch}${key} ${node}`);
                return key;
              }),
            );
          }
          return { log: got };
        });
      return jobOf(world, [pay], { every: epochs(every) });
    };
    await errorOf(world.run(given(2, "2c")));
    // It saves epoch 1, and dies where the first one did.
    await errorOf(world.run(given(1, "2c"), { resumeFromEpoch: "auto" }));
    assert((await listLogObjects(world.store())).length > 0);
    const { values } = await world.run(given(1, undefined), { resumeFromEpoch: "auto" });
    assertEquals(new Set(calls).size, calls.length, "a call was made twice");
    const [first] = Object.values(values);
    assertEquals((first?.["log"] as string[]).length, 8);
  },
);

everywhere(
  "journal: pieces are kept where their items are the same, and steps where their task is",
  async (world) => {
    const calls: string[] = [];
    const given = (factor: number, death?: number) => (world: World) => {
      const pay = task("pay", { writes: { log } }).run(async (_, { map, step, epoch }) => {
        const items = [1, 2, 3].map((item) => item === 3 ? item * factor : item);
        const got = await map("m", items, (item) => {
          calls.push(`m ${item}`);
          return item * 2;
        }, { key: (_, index) => String(index) });
        // The closure is the same text whatever the factor is.
        const last = await step("s", () => {
          calls.push("s");
          return items.length;
        });
        if (epoch === death) throw new Error("dies here");
        return { log: [...got, last].map(String) };
      });
      return jobOf(world, [pay], {}, 1);
    };
    const again = await assertSame(world, given(1, 1), given(5));
    const { length } = again.session.nodes;
    assertEquals(calls.slice(-2 * length).filter((call) => call === "m 1"), []);
    assertEquals(calls.slice(-2 * length).filter((call) => call === "m 15").length, length);
  },
);

everywhere(
  "journal: a damaged pack of it makes its task run again, and verify tells of it",
  async (world) => {
    const big = blob<Float64Array>("big");
    const fill = task("fill", { writes: { big } })
      .run((_, { epoch }) => ({ big: new Float64Array(100_000).fill(epoch) }));
    const given = (death?: number) => (world: World) => jobOf(world, [fill, dying(death)], {}, 1);
    await errorOf(world.run(given(1)(world)));
    const store = world.store();
    const packs = (await listLogObjects(store)).filter(({ isPack }) => isPack);
    const [{ name } = { name: "" }] = packs;
    const bytes = await store.get(name);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await store.remove([name]);
    await store.put(name, bytes, { durability: "none" });
    const { seen } = await world.run(given()(world), { resumeFromEpoch: "auto" });
    const said = notices(seen).filter((text) => text.includes("is damaged, so that it runs again"));
    assertEquals(said.length, 1);
    assertEquals(seen.of("task-started").filter((e) => e.task === "fill").length, 1);
    assertEquals(seen.of("task-reused").length, world.nodes.length - 1);
  },
);

everywhere("journal: once fenced, nothing more is done", async (world) => {
  const calls: string[] = [];
  let second: Promise<unknown> | undefined;
  const pay = task("pay", { retry: { attempts: 3 } }).run(async (_, { map, node }) => {
    const pieces = map("m", Array.from({ length: 50 }, (_, item) => item), async (item) => {
      if (item === 3 && node === world.node && second === undefined) {
        second = world.run(other, { resumeFromEpoch: "auto", takeOver: true });
        await second;
      }
      calls.push(`${node} ${item}`);
      return item;
    }, { key: String });
    for await (const _ of pieces.settled());
  });
  const other = jobOf(world, [], {}, 1);
  const error = await errorOf(world.run(jobOf(world, [pay], {}, 1)));
  assertInstanceOf(error, FencedError);
  assertEquals(calls.filter((call) => call.startsWith(`${world.node} `)).length, 4);
});

everywhere("journal: a look for another runner that fails once is repeated", async (world) => {
  const store = new FaultyStore(world.store());
  let isFailing = false;
  store.fault = (op, name) => {
    if (!isFailing || name !== "attempts/000002.cbor") return;
    isFailing = false;
    throw new Error(`EIO at ${op}`);
  };
  const calls: string[] = [];
  const pay = task("pay").run(async (_, { step, epoch }) => {
    for (const key of ["a", "b"]) {
      isFailing = epoch === 1 && key === "b";
      await step(key, () => void calls.push(`${epoch}${key}`));
    }
  });
  const { epoch } = await world.run(jobOf(world, [pay], { onSaveError: "pause" }), {
    checkpoints: world.manager({ store }),
  });
  assertEquals([epoch, calls.length], [2, 4 * world.nodes.length]);
});

everywhere(
  "journal: results that cannot be read back are refused, and long keys are not",
  async (world) => {
    const long = "k".repeat(200_000);
    let calls = 0;
    const given = (death?: number) => (world: World) => {
      const pay = task("pay", { writes: { y } }).run(async (_, { step, now }) => {
        await now(long);
        await step("first", () => void calls++);
        return { y: await step(long, () => ++calls && 7) };
      });
      return jobOf(world, [pay, dying(death, y)], {}, 1);
    };
    const { values } = await resumed(world, given(1)(world), given()(world));
    assertEquals(values[world.node]?.["y"], 7);
    assertEquals(calls, 2 * world.nodes.length);
    const bad = task("bad").run(async (_, { step }) => {
      await step("f", (() => () => 1) as never);
    });
    const error = await errorOf(world.run(jobOf(world, [bad], {}, 1)));
    assertStringIncludes(error.message, "a function");
  },
);
