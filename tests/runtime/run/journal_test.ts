// A journal is used only where it leads to the same values, and kept until nothing needs it.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { blob, cursor, epochs, group, previous, type Step, task, when } from "../../../dsl/mod.ts";
import { SaveError } from "../../../runtime/errors.ts";
import { listLogObjects, StoreError } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { FaultyStore } from "./faulty_store.ts";
import { assertSame, dying, jobOf, log, x, y } from "./journal_jobs.ts";
import { everywhere, type World } from "./world.ts";

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
  "journal: what was void for one resume is so for the next, and what was done since is not",
  async (world) => {
    const calls: string[] = [];
    const declared = { reads: { x }, writes: { x } } as const;
    const old = task("train", declared).run(({ x }) => ({ x: x + 10 }));
    const edited = task("train", declared).run(({ x }) => ({ x: x + 1000 }));
    const gone = task("gone", { writes: { y } }).run(() => ({ y: 7 }));
    const note = task("note", { reads: { x, log }, writes: { log } })
      .run(async ({ x, log }, { epoch, step, node }) => {
        await step("pay", () => void calls.push(`${epoch} ${x} ${node}`));
        return { log: [...log, `${epoch}:${x}`] };
      });
    const given = (world: World, train: Step, dies?: number, more: Step[] = []) => {
      const check = task("check", { reads: { x } }).run((_, { epoch }) => {
        if (dies !== undefined && epoch === dies) throw new Error("dies here");
      });
      return jobOf(world, [note, check, train, ...more], { every: epochs(9) }, 4);
    };
    await using alone = await world.beside();
    const { values } = await alone.run(given(alone, edited));
    await errorOf(world.run(given(world, old, 4, [gone])));
    calls.length = 0;
    // The edited one dies in epoch 2: what the first had done in epochs 2 and 3 must not come back.
    await errorOf(world.run(given(world, edited, 2), { resumeFromEpoch: "auto" }));
    await errorOf(world.run(given(world, edited, 3), { resumeFromEpoch: "auto" }));
    const again = await world.run(given(world, edited), { resumeFromEpoch: "auto" });
    for (const [node, { y: _, ...own }] of Object.entries(again.values)) {
      assertEquals(own, values[node]);
    }
    // Nothing that the edited one had paid for is paid again.
    assertEquals(new Set(calls).size, calls.length);
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
  "journal: what was done while the first save was under way counts, though that never ended",
  async (world) => {
    const calls: string[] = [];
    const isPaid = Promise.withResolvers<void>();
    const store = new FaultyStore(world.store());
    const { put } = FaultyStore.prototype;
    store.put = async (name, ...rest) => {
      if (!name.startsWith("epochs/e000000")) return await put.call(store, name, ...rest);
      await isPaid.promise;
      throw new StoreError("write", name, "the disk is tired");
    };
    const pay = task("pay", { reads: { x }, writes: { x } })
      .run(async ({ x }, { step, node, epoch }) => {
        await step("pay", () => void calls.push(`${node} ${epoch}`));
        if (node === world.nodes.at(-1)) isPaid.resolve();
        return { x: x + 1 };
      });
    const given = jobOf(world, [pay]);
    const checkpoints = world.manager({ store, waitBytes: 0 });
    assertInstanceOf(await errorOf(world.run(given, { checkpoints })), SaveError);
    assertEquals(calls, world.nodes.map((node) => `${node} 1`));
    await world.run(given, { resumeFromEpoch: "auto" });
    assertEquals(new Set(calls).size, calls.length);
  },
);
