import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { assertThrows } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import { MultiNodeCheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { NotInitializedError } from "../../../runtime/checkpoint/errors.ts";
import { UnknownNameError } from "../../../runtime/errors.ts";
import { CheckpointNotFoundError, UnsupportedValueError } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { everywhere, valuesOf, type World } from "../run/world.ts";

const small = blob<number>("small");
const big = blob<Float64Array>("big");
const unset = blob<string>("unset");

/** Feeds all nodes, and saves epochs 0 to 2. */
async function saved(world: World, manager = world.manager()) {
  const { session, seen } = world.session();
  for (const node of world.nodes) {
    session.workspace(node).declare(unset);
    await session.feed(big, new Float64Array(50_000).fill(1), { node });
  }
  for (let epoch = 0; epoch <= 2; epoch++) {
    for (const node of world.nodes) await session.feed(small, epoch * 10, { node });
    if (epoch === 0) await session.run(manager.init(world.nodes));
    await session.run(manager.save(epoch));
  }
  return { session, seen, manager };
}

everywhere(
  "manager: load gives exactly what was saved: extra blobs gone, absent ones absent",
  async (world) => {
    const { session, manager } = await saved(world);
    for (const node of world.nodes) {
      await session.feed("stray", 1, { node });
      await session.feed(unset, "set", { node });
      await session.feed(big, new Float64Array(3), { node });
    }
    await session.run(manager.load(1));
    const expected = Object.fromEntries(world.nodes.map((node) => [node, {
      big: new Float64Array(50_000).fill(1),
      small: 10,
    }]));
    assertEquals(valuesOf(session), expected);
    // By another manager, on a session that knows nothing.
    const { session: fresh } = world.session();
    await fresh.run(world.manager().load(1));
    assertEquals(valuesOf(fresh), expected);
  },
);

everywhere(
  'manager: "latest" is the newest epoch; one that is not there lists those that are',
  async (world) => {
    const { session, manager } = await saved(world);
    await session.run(manager.load("latest"));
    assertEquals(await session.fetch(small, { node: world.node }), 20);
    const error = await errorOf(session.run(manager.load(7)));
    assertInstanceOf(error, CheckpointNotFoundError);
    assertStringIncludes(error.message, "0, 1, 2");
    await assertRejects(() => session.run(manager.load("4@b" as "4@a1")), RangeError, "4@a3");
  },
);

everywhere("manager: what is unchanged since the last save is not written again", async (world) => {
  const { seen } = await saved(world);
  const [first, ...rest] = seen.of("save-committed").map((e) => e.bytes);
  assert((first ?? 0) >= 400_000 * world.nodes.length);
  for (const bytes of rest) assert(bytes < 10_000, `${bytes} bytes for one number`);
});

everywhere("manager: a change after a load is saved", async (world) => {
  const { session, manager } = await saved(world);
  await session.run(manager.load(1));
  await session.feed(big, Float64Array.of(5), { node: world.node });
  await session.run(manager.save(3));
  const { session: fresh } = world.session();
  await fresh.run(world.manager().load(3));
  assertEquals(await fresh.fetch(big, { node: world.node }), Float64Array.of(5));
  assertEquals(await fresh.fetch(small, { node: world.node }), 10);
});

everywhere(
  "manager: an epoch saved again lies on a line of its own; the old one stays",
  async (world) => {
    const { session, manager } = await saved(world);
    await session.feed(small, 21, { node: world.node });
    await session.run(manager.save(2));
    assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1", "2@a2"]);
    const { session: fresh } = world.session();
    const other = world.manager();
    await fresh.run(other.load(2));
    assertEquals(await fresh.fetch(small, { node: world.node }), 21);
    await fresh.run(other.load("2@a1"));
    assertEquals(await fresh.fetch(small, { node: world.node }), 20);
  },
);

everywhere(
  "manager: blobList is known after init, and init may be run again for the same nodes only",
  async (world) => {
    const { session } = await saved(world);
    const manager = world.manager();
    assertThrows(() => manager.blobList(), NotInitializedError);
    await session.run(manager.init(world.nodes));
    assertEquals(manager.blobList(), ["big", "small", "unset"]);
    await session.run(manager.init(world.nodes));
    await session.run(manager.init([...world.nodes].reverse()));
    const others = world.nodes.length === 1 ? ["elsewhere"] : ["n0", "n1"];
    const error = await errorOf(session.run(manager.init(others)));
    assertInstanceOf(error, RangeError);
    for (const node of others) assertStringIncludes(error.message, node);
    const { session: fresh } = world.session();
    const listed = world.manager();
    await fresh.run(listed.init(world.nodes, 1));
    assertEquals(listed.blobList(), ["big", "small", "unset"]);
    assertEquals(listed.blobList(world.node), ["big", "small", "unset"]);
  },
);

everywhere("manager: a save before init is an error", async (world) => {
  const { session } = world.session();
  assertInstanceOf(await errorOf(session.run(world.manager().save(0))), NotInitializedError);
});

everywhere("manager: single blobs are loaded reading only their bytes", async (world) => {
  await saved(world);
  const store = world.store();
  const manager = world.manager({ store });
  const { session } = world.session();
  for (const node of world.nodes) await session.feed("mine", 7, { node });
  assertEquals(await manager.loadBlobsFromCheckpoints([small], 1, session), true);
  assert(store.bytesRead < 100_000, `${store.bytesRead} bytes were read`);
  for (const node of world.nodes) assertEquals(valuesOf(session)[node], { mine: 7, small: 10 });
  await session.run(manager.loadBlobsFromCheckpoint(["big", unset], 1));
  assert(store.bytesRead >= 400_000 * world.nodes.length);
});

everywhere("manager: a blob saved as not set is unset by a partial load", async (world) => {
  const { session, manager } = await saved(world);
  await session.feed(unset, "set", { node: world.node });
  await session.run(manager.loadBlobsFromCheckpoint(["unset"], 1));
  assertEquals((await errorOf(session.fetch(unset, { node: world.node }))).name, "BlobNotSetError");
  assertEquals(await session.fetch(small, { node: world.node }), 20);
});

everywhere("manager: an unknown name lists the near ones, and changes nothing", async (world) => {
  const { session, manager } = await saved(world);
  const error = await errorOf(manager.loadBlobsFromCheckpoints(["smal", small], 1, session));
  assertInstanceOf(error, UnknownNameError);
  assertStringIncludes(error.message, "small");
  assertEquals(await session.fetch(small, { node: world.node }), 20);
});

everywhere(
  "manager: false where an epoch is not there, or a node has none of it",
  async (world) => {
    const { session, manager } = await saved(world);
    assertEquals(await session.run(manager.checkDbExists(2)), true);
    assertEquals(await session.run(manager.checkDbExists("latest")), true);
    assertEquals(await session.run(manager.checkDbExists(3)), false);
    assertEquals(await manager.loadBlobsFromCheckpoints([small], 3, session), false);
    const more = new MultiNodeCheckpointManager(world.db, world.kind, { durability: "none" });
    const { session: wider } = world.session();
    await wider.run(more.init([...world.nodes, "another"]));
    assertEquals(await wider.run(more.checkDbExists(2)), false);
    assertEquals(await more.loadBlobsFromCheckpoints([small], 2, wider), false);
    assertEquals(valuesOf(wider)[world.node], {});
  },
);

everywhere("manager: of an empty place nothing exists", async (world) => {
  const { session } = world.session();
  assertEquals(await session.run(world.manager().checkDbExists(0)), false);
  assertEquals(await session.run(world.manager().checkDbExists("latest")), false);
});

everywhere("manager: a damaged epoch does not exist as readable", async (world) => {
  const { session, manager } = await saved(world);
  const store = world.store();
  const [name = ""] = (await store.list("epochs/")).filter((name) => name.includes("e000001"));
  const bytes = await store.get(name);
  await store.remove([name]);
  await store.put(name, bytes.slice(0, -5), { durability: "none" });
  assertEquals(await session.run(manager.checkDbExists(1)), false);
  assertEquals(await session.run(manager.checkDbExists(2)), true);
});

everywhere(
  "manager: what cannot be saved is refused with its path; nothing is committed",
  async (world) => {
    const { session, manager } = await saved(world);
    session.workspace(world.node).set("small", { deep: [() => 1] });
    const error = await errorOf(session.run(manager.save(3)));
    assertInstanceOf(error, UnsupportedValueError);
    for (const part of ["small", "deep"]) assertStringIncludes(error.message, part);
    assertEquals((await world.epochs()).length, 3);
  },
);

everywhere("manager: memory shared by two blobs is refused with both names", async (world) => {
  const { session, manager } = await saved(world);
  const shared = new Float64Array(8);
  session.workspace(world.node).set("big", shared);
  session.workspace(world.node).set("small", shared.subarray(2));
  const { message } = await errorOf(session.run(manager.save(3)));
  for (const part of ["big", "small"]) assertStringIncludes(message, part);
});
