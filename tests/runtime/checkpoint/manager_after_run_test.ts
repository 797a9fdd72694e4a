// A manager that a script goes on with, once it has run a job.
import { assertEquals } from "@std/assert";
import { epochs, keepEvery, keepLast } from "../../../dsl/mod.ts";
import { formatRef } from "../../../storage/mod.ts";
import { everywhere, total } from "../run/world.ts";

everywhere(
  "manager: an old epoch saved again goes on from the nearest before it that retention has left",
  async (world) => {
    const checkpoints = world.manager();
    const plan = { keep: [keepLast(2), keepEvery(3)] } as const;
    const { session } = await world.run(world.job({ until: epochs(8), plan }), { checkpoints });
    assertEquals(await world.epochs(), ["3@a1", "6@a1", "7@a1", "8@a1"]);
    for (const [epoch, parent] of [[5, "3@a1"], [2, undefined]] as const) {
      await session.run(checkpoints.save(epoch));
      const [ref] = (await world.epochs()).filter((ref) => ref.startsWith(`${epoch}@`)).slice(-1);
      const manifest = await checkpoints.engine.archive.readEpoch(ref as "5@a2");
      assertEquals(manifest.parent && formatRef(manifest.parent), parent);
    }
  },
);

everywhere(
  "manager: once a job was run, it saves what a script makes, not that run",
  async (world) => {
    const checkpoints = world.manager();
    const { session } = await world.run(world.job(), { checkpoints, seed: 7 });
    const read = (epoch: number) => checkpoints.engine.archive.readEpoch(epoch);
    await session.feed(total, 100, { node: world.node });
    await session.run(checkpoints.save(9));
    const [before, after] = [await read(4), await read(9)];
    assertEquals([before.run.stop, after.run.stop], ["epochs(4)", undefined]);
    assertEquals([after.run.seed, after.run.elapsedMs], [7, before.run.elapsedMs]);
    await session.run(checkpoints.load(4));
    await session.run(checkpoints.load(9));
    assertEquals(await session.fetch(total, { node: world.node }), 100);
  },
);
