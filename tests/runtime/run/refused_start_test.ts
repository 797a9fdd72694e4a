// What a start that was refused leaves behind, and what counts as another job.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { blob, epochs, param, resource, set, task } from "../../../dsl/mod.ts";
import { DerivedChangedError } from "../../../runtime/derived/errors.ts";
import { everywhere, notices, type World } from "./world.ts";

const images = blob<Float64Array>("images", { derived: true });
const total = blob("total", { initial: () => 0 });
const parts = blob<number[]>("parts");
const size = param("size", 10);
const rate = param("rate", 1);

function derivedJob(world: World, dieIn?: number) {
  const read = task("read", { reads: { size }, writes: { images } })
    .run(({ size }, { rng }) => ({
      images: Float64Array.from({ length: size }, () => rng("x")()),
    }));
  const train = task("train", { reads: { images, total }, writes: { total } })
    .run(({ images, total }, { epoch }) => {
      if (epoch === dieIn) throw new Error("dies here");
      return { total: total + (images[epoch] ?? 0) };
    });
  return world.job({ init: [read], epoch: [train], exit: [], until: epochs(4) });
}

everywhere("a refused start leaves neither its seed nor its params behind", async (world) => {
  await using alone = await world.beside();
  const { values } = await alone.run(derivedJob(alone), { seed: 2 });
  await world.fail(derivedJob(world, 2), { seed: 2 });
  const other = { resumeFromEpoch: "auto", set: [set(size, 11)], seed: 9 } as const;
  for (let times = 0; times < 4; times++) {
    const { error } = await world.fail(derivedJob(world), other);
    assert(error instanceof DerivedChangedError, String(error));
  }
  const again = await world.run(derivedJob(world), { resumeFromEpoch: "auto" });
  assertEquals(again.values, values);
  // It is neither another branch nor the same death again and again.
  assertEquals(notices(again.seen).filter((text) => /starts in a row|as saved/.test(text)), []);
});

/** Where a piece dies, and how a resource's param gets to the tasks. */
interface Changes {
  readonly dieAt?: number;
  readonly version?: string;
  readonly factor?: number;
  readonly shift?: number;
}

function paidJob(world: World, { dieAt = Infinity, version = "1", factor = 1, shift }: Changes) {
  const keys: string[] = [];
  const model = resource("model", { reads: { rate }, open: ({ rate }) => ({ rate }) });
  const read = task("read", { writes: { images } })
    .run(() => ({ images: Float64Array.of(1, 2, 3, 4, 5 + (shift ?? 0)) }));
  const first = task("first", { reads: { model }, writes: { total }, version })
    .run(({ model }) => ({ total: model.rate * factor }));
  const pay = task("pay", { reads: { model, images, total }, writes: { parts }, version })
    .run(async ({ model, images, total }, { map }) => {
      const paid = await map("parts", [...images], (item, { key, idempotencyKey }) => {
        if (Number(key) === dieAt) throw new Error("dies here");
        keys.push(idempotencyKey);
        return item * model.rate * factor;
      }, { key: (_, index) => String(index) });
      return { parts: [total, ...paid] };
    });
  const job = world.job({
    ...{ init: [read], epoch: [first, pay], exit: [], until: epochs(1) },
    plan: { grain: "task" },
  });
  return { job, keys };
}

const partsOf = (values: unknown, world: World): unknown =>
  (values as Record<string, Record<string, unknown>>)[world.node]?.["parts"];

everywhere("a param that a resource reads counts as one of the task's", async (world) => {
  const dying = paidJob(world, { dieAt: 2 });
  await world.fail(dying.job);
  const { job, keys } = paidJob(world, {});
  const options = { resumeFromEpoch: "auto", set: [set(rate, 10)] } as const;
  const { values } = await world.run(job, options);
  assertEquals(partsOf(values, world), [10, 10, 20, 30, 40, 50]);
  // The effects are those of another branch.
  assertEquals(keys.filter((key) => dying.keys.includes(key)), []);
  assertNotEquals(dying.keys, []);
});

everywhere("what was recorded of a task of another version is done again", async (world) => {
  await world.fail(paidJob(world, { dieAt: 2 }).job);
  const { job } = paidJob(world, { version: "2", factor: 100 });
  const options = { resumeFromEpoch: "auto", allowChange: true } as const;
  const { values } = await world.run(job, options);
  assertEquals(partsOf(values, world), [100, 100, 200, 300, 400, 500]);
});

everywhere(
  "what was done with a derived blob's new value counts at the next resume",
  async (world) => {
    await world.fail(paidJob(world, { dieAt: 1 }).job);
    const options = { resumeFromEpoch: "auto", allowChange: true } as const;
    const second = paidJob(world, { dieAt: 3, shift: 1 });
    await world.fail(second.job, options);
    assertEquals(second.keys.length, 3 * world.nodes.length);
    const third = paidJob(world, { shift: 1 });
    const { values } = await world.run(third.job, options);
    assertEquals(third.keys.length, 2 * world.nodes.length);
    assertEquals(partsOf(values, world), [1, 1, 2, 3, 4, 6]);
  },
);
