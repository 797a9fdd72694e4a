// What `saved(…)` reads of epochs from before a migration.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  blob,
  codec,
  epochs,
  from,
  keepBest,
  keepLast,
  type Migration,
  migration,
  saved,
  type Step,
  task,
} from "../../../dsl/mod.ts";
import { MigrationError } from "../../../runtime/change/errors.ts";
import { BlobTypeError } from "../../../runtime/checkpoint/errors.ts";
import { at, makeOld } from "./old_states.ts";
import { everywhere, type World } from "./world.ts";

const length = blob("length", { initial: () => 2 });
const score = blob("score", { initial: () => 0 });
const best = blob<number | string[]>("best");
/** The first epoch is the best one. */
const rank = task("rank", { writes: { score } }).run((_, { epoch }) => ({ score: 10 - epoch }));
const grow = task("grow", { reads: { length }, writes: { length } })
  .run(({ length }) => ({ length: length + 1 }));
const convert = migration("convert", { reads: { length }, writes: { length } })
  .run(({ length }) => ({ length: 100 * length }));

function metricIn(world: World) {
  return world.nodes.length === 1 ? score : from(world.node, score);
}

/** Looks at what the best epoch has of a blob. */
function look(world: World, of = length as unknown as typeof best): Step {
  const reads = { found: saved(of, { max: metricIn(world) }) };
  return task("look", { reads, writes: { best } }).run(({ found }) => ({ best: found }));
}

function jobIn(world: World, until: number, epoch: Step[], migrate: readonly Migration[] = []) {
  // What is kept by a number has it recorded.
  const keep = [keepLast(9), keepBest({ max: metricIn(world) })] as const;
  const plan = { migrate, keep, onChange: "allow" } as const;
  return world.job({ init: [], epoch, exit: [], until: epochs(until), plan });
}

const resumed = { resumeFromEpoch: "latest" } as const;

everywhere("saved: what an epoch has goes through the migrations that it lacks", async (world) => {
  await world.run(jobIn(world, 2, [rank, grow]));
  const after = jobIn(world, 4, [rank, look(world), grow], [convert]);
  const { values } = await world.run(after, resumed);
  for (const node of world.nodes) {
    // 3 m, of epoch 1; the job goes on from 4 m, of epoch 2.
    assertEquals(values[node], { score: 6, best: 300, length: 402 });
  }
  // What was saved since needs none.
  const later = await world.run(jobIn(world, 5, [rank, look(world), grow], [convert]), {
    resumeFromEpoch: "latest",
  });
  assertEquals(later.values[world.node]?.["best"], 300);
});

everywhere(
  "saved: only the migrations behind a blob are applied, to only what they read",
  async (world) => {
    const pair = codec({
      encode: ({ a }: { a: number }) => [a],
      decode: ([a = 0]: number[]) => ({ a }),
    });
    const old = blob("length", { initial: () => ({ a: 3 }), codec: pair });
    const heavy = blob("heavy", { initial: () => new Float64Array(10_000) });
    const move = task("move", { updates: { old, heavy } })
      .run(({ old, heavy }) => void (heavy[0] = ++old.a));
    await world.run(jobIn(world, 2, [rank, move]));
    const middle = blob<number>("middle");
    const sum = blob("sum", { initial: () => 0 });
    const seen: string[] = [];
    const migrate = [
      migration("unpack", { reads: { old }, writes: { middle } })
        .run(({ old }, { node, epoch }) => {
          seen.push(`${epoch} ${node}`);
          return { middle: old.a };
        }),
      migration("weigh", { reads: { heavy }, writes: { sum } })
        .run(({ heavy }) => ({ sum: heavy[0] ?? 0 })),
      migration("spread", { reads: { middle }, writes: { length } })
        .run(({ middle }) => ({ length: 10 * middle })),
    ];
    const use = task("use", { reads: { length, sum } }).run(() => {});
    // What is large of epoch 1 is lost.
    const store = world.store();
    const packs = await store.list("packs/a000001/");
    await store.remove(packs.filter((name) => name.includes("e000001")));
    const { values } = await world.run(
      jobIn(world, 3, [rank, look(world), use], migrate),
      resumed,
    );
    for (const node of world.nodes) {
      assertEquals([values[node]?.["best"], values[node]?.["length"]], [40, 50]);
    }
    assertEquals(
      seen.sort(),
      [1, 2].flatMap((epoch) => world.nodes.map((node) => `${epoch} ${node}`)).sort(),
    );
  },
);

everywhere("saved: a migration that fails on an older epoch fails the task", async (world) => {
  await world.run(jobIn(world, 2, [rank, grow]));
  const picky = migration("picky", { reads: { length }, writes: { length } })
    .run(({ length }, { epoch }) => {
      if (epoch === 1) throw new TypeError("a flaw");
      return { length };
    });
  const { error } = await world.fail(jobIn(world, 3, [rank, look(world)], [picky]), resumed);
  assertInstanceOf(error.cause, MigrationError);
  assertEquals([error.cause.migration, error.cause.epoch], ["picky", 1]);
  assertStringIncludes(error.message, 'Migration "picky" failed on node');
});

everywhere(
  "saved: where nobody can tell whether it was migrated, it is not given",
  async (world) => {
    await world.run(jobIn(world, 1, [rank, grow]));
    await world.run(jobIn(world, 2, [rank, grow]), resumed);
    await makeOld(world.store(), at(0, 1), at(1, 1));
    await world.store().remove(["attempts/000001.cbor"]);
    const after = jobIn(world, 3, [rank, look(world)], [convert]);
    const { error } = await world.fail(after, resumed);
    assertInstanceOf(error.cause, MigrationError);
    assertStringIncludes(error.message, 'whether epoch 1@a1 has gone through migration "convert"');
    // What no migration makes can be read all the same, and what is advised helps.
    const score1 = score as unknown as typeof best;
    const other = jobIn(world, 3, [rank, look(world, score1), grow], [convert]);
    assertEquals((await world.run(other, resumed)).values[world.node]?.["best"], 9);
    const again = jobIn(world, 4, [rank, look(world)], [convert]);
    const { values } = await world.run(again, { ...resumed, migrated: [] });
    assertEquals(values[world.node]?.["best"], 300);
  },
);

everywhere("saved: a value of another kind than the job declares is not given", async (world) => {
  await world.run(jobIn(world, 1, [rank, grow]));
  // Another blob of that name, which the job has anew: the epochs since have it, the best has not.
  const words = blob("length", { initial: () => ["none"] });
  const rename = migration("rename", { reads: { length }, writes: { words } })
    .run(({ length }) => ({ words: [`${length} m`] }));
  const use = task("use", { reads: { words } }).run(() => {});
  await world.run(jobIn(world, 2, [rank, use], [rename]), resumed);
  // Without its migration, the best epoch has a number.
  const given = jobIn(world, 3, [rank, look(world, words as unknown as typeof best), use]);
  const { error } = await world.fail(given, resumed);
  assertInstanceOf(error.cause, BlobTypeError);
  assertStringIncludes(error.message, "was saved in epoch 1 as a number, but the job declares");
});
