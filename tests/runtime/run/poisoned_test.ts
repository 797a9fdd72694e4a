import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { task } from "../../../dsl/mod.ts";
import { everywhere, notices, total, type World } from "./world.ts";

/** A job that dies in its third epoch while `isPoisoned` says so. */
function poisonedJob(world: World, isPoisoned: () => boolean) {
  const add = task("add", { reads: { total }, writes: { total } }).run(({ total }, { epoch }) => {
    if (epoch === 3 && isPoisoned()) throw new Error("dies here");
    return { total: total + epoch };
  });
  return world.job({ init: [], epoch: [add], exit: [] });
}

everywhere(
  "run: the third start in a row that begins at one place says so, with the others",
  async (world) => {
    let isPoisoned = true;
    const job = poisonedJob(world, () => isPoisoned);
    const said: string[][] = [];
    for (let start = 1; start <= 5; start++) {
      if (start === 5) isPoisoned = false;
      const on = world.session();
      await world.run(job, { resumeFromEpoch: "auto" }, on).catch(() => {});
      said.push(notices(on.seen).filter((text) => text.includes("in a row")));
    }
    // The first start saved two epochs; the second and third are the first two of the row.
    assertEquals(said.map(({ length }) => length), [0, 0, 0, 1, 1]);
    const [[fourth = ""] = []] = said.slice(3);
    assertStringIncludes(fourth, "3 starts in a row, this one among them, began at epoch 2");
    assert(/attempt 3, \d{4}-.*; attempt 2, \d{4}-/.test(fourth), fourth);
    assertStringIncludes(fourth, "resume --from");

    // It got further, so that the row has ended.
    const on = world.session();
    await world.run(job, { resumeFromEpoch: 2 }, on);
    assertEquals(notices(on.seen).filter((text) => text.includes("in a row")), []);
  },
);
