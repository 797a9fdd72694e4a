// What a script asks of a manager while a save of its is under way.
import { assertEquals } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import type { EpochRef } from "../../../runtime/checkpoint/epoch_ref.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { turns } from "../helpers.ts";
import { SlowStore } from "../run/slow_store.ts";

const large = blob<Float64Array>("large");

const filled = (value: number): Float64Array => new Float64Array(5000).fill(value);

/** A session whose epoch 0 is saved, with a store that lets nothing more through. */
async function begun() {
  const store = new SlowStore();
  const manager = () => new CheckpointManager("beside", "memory", { store });
  const checkpoints = manager();
  const session = new LocalSession();
  await session.feed(large, filled(0));
  await session.run(checkpoints.init());
  const first = session.run(checkpoints.save(0));
  await store.arrived();
  store.letGo();
  await first;
  const saved = async (epoch: EpochRef): Promise<Float64Array> => {
    await using other = new LocalSession();
    await other.run(manager().load(epoch));
    return await other.fetch(large);
  };
  return { store, checkpoints, session, saved };
}

Deno.test("manager: a save takes the state down once the one before has ended", async () => {
  const { store, checkpoints, session, saved } = await begun();
  await using _ = session;
  await session.feed(large, filled(1));
  const first = session.run(checkpoints.save(1));
  await store.arrived();
  await session.feed(large, filled(2));
  const second = session.run(checkpoints.save(2));
  await turns();
  store.letThrough();
  await Promise.all([first, second]);
  assertEquals([await saved(1), await saved(2)], [filled(1), filled(2)]);
});

Deno.test("manager: a load waits for the save under way, and what is saved next is what it loaded", async () => {
  const { store, checkpoints, session, saved } = await begun();
  await using _ = session;
  await session.feed(large, filled(1));
  const first = session.run(checkpoints.save(1));
  await store.arrived();
  const load = session.run(checkpoints.load(0));
  await turns();
  store.letThrough();
  await Promise.all([first, load]);
  assertEquals(await session.fetch(large), filled(0));
  await session.run(checkpoints.save(2));
  assertEquals([await saved("1@a1"), await saved(2)], [filled(1), filled(0)]);
});
