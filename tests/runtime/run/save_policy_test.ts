import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { blob, task } from "../../../dsl/mod.ts";
import { JobHeldError, SaveError, StoppedError } from "../../../runtime/errors.ts";
import type { RunEvent } from "../../../runtime/events.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { FencedError, leaveAsk, listAsks, StoreFullError } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";
import { errorOf, withoutWaiting } from "../helpers.ts";
import { failing, FaultyStore, unknownOutcome } from "./faulty_store.ts";
import { actions, everywhere, notices, total, valuesOf, World } from "./world.ts";

/** The faults: in a pack, before any of it can be seen, and in the commit itself. */
const PLACES = [["write", "packs/"], ["put", "epochs/e000002"]] as const;

/** A manager on a store that fails on command, from after the second save. */
function faulty(world: World): { store: FaultyStore; checkpoints: ReturnType<World["manager"]> } {
  const store = new FaultyStore(world.store());
  return { store, checkpoints: world.manager({ store }) };
}

/** Sets a fault when the second epoch is about to be saved, the first one being saved. */
function atSecond(store: FaultyStore, fault: FaultyStore["fault"]): (event: RunEvent) => void {
  return (event) => {
    if (event.type === "save-started" && event.epoch === 2) store.fault = fault;
  };
}

everywhere(
  "onSaveError: by default a failed save stops the job with its cause; it can be resumed",
  async (world) => {
    const whole = await world.run(world.job({ name: "whole" }), {
      checkpoints: world.manager({ store: new FaultyStore(world.store()) }),
    });
    for (const [op, prefix] of PLACES) {
      await using place = await World.make(
        world.kind,
        world.nodes.length === 1 ? 1 : 3,
      );
      const { store, checkpoints } = faulty(place);
      const { session, seen } = place.session();
      session.events.observe(atSecond(store, failing(1, op, prefix)));
      const error = await errorOf(
        new JobRunner(place.job({ name: "whole" }), { checkpoints }).run(session),
      );
      assertInstanceOf(error, SaveError);
      assertEquals(error.epoch, 2);
      assertStringIncludes(error.message, "tired");
      assertStringIncludes(error.message, "Epoch 1 is saved");
      assertEquals(seen.of("save-failed").map((e) => [e.epoch, e.next]), [[2, "fail"]]);
      assertEquals(await place.epochs(), ["0@a1", "1@a1"]);
      const rest = await place.run(place.job({ name: "whole" }), { resumeFromEpoch: "latest" });
      assertEquals(rest.values, whole.values);
    }
  },
);

everywhere('onSaveError "warn" goes on without the save, and says so', async (world) => {
  const { store, checkpoints } = faulty(world);
  const on = world.session();
  on.session.events.observe(atSecond(store, failing(1, "write", "packs/")));
  const given = world.job({ plan: { onSaveError: "warn" } });
  const { epoch, seen, values } = await world.run(given, { checkpoints }, on);
  assertEquals(epoch, 4);
  assertEquals(seen.of("save-failed").map((e) => [e.epoch, e.next, e.error.name]), [
    [2, "warn", "StoreError"],
  ]);
  assertEquals((await world.epochs()).map((name) => name.split("@")[0]), ["0", "1", "3", "4"]);
  // What was not saved in epoch 2 is saved with epoch 3.
  const again = await world.run(given, { resumeFromEpoch: 3 });
  assertEquals(again.values, values);
});

everywhere('onSaveError "warn": what was not saved does not count as saved', async (world) => {
  const { store, checkpoints } = faulty(world);
  const { session, seen } = world.session();
  session.events.observe(atSecond(store, failing(Infinity, "put", "epochs/")));
  const fails = task("fails", { reads: { total } }).run((_, { epoch }) => {
    if (epoch === 3) throw new Error("broken");
  });
  const given = world.job({ init: [], epoch: [fails], exit: [], plan: { onSaveError: "warn" } });
  await errorOf(new JobRunner(given, { checkpoints }).run(session));
  assertEquals(seen.of("run-finished").map((e) => e.epoch), [1]);
});

everywhere(
  'onSaveError "retry" tries again into new names, a bounded number of times',
  async (world) => {
    const { store, checkpoints } = faulty(world);
    const on = world.session();
    const tried: string[] = [];
    const fault = failing(1, "write", "packs/");
    on.session.events.observe(atSecond(store, (op, name) => {
      if (op === "write") tried.push(name);
      fault(op, name);
    }));
    const given = world.job({ plan: { onSaveError: "retry" } });
    await withoutWaiting(async () => void await world.run(given, { checkpoints }, on));
    const { session, seen } = on;
    assertEquals(seen.of("save-failed").map((e) => [e.epoch, e.next]), [[2, "retry"]]);
    assertEquals(new Set(tried).size, tried.length, "a name was used twice");
    assertEquals(actions(seen).filter((a) => a === "save epoch 2").length, 1);
    const values = valuesOf(session);
    assertEquals((await world.run(given, { resumeFromEpoch: 2 })).values, values);
  },
);

everywhere(
  'onSaveError "retry" gives up after five tries, with longer and longer waits',
  async (world) => {
    const { store, checkpoints } = faulty(world);
    const { session, seen } = world.session();
    session.events.observe(atSecond(store, failing(Infinity, "put", "epochs/")));
    const runner = new JobRunner(world.job({ plan: { onSaveError: "retry" } }), { checkpoints });
    let error: Error | undefined;
    const waits = await withoutWaiting(async () =>
      void (error = await errorOf(runner.run(session)))
    );
    assertInstanceOf(error, SaveError);
    assertEquals(seen.of("save-failed").map((e) => e.next), [
      ...["retry", "retry", "retry", "retry", "fail"] as const,
    ]);
    assertEquals(waits.filter((ms) => ms >= 500), [500, 1000, 2000, 4000]);
  },
);

everywhere('onSaveError "retry" does not retry what would fail again', async (world) => {
  const odd = blob<number[]>("odd");
  const spoil = task("spoil", { writes: { odd } })
    .run((_, { epoch }) => ({ odd: epoch === 2 ? [Symbol("no") as unknown as number] : [1] }));
  for (const onSaveError of ["retry", "pause"] as const) {
    const given = world.job({ init: [], epoch: [spoil], exit: [], plan: { onSaveError } });
    const { error, seen } = await world.fail(given);
    assertInstanceOf(error, SaveError);
    for (const part of ["odd", "symbol"]) assertStringIncludes(error.message.toLowerCase(), part);
    assertEquals(seen.of("save-failed").map((e) => e.next), ["fail"]);
  }
});

everywhere('onSaveError "pause" tries until the run is stopped', async (world) => {
  const { store, checkpoints } = faulty(world);
  const { session, seen } = world.session();
  session.events.observe(atSecond(store, failing(Infinity, "write", "packs/")));
  const stop = new AbortController();
  session.events.observe((event) => {
    if (event.type === "save-failed") stop.abort(new Error("SIGINT"));
  });
  const runner = new JobRunner(world.job({ plan: { onSaveError: "pause" } }), { checkpoints });
  const error = await errorOf(runner.run(session, { signal: stop.signal }));
  assertInstanceOf(error, StoppedError);
  assertEquals(seen.of("save-failed").map((e) => e.next), ["pause"]);
  assertEquals(runner.result?.outcome, "stopped");
});

everywhere(
  'onSaveError "pause" goes on when there is room, says so, and has lost nothing',
  async (world) => {
    const { store, checkpoints } = faulty(world);
    const { session, seen } = world.session();
    session.events.observe(atSecond(store, failing(12, "put", "epochs/")));
    const given = world.job({ plan: { onSaveError: "pause" } });
    const runner = new JobRunner(given, { checkpoints });
    const waits = await withoutWaiting(async () => void await runner.run(session));
    const failed = seen.of("save-failed");
    assertEquals(failed.map((e) => e.next), Array(12).fill("pause"));
    assert(failed.every(({ bytes }) => bytes > 0));
    assertEquals(failed.map((e) => e.retryInMs), waits.filter((ms) => ms >= 500));
    assertEquals(failed.at(-1)?.retryInMs, 30_000);
    assertEquals(
      notices(seen).filter((text) => text.includes("paused no more")).length,
      1,
    );
    const values = valuesOf(session);
    assertEquals((await world.run(given, { resumeFromEpoch: 2 })).values, values);
  },
);

everywhere(
  'onSaveError "pause" makes room before each try: what is asked for is done',
  async (world) => {
    const { session, seen } = world.session();
    // From the third save on only a prune makes room.
    const isFull = (name = "") => !hasRoom && name.startsWith("epochs/e000002");
    let hasRoom = false;
    const full = new StoreFullError("write", "epochs", "the disk is full");
    const inner = world.store();
    const store = overriding(inner, {
      put: async (name, ...rest) => {
        if (isFull(name)) throw full;
        await inner.put(name, ...rest);
      },
      ...inner.commit === undefined ? {} : {
        commit: async (request, options) => {
          if (isFull(request.record?.name)) throw full;
          return await inner.commit!(request, options);
        },
      },
    });
    const asked = {
      ...{ what: "prune", rules: [{ rule: "last", n: 1 }], sideLines: false, full: false } as const,
    };
    const stop = new AbortController();
    let failures = 0;
    session.events.observe((event) => {
      if (event.type === "removed") hasRoom = true;
      if (failures > 1000) stop.abort(new Error("enough"));
      if (event.type !== "save-failed" || failures++ > 0) return;
      const by = { attempt: 1, pid: 7, host: undefined, createdAtMs: 0 };
      void leaveAsk(world.store(), { asked, ...by });
    });
    const given = world.job({ plan: { onSaveError: "pause" } });
    const runner = new JobRunner(given, { checkpoints: world.manager({ store }) });
    await withoutWaiting(async () => void await runner.run(session, { signal: stop.signal }));
    assertEquals(seen.of("removed").map(({ epochs }) => epochs), [[0]]);
    assertEquals([await listAsks(inner), runner.result?.outcome], [[], "finished"]);
  },
);

everywhere(
  "a save whose outcome is unknown is made again by a new attempt, from the last acknowledged epoch",
  async (world) => {
    for (const landed of [false, true]) {
      await using place = await World.make(
        world.kind,
        world.nodes.length === 1 ? 1 : 3,
      );
      const { store, checkpoints } = faulty(place);
      const on = place.session();
      let hit = false;
      const isIt = (op: string, name: string) =>
        !hit && op === "put" && name.startsWith("epochs/e000002");
      const strike = (op: "put", name: string): never => {
        hit = true;
        throw unknownOutcome(op, name);
      };
      if (landed) store.after = (op, name) => void (isIt(op, name) && strike("put", name));
      else store.fault = (op, name) => void (isIt(op, name) && strike("put", name));
      const given = place.job({ plan: { onSaveError: "retry" } });
      await withoutWaiting(async () => void await place.run(given, { checkpoints }, on));
      const { session, seen } = on;
      const values = valuesOf(session);
      assertEquals(seen.of("save-failed").map((e) => [e.epoch, e.next]), [[2, "retry"]]);
      assertEquals(seen.of("save-committed").map((e) => `${e.epoch}@a${e.attempt}`), [
        ...["0@a1", "1@a1", "2@a2", "3@a2", "4@a2", "4@a2"],
      ]);
      assertEquals((await place.epochs()).includes("2@a1"), landed);
      const again = await place.run(given, { resumeFromEpoch: 2 });
      assertEquals(again.values, values);
      assertEquals(again.seen.of("loaded")[0]?.attempt, 2);
    }
  },
);

everywhere("a second runner is refused, and says how to take the job over", async (world) => {
  let refusal: unknown;
  const rival = task("rival").run(async (_, { epoch, node }) => {
    if (epoch !== 2 || node !== world.node) return;
    refusal = await errorOf(world.run(given, { resumeFromEpoch: "latest" }));
  });
  const given = world.job({ init: [], epoch: [rival], exit: [] });
  const { seen } = await world.run(given);
  assertInstanceOf(refusal, JobHeldError);
  assertEquals(refusal.holder.pid, Deno.pid);
  assertMatch(refusal.message, /process \d+, since 20\S+Z, last heard of \d s ago\. .*--take-over/);
  assertEquals(seen.of("save-committed").map((e) => e.attempt), [1, 1, 1, 1, 1, 1]);
  assertEquals((await world.run(given, { resumeFromEpoch: 2 })).runner.result?.epoch, 4);
});

everywhere(
  "a runner that takes over fences the first: its save is not acknowledged",
  async (world) => {
    const first = world.session();
    let second: Promise<unknown> | undefined;
    const rival = task("rival").run(async (_, { epoch, node }) => {
      if (epoch !== 2 || node !== world.node || second !== undefined) return;
      second = world.run(given, { resumeFromEpoch: "latest", takeOver: true });
      await second;
    });
    const given = world.job({ init: [], epoch: [rival], exit: [] });
    const error = await errorOf(
      new JobRunner(given, { checkpoints: world.manager() }).run(first.session),
    );
    assertInstanceOf(error, FencedError);
    assertEquals([error.attempt, error.by], [1, 2]);
    assertEquals(first.seen.of("save-committed").map((e) => e.epoch), [0, 1]);
    assert(second !== undefined);
    const { runner, seen } = await world.run(given, { resumeFromEpoch: "auto" });
    assertEquals([runner.result?.outcome, seen.of("loaded").at(-1)?.attempt], [
      "already finished",
      2,
    ]);
  },
);
