// What a journal leaves behind a saved state: nothing, whatever was still being written.
import { assertEquals } from "@std/assert";
import { blob, task } from "../../../dsl/mod.ts";
import { CheckpointStore, listLogObjects, verifyStore } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";
import { turns } from "../helpers.ts";
import { FaultyStore } from "./faulty_store.ts";
import { jobOf } from "./journal_jobs.ts";
import { everywhere } from "./world.ts";

/** A store in which a log after epoch 0 gets its name only once epoch 1 is saved, and cleared up behind. */
class LateLogStore extends FaultyStore {
  readonly #saved = Promise.withResolvers<void>();

  override async put(...given: Parameters<FaultyStore["put"]>): Promise<void> {
    const [name] = given;
    if (/^tasks\/a000001\.e000000\..*\.log$/.test(name)) {
      await this.#saved.promise;
      await turns(20);
    }
    await super.put(...given);
    if (name.startsWith("epochs/e000001")) this.#saved.resolve();
  }
}

everywhere(
  "journal: a log that is still being written when its epoch is saved goes too",
  async (world) => {
    const big = blob<Float64Array>("big");
    const fill = task("fill", { writes: { big } })
      .run((_, { epoch }) => ({ big: new Float64Array(100_000).fill(epoch) }));
    const store = new LateLogStore(world.store());
    await world.run(jobOf(world, [fill], {}, 1), { checkpoints: world.manager({ store }) });
    const { damaged, logs } = await verifyStore(await CheckpointStore.open(store), { full: true });
    assertEquals([damaged, logs], [[], []]);
    assertEquals((await listLogObjects(store)).map(({ name }) => name), []);
  },
);

everywhere("journal: logs are removed before their packs", async (world) => {
  const big = blob<Float64Array>("big");
  const fill = task("fill", { writes: { big } })
    .run((_, { epoch }) => ({ big: new Float64Array(100_000).fill(epoch) }));
  const inner = world.store();
  const removed: string[] = [];
  const store = overriding(inner, {
    remove: async (names, options) => {
      const ofLogs = names.filter((name) => name.startsWith("tasks/"));
      removed.push(...ofLogs.map((name) => name.replace(/.*\./, "")));
      await inner.remove(names, options);
    },
  });
  await world.run(jobOf(world, [fill], {}, 1), { checkpoints: world.manager({ store }) });
  assertEquals(removed.toSorted(), removed);
  assertEquals([removed.includes("log"), removed.includes("pack")], [true, true]);
});
