// After a save that has failed with a warning, all is as if it had not been tried.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { epochs, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { errorOf } from "../helpers.ts";
import { failing, FaultyStore } from "./faulty_store.ts";
import { everywhere, total } from "./world.ts";

const add = task("add", { reads: { total }, writes: { total } })
  .run(({ total }, { epoch }) => ({ total: total + epoch }));

everywhere("warn: a stop saves the epoch whose save has failed", async (world) => {
  const store = new FaultyStore(world.store());
  store.fault = failing(1, "put", "epochs/e000003");
  const stop = new AbortController();
  const { session, seen } = world.session();
  session.events.observe((event) => {
    if (event.type === "save-failed") stop.abort(new Error("enough"));
  });
  const given = world.job({ init: [], epoch: [add], exit: [], plan: { onSaveError: "warn" } });
  const runner = new JobRunner(given, { checkpoints: world.manager({ store }) });
  assertInstanceOf(await errorOf(runner.run(session, { signal: stop.signal })), StoppedError);
  assertEquals(seen.of("save-failed").map((e) => e.epoch), [3]);
  assertEquals((await world.epochs()).at(-1), "3@a1");
  assertEquals(runner.result?.epoch, 3);
});

everywhere("warn: an epoch is as due as it was before the save that has failed", async (world) => {
  const store = new FaultyStore(world.store());
  store.fault = failing(1, "put", "epochs/e000002");
  let laterMs = 0;
  const { now } = performance;
  const wait = task("wait", { reads: { total }, writes: { total } })
    .run(({ total }, { epoch, node }) => {
      if (epoch === 2 && node === world.node) laterMs = 2 * 3600_000;
      return { total: total + epoch };
    });
  const plan = { onSaveError: "warn", every: "1h" } as const;
  const given = world.job({ init: [], epoch: [wait], exit: [], until: epochs(5), plan });
  const on = world.session();
  performance.now = () => now.call(performance) + laterMs;
  try {
    await world.run(given, { checkpoints: world.manager({ store }) }, on);
  } finally {
    performance.now = now;
  }
  assertEquals(on.seen.of("save-failed").map((e) => e.epoch), [2]);
  assertEquals(await world.epochs(), ["0@a1", "3@a1", "5@a1"]);
});
