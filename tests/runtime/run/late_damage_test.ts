// Damage that a task is the first to read, under `load: "lazy"`.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { type CheckpointPlan, epochs, task, when } from "../../../dsl/mod.ts";
import { DamagedError } from "../../../storage/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { DamagedStartError } from "../../../runtime/run/damaged_start_error.ts";
import { spoil } from "./spoil.ts";
import { actions, everywhere, notices, start, total, weights, type World } from "./world.ts";

/** A job that changes a large blob in the third epoch, and reads it again in the fifth. */
function seldom(world: World, plan: Partial<CheckpointPlan> = {}, onFifth: () => void = () => {}) {
  const change = task("change", { updates: { weights }, if: when(total, (total) => total === 3) })
    .run(({ weights }) => {
      weights[0] = 7;
    });
  const read = task("read", { reads: { weights }, if: when(total, (total) => total === 5) })
    .run(({ weights }) => {
      assertEquals(weights[0], 7);
    });
  const count = task("count", { reads: { total }, writes: { total } }).run(({ total }) => {
    if (total + 1 === 5) onFifth();
    return { total: total + 1 };
  });
  const epoch = [count, change, read];
  return world.job({
    init: [start],
    epoch,
    exit: [],
    until: epochs(6),
    plan: { load: "lazy", ...plan },
  });
}

/** A job whose last epoch but one, and what comes of it, is damaged where a task reads it late. */
async function spoiled(world: World) {
  await world.run(seldom(world), { stopAfterEpoch: 3 });
  await spoil(world, "packs/a000001/e000003");
  return (await (await world.beside()).run(seldom(world))).values;
}

everywhere(
  "late damage: the run starts again, and goes back over it and what was saved on it",
  async (world) => {
    const expected = await spoiled(world);
    const on = world.session();
    const { values, seen, runner } = await world.run(
      seldom(world),
      { resumeFromEpoch: "auto" },
      on,
    );
    assertEquals(values, expected);
    assertEquals(runner.result?.outcome, "finished");
    const said = notices(seen).filter((text) => text.includes("damaged"));
    assertStringIncludes(
      said[0] ?? "",
      'a task is the first to read what is damaged: "packs/a000001/e000003',
    );
    assertStringIncludes(said[1] ?? "", "4@a2 is damaged, so that the job goes back to 3@a1");
    assertStringIncludes(said[2] ?? "", "3@a1 is damaged, so that the job goes back to 2@a1");
    assertEquals(said.length, 3);
    const does = actions(seen).filter((action) => action.startsWith("epoch"));
    assertEquals(does, ["epoch 4", "epoch 5", "epoch 3", "epoch 4", "epoch 5", "epoch 6"]);
    assertEquals(seen.of("run-started").length, 2);
    assertEquals(seen.of("run-finished").length, 1);
    // What is damaged is left alone, and what is right is gone on from.
    const again = await world.run(seldom(world), { resumeFromEpoch: "auto" });
    assertEquals(again.runner.result?.outcome, "already finished");
  },
);

everywhere(
  "late damage: what was done of the epoch under grain task is as if it had been read at first",
  async (world) => {
    const expected = await spoiled(world);
    const { values } = await world.run(seldom(world, { grain: "task" }), {
      resumeFromEpoch: "auto",
    });
    assertEquals(values, expected);
  },
);

everywhere('late damage: under onDamaged "stop" what is advised helps', async (world) => {
  const expected = await spoiled(world);
  const stop = seldom(world, { onDamaged: "stop" });
  const { error } = await world.fail(stop, { resumeFromEpoch: "auto" });
  assertInstanceOf(error, DamagedStartError);
  assertStringIncludes(error.message, "resume --from 3");
  const further = await world.fail(stop, { resumeFromEpoch: 3 });
  assertInstanceOf(further.error, DamagedError);
  const { values } = await world.run(stop, { resumeFromEpoch: 2 });
  assertEquals(values, expected);
});

everywhere("late damage: an epoch that was named is not gone back from", async (world) => {
  await spoiled(world);
  const { error, seen } = await world.fail(seldom(world), { resumeFromEpoch: 3 });
  assertInstanceOf(error, DamagedError);
  assertStringIncludes(error.message, "packs/a000001/e000003");
  assert(notices(seen).every((text) => !text.includes("goes back")), notices(seen).join());
});

everywhere("late damage: a run that is told to stop does not start again", async (world) => {
  await spoiled(world);
  const stop = new AbortController();
  const job = seldom(world, {}, () => stop.abort(new StoppedError("a test")));
  const on = world.session();
  const runner = new JobRunner(job, { checkpoints: world.manager(), resumeFromEpoch: "auto" });
  const error: unknown = await runner.run(on.session, { signal: stop.signal }).catch((error) =>
    error
  );
  assertInstanceOf(error, Error);
  assertEquals(on.seen.of("run-started").length, 1);
  const { runner: next } = await world.run(seldom(world), { resumeFromEpoch: "auto" });
  assertEquals(next.result?.outcome, "finished");
});
