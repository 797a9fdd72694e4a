import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, from, saved, task } from "../../../dsl/mod.ts";
import { DamagedError, type Store } from "../../../storage/mod.ts";
import { FaultyStore } from "../run/faulty_store.ts";
import { everywhere, notices, total, type World } from "../run/world.ts";

const score = blob<number>("score");
const best = blob<number>("best");
/** Epoch 1 is best, then 2, then 3. */
const rank = task("rank", { reads: { total }, writes: { total, score } })
  .run(({ total }, { epoch }) => ({ total: total + 1, score: 10 - epoch }));

function look(world: World) {
  const metric = world.nodes.length === 1 ? score : from(world.node, score);
  return task("look", { reads: { best: saved(total, { max: metric }) }, writes: { best } })
    .run(({ best }) => ({ best }));
}

async function spoil(store: Store, name: string): Promise<void> {
  const bytes = await store.get(name);
  await store.remove([name]);
  await store.put(name, bytes.slice(0, -4), { durability: "none" });
}

/** Spoils an epoch once the last one is saved. */
function spoiling(world: World, epoch: number) {
  const store = new FaultyStore(world.store());
  let isSpoiled = false;
  store.after = async (op, name) => {
    if (isSpoiled || op !== "put" || !name.startsWith("epochs/e000003")) return;
    isSpoiled = true;
    await spoil(store.inner, `epochs/e00000${epoch}.a000001.cbor`);
  };
  return world.manager({ store });
}

everywhere("saved: a damaged epoch is not looked at, which is said once", async (world) => {
  for (const [damaged, found] of [[1, 2], [2, 1]] as const) {
    await using place = await world.beside();
    const given = place.job({ init: [], epoch: [rank], exit: [look(place)], until: epochs(3) });
    const checkpoints = spoiling(place, damaged);
    const { values, seen } = await place.run(given, { checkpoints });
    for (const node of place.nodes) assertEquals(values[node]?.["best"], found);
    const said = notices(seen).filter((text) => text.includes("is damaged"));
    assertEquals(said.length, 1, said.join());
    assertStringIncludes(said[0] ?? "", `${damaged}@a1`);
  }
});

everywhere('saved: with onDamaged "stop" it fails the task', async (world) => {
  const plan = { onDamaged: "stop" } as const;
  const given = world.job({ init: [], epoch: [rank], exit: [look(world)], until: epochs(3), plan });
  const { error } = await world.fail(given, { checkpoints: spoiling(world, 2) });
  assertInstanceOf(error.cause, DamagedError);
  assertStringIncludes(error.message, "e000002");
});

everywhere("saved: each manifest is read once for its numbers", async (world) => {
  const store = new FaultyStore(world.store());
  const given = world.job({
    // After init, so that the first epoch finds a number.
    init: [rank],
    epoch: [look(world), rank],
    exit: [],
    until: epochs(8),
  });
  await world.run(given, { checkpoints: world.manager({ store }) });
  const reads = (epoch: number): number =>
    store.done.filter((text) => text === `read epochs/e00000${epoch}.a000001.cbor`).length;
  // Epoch 0 is the best one: all the others are looked at for their numbers only.
  assertEquals([2, 3, 4, 5].map(reads), [2, 3, 4, 5].map(() => reads(6)));
});
