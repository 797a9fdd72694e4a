// States of which nobody can tell which migrations they have gone through.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, type Job, migration, task } from "../../../dsl/mod.ts";
import { MigrationError } from "../../../runtime/change/errors.ts";
import { at, makeOld } from "./old_states.ts";
import { spoil } from "./spoil.ts";
import { everywhere, notices, type World } from "./world.ts";

const length = blob("length", { initial: () => 2 });
const convert = migration("convert", { reads: { length }, writes: { length } })
  .run(({ length }) => ({ length: 100 * length }));
const resumed = { resumeFromEpoch: "latest", allowChange: true } as const;

function jobOf(world: World, until: number, isMigrated: boolean): Job {
  const use = task("use", { reads: { length } }).run(() => {});
  const plan = isMigrated ? { migrate: [convert] as const } : {};
  return world.job({ init: [], epoch: [use], exit: [], until: epochs(until), plan });
}

function assertLengths(world: World, values: Record<string, Record<string, unknown>>, is: number) {
  for (const node of world.nodes) assertEquals(values[node]?.["length"], is);
}

async function hide(world: World, attempt: number, how: "damaged" | "gone"): Promise<void> {
  const name = `attempts/00000${attempt}.cbor`;
  if (how === "damaged") await spoil(world, name);
  else await world.store().remove([name]);
}

for (const how of ["damaged", "gone"] as const) {
  everywhere(
    `migrate: a state itself says what it has gone through, though its record is ${how}`,
    async (world) => {
      await world.run(jobOf(world, 1, false));
      await hide(world, 1, how);
      const { values } = await world.run(jobOf(world, 2, true), resumed);
      assertLengths(world, values, 200);
      await hide(world, 2, how);
      assertLengths(world, (await world.run(jobOf(world, 3, true), resumed)).values, 200);
    },
  );

  everywhere(
    `migrate: none is applied twice to an old state whose record is ${how}`,
    async (world) => {
      await world.run(jobOf(world, 1, false));
      await world.run(jobOf(world, 2, true), resumed);
      await makeOld(world.store(), at(2, 2));
      await hide(world, 2, how);
      const { error } = await world.fail(jobOf(world, 3, true), resumed);
      assertInstanceOf(error, MigrationError);
      assertEquals([error.migration, error.epoch], ["convert", 2]);
      assertStringIncludes(
        error.message,
        'Nobody can tell whether epoch 2@a2 has gone through migration "convert": it does not say, and ' +
          `the record of attempt 2, which may, is ${how === "gone" ? "not there" : "damaged"}`,
      );
      assertStringIncludes(error.message, "Nothing was tried or changed.");
      // A run without it does not make the answer up, and what is advised helps.
      assertLengths(world, (await world.run(jobOf(world, 3, false), resumed)).values, 200);
      const again = await world.fail(jobOf(world, 4, true), resumed);
      assertStringIncludes(
        again.error.message,
        "it comes from a state of which nobody could tell",
      );
      const migrated = ["convert"];
      const said = await world.run(jobOf(world, 4, true), { ...resumed, migrated });
      assertLengths(world, said.values, 200);
      assertLengths(world, (await world.run(jobOf(world, 5, true), resumed)).values, 200);
    },
  );

  everywhere(
    `migrate: a first migration of an old state whose record is ${how} is applied once that is said`,
    async (world) => {
      await world.run(jobOf(world, 2, false));
      await makeOld(world.store(), at(2, 1));
      await hide(world, 1, how);
      const { error } = await world.fail(jobOf(world, 3, true), resumed);
      assertInstanceOf(error, MigrationError);
      assertStringIncludes(error.message, "--migrated none if through none (migrated in a script)");
      assertEquals(error.message.includes("failed"), false, error.message);
      const said = await world.run(jobOf(world, 3, true), { ...resumed, migrated: [] });
      assertLengths(world, said.values, 200);
      assertLengths(world, (await world.run(jobOf(world, 4, true), resumed)).values, 200);
    },
  );
}

everywhere(
  "migrate: of an old state its attempt's record tells, as that lists what the plan had",
  async (world) => {
    await world.run(jobOf(world, 1, false));
    await makeOld(world.store(), at(1, 1));
    assertLengths(world, (await world.run(jobOf(world, 2, true), resumed)).values, 200);
    await makeOld(world.store(), at(2, 2));
    // What is said counts only where nobody can tell.
    const { values } = await world.run(jobOf(world, 3, true), { ...resumed, migrated: [] });
    assertLengths(world, values, 200);
  },
);

everywhere(
  "migrate: a migration that is said to be done and that no plan has is a slip",
  async (world) => {
    await world.run(jobOf(world, 1, false));
    const options = { ...resumed, migrated: ["convrt"] };
    const { error } = await world.fail(jobOf(world, 2, true), options);
    assertInstanceOf(error, RangeError);
    assertStringIncludes(error.message, '"convrt", and the plan has only convert: name one');
    const other = await world.fail(jobOf(world, 2, false), options);
    assertStringIncludes(other.error.message, "the plan has no migrations");
  },
);

everywhere(
  "migrate: what a person says wrongly, and corrects in mid-epoch, is told, and nothing of it kept",
  async (world) => {
    const copied = blob("copied", { initial: () => 0 });
    let dies = false;
    const seen: number[] = [];
    const copy = task("copy", { reads: { length }, writes: { copied } })
      .run(({ length }) => ({ copied: length }));
    const look = task("look", { reads: { copied } }).run(({ copied }) => {
      if (dies) throw new Error("dies");
      seen.push(copied);
    });
    const made = (until: number, isMigrated: boolean) => {
      const plan = { grain: "task", ...isMigrated ? { migrate: [convert] } : {} } as const;
      return world.job({ init: [], epoch: [copy, look], exit: [], until: epochs(until), plan });
    };
    await world.run(made(1, false));
    await world.run(made(2, true), resumed);
    await makeOld(world.store(), at(2, 2));
    await hide(world, 2, "gone");
    dies = true;
    await world.fail(made(3, true), { ...resumed, migrated: [] });
    dies = false;
    seen.length = 0;
    const run = await world.run(made(3, true), { ...resumed, migrated: ["convert"] });
    assertLengths(world, run.values, 200);
    assertEquals(new Set(seen), new Set([200]));
    const taken = 'epoch 2@a2 is taken to have gone through "convert", as --migrated says';
    assert(notices(run.seen).includes(taken), notices(run.seen).join());
  },
);
