// A place whose records of attempts are lost, as behind a copy that was not whole.
import { assert, assertEquals } from "@std/assert";
import { CheckpointStore, formatRef, verifyStore } from "../../../storage/mod.ts";
import { everywhere, World } from "./world.ts";

async function lose(world: World, isLost: (name: string) => boolean): Promise<void> {
  const store = world.store();
  await store.remove((await store.list("attempts/")).filter(isLost));
}

async function damages(world: World): Promise<readonly string[]> {
  const { damaged } = await verifyStore(await CheckpointStore.open(world.store()));
  return damaged.map(({ object }) => object).sort();
}

everywhere(
  "what is saved says where it belongs where no record of an attempt is left",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 1 });
    await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch: 3 });
    await lose(world, () => true);
    const names = [1, 2].flatMap((number) => {
      const name = `attempts/00000${number}`;
      return [`${name}.cbor`, `${name}.parent.cbor`];
    });
    assertEquals(await damages(world), names);
    const { line, sides } = await (await CheckpointStore.open(world.store())).history();
    assertEquals([line.map(formatRef), sides], [["0@a1", "1@a1", "2@a2", "3@a2"], []]);
    const { values, seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
    assertEquals(seen.of("loaded").map(({ epoch }) => epoch), [3]);
    await using other = await World.make("memory", world.nodes.length === 1 ? 1 : 3);
    assertEquals(values, (await other.run(other.job())).values);
  },
);

everywhere("an attempt that has saved goes on though its own record is lost", async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 1 });
  await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch: 3 });
  await lose(world, (name) => name === "attempts/000002.parent.cbor");
  assertEquals(await damages(world), ["attempts/000002.parent.cbor"]);
  const { seen } = await world.run(world.job(), { resumeFromEpoch: "auto" });
  assert(seen.of("loaded").some(({ epoch }) => epoch === 3));
  assertEquals((await world.epochs()).at(-1), "4@a3");
});
