// Resources that are others than they were: said, and refused by what is derived from them.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, epochs, resource, task } from "../../../dsl/mod.ts";
import { DerivedChangedError } from "../../../runtime/derived/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
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

const version = blob<number>("version", { derived: true });

/** A job that may not go on with another input: it derives its version. */
function guarded(world: World, stamp: { version: number }) {
  const server = resource("server", { open: () => ({ stamp }), stamp: ({ stamp }) => stamp });
  const look = task("look", { reads: { server }, writes: { version } })
    .run(({ server }) => ({ version: server.stamp.version }));
  const use = task("use", { reads: { server, version }, writes: { first } })
    .run(({ version }) => ({ first: version }));
  return world.job({ init: [look], epoch: [use], exit: [], until: epochs(3) });
}

everywhere("a derived blob refuses another stamp before any task runs", async (world) => {
  await world.run(guarded(world, { version: 1 }), { stopAfterEpoch: 1 });
  const options = { resumeFromEpoch: "latest" } as const;
  const foreseen = await new JobRunner(guarded(world, { version: 2 }), {
    checkpoints: world.manager(),
  }).changesSince();
  assertEquals(
    foreseen.notSeen.at(-1),
    'the stamp of resource "server" (compared when a task first needs it)',
  );
  const { error, seen } = await world.fail(guarded(world, { version: 2 }), options);
  assertInstanceOf(error, DerivedChangedError);
  assertStringIncludes(error.message, "its stamp was number 1, and is number 2");
  assertEquals(seen.of("task-started").filter(({ task }) => task === "use"), []);
  const { session } = await world.run(guarded(world, { version: 2 }), {
    ...options,
    allowChange: true,
  });
  assertEquals(await session.fetch(first, { node: world.node }), 2);
});

const shared = { of: "input", number: 1 };
const server = resource("server", { open: () => 1, stamp: () => shared });
const other = resource("other", { open: () => 1, stamp: () => shared });

for (const grain of ["epoch", "task"] as const) {
  everywhere(`one object may be the stamp of many resources, grain ${grain}`, async (world) => {
    shared.number = 1;
    const use = task("use", { reads: { server, other }, writes: { first } })
      .run(({ server }) => ({ first: server }));
    const given = world.job({
      init: [],
      epoch: [use],
      exit: [],
      until: epochs(3),
      plan: { grain },
    });
    await world.run(given, { stopAfterEpoch: 1 });
    const options = { resumeFromEpoch: "latest" } as const;
    const same = await world.run(given, { ...options, stopAfterEpoch: 2 });
    assertEquals(notices(same.seen).filter((text) => text.includes("its stamp")), []);
    shared.number = 2;
    const { seen } = await world.run(given, options);
    const said = notices(seen).filter((text) => text.includes("its stamp"));
    assertEquals(said.length, 2 * world.nodes.length);
  });
}
