/** An observer of events that fails: it stops the run, and nothing that it was told of is done again. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { blob, epochs, group, task } from "../../../dsl/mod.ts";
import { ObserverError } from "../../../runtime/errors.ts";
import type { RunEvent } from "../../../runtime/events.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf } from "../helpers.ts";
import { everywhere, total, type World } from "./world.ts";

const add = task("add", {
  reads: { total },
  writes: { total },
  retry: { attempts: 3 },
}).run(({ total }) => ({ total: total + 1 }));

const full = new Error("full");

/** Runs a job of three epochs whose observer fails once at an event. */
async function failingAt(world: World, at: (event: RunEvent) => boolean) {
  const on = world.session();
  let hasFailed = false;
  on.session.events.observe((event) => {
    if (hasFailed || !at(event)) return;
    hasFailed = true;
    throw full;
  });
  const given = world.job({
    ...{ init: [], epoch: [add], exit: [], until: epochs(3) },
    plan: { onSaveError: "retry" },
  });
  const runner = new JobRunner(given, { checkpoints: world.manager(), resumeFromEpoch: "auto" });
  const error = await errorOf(runner.run(on.session));
  assertInstanceOf(error, ObserverError);
  assertEquals(error.cause, full);
  const ends = on.seen.of("run-finished").map(({ outcome, epoch }) => [outcome, epoch]);
  const rest = await world.run(given, { resumeFromEpoch: "auto" });
  assertEquals(rest.values[world.node]?.["total"], 3);
  return { seen: on.seen, ends, rest };
}

everywhere("an observer that fails at a task's end does not fail the task", async (world) => {
  const { seen, ends, rest } = await failingAt(
    world,
    (event) => event.type === "task-finished" && event.epoch === 2,
  );
  assertEquals(seen.of("task-failed"), []);
  const finished = [seen, rest.seen].flatMap((each) => each.of("task-finished"));
  assertEquals(finished.filter((event) => event.epoch < 2).length, world.nodes.length);
  assertEquals(ends.map(([outcome]) => outcome), ["failed"]);
});

everywhere("an observer that fails at a commit does not fail the save", async (world) => {
  const { seen, ends } = await failingAt(
    world,
    (event) => event.type === "save-committed" && event.epoch === 2,
  );
  assertEquals(seen.of("save-failed"), []);
  assertEquals(seen.of("save-committed").map((event) => event.epoch), [0, 1, 2]);
  assertEquals(ends, [["failed", 2]]);
  assertEquals(await world.epochs(), ["0@a1", "1@a1", "2@a1", "3@a2"]);
});

everywhere("an observer that fails at the end of a run ends it once", async (world) => {
  const { ends, rest } = await failingAt(world, (event) => event.type === "run-finished");
  assertEquals(ends, [["finished", 3]]);
  assertEquals(rest.runner.result?.outcome, "already finished");
});

Deno.test("an observer that fails stops a group before its next task, and a session's later runs are not touched", async () => {
  const x = blob<number>("x");
  const first = task("first", { writes: { x } }).run(() => ({ x: 1 }));
  const second = task("second", { reads: { x } }).run(() => void ran++);
  let ran = 0;
  await using session = new LocalSession();
  const leave = session.events.observe((event) => {
    if (event.type === "task-finished") throw full;
  });
  assertInstanceOf(await errorOf(session.run(group(first, second))), ObserverError);
  assertEquals(ran, 0);
  leave();
  await session.run(second);
  assertEquals(ran, 1);
});
