// A resource that is another within an unfinished epoch, whose finished tasks are used.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, resource, task } from "../../../dsl/mod.ts";
import { everywhere, notices, type World } from "./world.ts";

const first = blob<number>("first");
const second = blob<number>("second");

function stamped(world: World, stamp: { version: number }, dies = false) {
  const server = resource("server", {
    open: () => ({ stamp }),
    stamp: ({ stamp }) => ({ ...stamp }),
  });
  const one = task("one", { reads: { server }, writes: { first } }).run(() => ({ first: 1 }));
  const two = task("two", { reads: { first, server }, writes: { second } })
    .run(({ first }) => {
      if (dies) throw new Error("dies here");
      return { second: first + 1 };
    });
  return world.job({
    ...{ init: [], epoch: [one, two], exit: [], until: epochs(1) },
    plan: { grain: "task" },
  });
}

everywhere("a resource's other stamp is said also within the first epoch", async (world) => {
  await world.fail(stamped(world, { version: 1 }, true));
  const options = { resumeFromEpoch: "auto" } as const;
  const same = await world.fail(stamped(world, { version: 1 }, true), options);
  assertEquals(notices(same.seen).filter((text) => text.includes("resource ")), []);
  const { seen } = await world.run(stamped(world, { version: 2 }), options);
  assertEquals(
    seen.of("task-reused").map(({ task }) => task),
    world.nodes.map(() => "one"),
  );
  const said = notices(seen).filter((text) => text.includes("resource "));
  assertEquals(said.length, world.nodes.length);
  assertStringIncludes(said[0] ?? "", `resource ${world.node}/server is not what it was`);
  assertStringIncludes(said[0] ?? "", "at .version was number 1, and is number 2");
});
