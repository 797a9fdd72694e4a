import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { type Duration, epochs, type Step, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { makeStops } from "../../../runtime/run/stops.ts";
import { untilAborted } from "../helpers.ts";
import { everywhere, notices, total } from "./world.ts";

everywhere("run: when its time is up, a task that never yields learns of it", async (world) => {
  let heard = false;
  const busy = task("busy", { reads: { total }, writes: { total } })
    .run(({ total }, { epoch, progress }) => {
      if (epoch === 2) {
        try {
          while (true) void progress(0);
        } catch (error) {
          heard = error instanceof StoppedError;
          throw error;
        }
      }
      return { total: total + epoch };
    });
  const job = world.job({ init: [], epoch: [busy], exit: [] });
  const on = world.session();
  const runner = new JobRunner(job, { checkpoints: world.manager(), stopAfter: "1s" });
  const error = await assertRejects(() => runner.run(on.session), StoppedError);
  assertEquals(error.reason, "its time of 1s is up");
  assertEquals([heard, runner.result?.outcome, runner.result?.epoch], [true, "stopped", 1]);
  assertEquals(await world.epochs(), ["0@a1", "1@a1"]);
});

everywhere("run: a task that waits is told by its signal that the time is up", async (world) => {
  const wait = task("wait").run((_, { signal }) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    })
  );
  const job = world.job({ init: [], epoch: [wait], exit: [] });
  const runner = new JobRunner(job, { checkpoints: world.manager(), stopAfter: "50ms" });
  const error = await assertRejects(() => runner.run(world.session().session), StoppedError);
  assertEquals(error.reason, "its time of 50ms is up");
});

everywhere("run: a stop between epochs saves the last, also one that is not due", async (world) => {
  const controller = new AbortController();
  const add = task("add", { reads: { total }, writes: { total } })
    .run(({ total }, { epoch }) => ({ total: total + epoch }));
  const plan = { every: epochs(10) };
  const job = world.job({ init: [], epoch: [add], exit: [], until: epochs(20), plan });
  const on = world.session();
  on.session.events.observe((event) => {
    if (event.type === "phase-finished" && event.epoch === 3) controller.abort("enough");
  });
  const runner = new JobRunner(job, { checkpoints: world.manager() });
  await assertRejects(() => runner.run(on.session, { signal: controller.signal }), StoppedError);
  assertEquals(await world.epochs(), ["0@a1", "3@a1"]);
  assertEquals(runner.result?.epoch, 3);

  const rest = await world.run(job, { resumeFromEpoch: "latest" });
  assertEquals(rest.seen.started.length, 17 * world.nodes.length);
  assertEquals(rest.values[world.node]?.["total"], 210);
});

everywhere("run: that a stop was asked for is told, whoever asked", async (world) => {
  const wait = task("wait").run((_, { signal }) => untilAborted(signal));
  const given = world.job({ init: [], epoch: [wait], exit: [] });
  const stop = new AbortController();
  const ways = [
    { options: { stopAfter: "20ms" }, run: {}, reason: "its time of 20ms is up" },
    { options: {}, run: { signal: stop.signal }, reason: "the script's" },
  ] as const;
  for (const { options, run, reason } of ways) {
    await using place = await world.beside();
    const { session, seen } = place.session();
    const runner = new JobRunner(given, { checkpoints: place.manager(), ...options });
    if ("signal" in run) setTimeout(() => stop.abort("the script's"), 20);
    await assertRejects(() => runner.run(session, run), StoppedError);
    assertEquals(seen.of("stop-requested").map((event) => event.reason), [reason]);
    const types = seen.events.map(({ type }) => type);
    assert(types.indexOf("stop-requested") < types.indexOf("run-finished"));
  }
});

Deno.test("stops: a signal that was given is heard, and wins over the time", () => {
  const controller = new AbortController();
  using stops = makeStops({ signal: controller.signal }, "1h");
  assertEquals(stops.stopReason(), undefined);
  controller.abort("because");
  const reason = stops.stopReason();
  assertInstanceOf(reason, StoppedError);
  assertEquals([reason.reason, stops.signal.aborted], ["because", true]);
});

Deno.test("stops: a signal is heard beside a stopReason that knows nothing of it", () => {
  let own: unknown;
  for (const stopAfter of [undefined, "1h"] as const) {
    const given = new AbortController();
    using stops = makeStops({ signal: given.signal, stopReason: () => own }, stopAfter);
    assertEquals(stops.stopReason(), undefined);
    given.abort("because");
    assertEquals((stops.stopReason() as StoppedError).reason, "because");
    own = new StoppedError("first");
    assertEquals(stops.stopReason(), own);
    own = undefined;
  }
});

Deno.test("stops: a time longer than a timer takes does not stop at once", async () => {
  using stops = makeStops({}, "90d");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(!stops.signal.aborted && stops.stopReason() === undefined);
  assertThrows(() => makeStops({}, "soon" as Duration), RangeError);
});

everywhere("run: that a start was told to stop is no work, used or done again", async (world) => {
  let stop = new AbortController();
  const slow = task("slow", { writes: { total } });
  const before = slow.run(async (_, { signal }) => {
    stop.abort(new StoppedError("a test"));
    return await untilAborted(signal);
  });
  const edited = slow.run(() => ({ total: 7 }));
  const start = async (epoch: Step, seed: number): Promise<string[]> => {
    stop = new AbortController();
    const { session, seen } = world.session();
    const job = world.job({ init: [], epoch: [epoch], plan: { onChange: "allow" } });
    const options = { checkpoints: world.manager(), resumeFromEpoch: "auto", seed } as const;
    await new JobRunner(job, options).run(session, { signal: stop.signal }).catch(() => {});
    return notices(seen).filter((text) => text.startsWith("what tasks ha"));
  };
  // The first saves the state after init, behind which the second and the third are stopped.
  for (const seed of [1, 1, 2]) assertEquals(await start(before, seed), []);
  assertEquals(await start(edited, 2), []);
});
