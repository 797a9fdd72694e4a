// A state of which nobody can tell which migrations it has gone through.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, migration, task } from "../../../dsl/mod.ts";
import { MigrationError } from "../../../runtime/change/errors.ts";
import { spoil } from "./spoil.ts";
import { everywhere, type World } from "./world.ts";

const length = blob("length", { initial: () => 2 });
const convert = migration("convert", { reads: { length }, writes: { length } })
  .run(({ length }) => ({ length: 100 * length }));

function jobOf(world: World, until: number, isMigrated: boolean) {
  const use = task("use", { reads: { length } }).run(() => {});
  const plan = isMigrated ? { migrate: [convert] as const } : {};
  return world.job({ init: [], epoch: [use], exit: [], until: epochs(until), plan });
}

for (const how of ["damaged", "gone"] as const) {
  everywhere(
    `migrate: none is applied twice where the record that tells is ${how}`,
    async (world) => {
      await world.run(jobOf(world, 1, false));
      const resumed = { resumeFromEpoch: "latest", allowChange: true } as const;
      await world.run(jobOf(world, 2, true), resumed);
      if (how === "damaged") await spoil(world, "attempts/000002.cbor");
      else await world.store().remove(["attempts/000002.cbor"]);
      const { error } = await world.fail(jobOf(world, 3, true), resumed);
      assertInstanceOf(error, MigrationError);
      assertStringIncludes(error.message, "is said by the record of attempt 2, which is");
      // What it advises helps.
      const { values } = await world.run(jobOf(world, 3, false), resumed);
      for (const node of world.nodes) assertEquals(values[node]?.["length"], 200);
    },
  );
}
