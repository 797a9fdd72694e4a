import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import {
  CheckpointManager,
  MultiNodeCheckpointManager,
} from "../../../runtime/checkpoint/manager.ts";
import { UnknownNameError } from "../../../runtime/errors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf } from "../helpers.ts";
import { valuesOf } from "../run/world.ts";

const small = blob<number>("small");

Deno.test("manager: a CheckpointManager is for one node, and leaves others alone", async () => {
  const manager = new CheckpointManager(crypto.randomUUID(), "memory", { node: "a" });
  assertThrows(() => manager.init(["a", "b"]), RangeError, "MultiNodeCheckpointManager");
  await using session = new LocalSession();
  for (const node of ["a", "b"]) await session.feed(small, 1, { node });
  await session.run(manager.init());
  await session.run(manager.save(0));
  for (const node of ["a", "b"]) await session.feed(small, 2, { node });
  await session.run(manager.load(0));
  assertEquals(valuesOf(session), { a: { small: 1 }, b: { small: 2 } });
});

Deno.test("manager: a CheckpointManager asks for its own node, and takes nothing of others", async () => {
  const db = crypto.randomUUID();
  const all = new MultiNodeCheckpointManager(db, "memory");
  await using session = new LocalSession();
  for (const node of ["a", "b"]) await session.feed(small, 1, { node });
  await session.run(all.init());
  await session.run(all.save(0));
  await using fresh = new LocalSession();
  const one = new CheckpointManager(db, "memory", { node: "b" });
  assertEquals(await one.loadBlobsFromCheckpoints([small], 0, fresh), true);
  assertEquals(valuesOf(fresh), { b: { small: 1 } });
  await fresh.feed(small, 2, { node: "b" });
  await fresh.run(one.load(0));
  assertEquals(valuesOf(fresh), { b: { small: 1 } });
  const other = new CheckpointManager(db, "memory", { node: "bb" });
  assertEquals(await fresh.run(other.checkDbExists(0)), false);
  assertEquals(await other.loadBlobsFromCheckpoints([small], 0, fresh), false);
  for (const load of [other.load(0), other.loadBlobsFromCheckpoint([small], 0)]) {
    const error = await errorOf(fresh.run(load));
    assertInstanceOf(error, UnknownNameError);
    assertStringIncludes(error.message, '"bb": the nearest are b, a');
  }
  assertEquals(valuesOf(fresh), { b: { small: 1 } });
});

Deno.test("manager: before init, one of many nodes asks for those of the session", async () => {
  const db = crypto.randomUUID();
  await using session = new LocalSession();
  const first = new MultiNodeCheckpointManager(db, "memory");
  await session.feed(small, 1, { node: "a" });
  await session.run(first.init());
  await session.run(first.save(0));
  const again = new MultiNodeCheckpointManager(db, "memory");
  await using fresh = new LocalSession();
  assertEquals(await fresh.run(again.checkDbExists(0)), true);
  await fresh.feed(small, 2, { node: "a" });
  assertEquals(await again.loadBlobsFromCheckpoints([small], 0, fresh), true);
  await fresh.feed(small, 2, { node: "b" });
  assertEquals(await again.loadBlobsFromCheckpoints([small], 0, fresh), false);
  assertEquals(valuesOf(fresh), { a: { small: 1 }, b: { small: 2 } });
});
