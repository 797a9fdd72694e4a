// What a phase leaves behind, and what the next one finds.
import { assertEquals } from "@std/assert";
import { blob, cursor, epochs, previous, task, when } from "../../../dsl/mod.ts";
import { everywhere, total } from "./world.ts";

const count = task("count", { reads: { before: previous(total, 0) }, writes: { total } })
  .run(({ before }) => ({ total: before + 1 }));

everywhere("run: what init takes of a cursor is taken again by the first epoch", async (world) => {
  const list = blob("list", { initial: () => [1, 2, 3, 4] });
  const seen = blob("seen", { initial: (): number[] => [] });
  const two = cursor("two", { over: list, take: 2 });
  const peek = task("peek", { reads: { two } }).run(() => {});
  // In the first epoch nobody reads the cursor, so that nothing takes the place of what init took.
  const eat = task("eat", {
    reads: { two, seen },
    writes: { seen },
    if: when(total, (total) => total > 1),
  }).run(({ two, seen }) => ({ seen: [...seen, ...two.items] }));
  const given = world.job({ init: [peek], epoch: [count, eat], exit: [], until: epochs(3) });
  const { values } = await world.run(given);
  assertEquals(values[world.node]?.["seen"], [1, 2, 3, 4]);
});

everywhere(
  "run: a phase gone on with finds what is not saved at its initial value",
  async (world) => {
    const extra = blob("extra", { initial: () => 5 });
    const report = blob<number>("report");
    let isBroken = true;
    const end = task("end", { reads: { extra, total }, writes: { report } })
      .run(({ extra, total }) => {
        if (isBroken) throw new Error("broken");
        return { report: extra + total };
      });
    const given = world.job({
      ...{ init: [], epoch: [count], download: [count], exit: [end], until: epochs(2) },
      plan: { blobs: { exclude: [extra] } },
    });
    await world.fail(given);
    isBroken = false;
    const { values, seen } = await world.run(given, { resumeFromEpoch: "latest" });
    assertEquals(seen.of("phase-started").map((e) => e.phase), ["exit"]);
    assertEquals(values[world.node]?.["report"], 8);
  },
);
