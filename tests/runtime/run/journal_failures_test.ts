// What a journal does where it is damaged, fenced, or cannot be written.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, task } from "../../../dsl/mod.ts";
import { FencedError, listLogObjects } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { FaultyStore } from "./faulty_store.ts";
import { dying, jobOf, resumed, y } from "./journal_jobs.ts";
import { everywhere, notices, type World } from "./world.ts";

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
