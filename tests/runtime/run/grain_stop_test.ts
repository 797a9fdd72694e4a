// What a job in task grain keeps of an epoch that it is stopped in.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { elapsed, epochs, task } from "../../../dsl/mod.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { errorOf } from "../helpers.ts";
import { dying, jobOf, x, y } from "./journal_jobs.ts";
import { everywhere } from "./world.ts";

/** Some turns of the event loop, in which a stop is heard. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve));
}

everywhere(
  "grain: a task that comes to its own end while the job stops is not run again, one that hears of it is",
  async (world) => {
    const controller = new AbortController();
    const calls: string[] = [];
    const stop = (): void => controller.abort(new StoppedError("a test"));
    const deaf = task("deaf", { reads: { x }, writes: { x } })
      .run(async ({ x }, { epoch, node }) => {
        calls.push(`deaf ${epoch} ${node}`);
        await turns();
        if (epoch === 2) stop();
        await turns();
        return { x: x + epoch };
      });
    const heard = task("heard", { reads: { y }, writes: { y } })
      .run(async ({ y }, { epoch, node, signal }) => {
        calls.push(`heard ${epoch} ${node}`);
        for (let count = 0; count < 3; count++) await turns();
        // Half of its work, as it is to end.
        return { y: signal.aborted ? y - 1 : y + epoch };
      });
    const yields = task("yields").run(async (_, { epoch, node, progress }) => {
      calls.push(`yields ${epoch} ${node}`);
      for (let count = 0; count < 3; count++) await turns();
      await progress(1, 1).catch(() => {});
    });
    const given = jobOf(world, [deaf, heard, yields]);
    const { session } = world.session();
    const runner = new JobRunner(given, { checkpoints: world.manager(), resumeFromEpoch: "auto" });
    const error = await errorOf(runner.run(session, { signal: controller.signal }));
    assertInstanceOf(error, StoppedError);
    calls.length = 0;
    const { values, seen } = await world.run(given, { resumeFromEpoch: "auto" });
    const again = world.nodes.flatMap((node) => [`heard 2 ${node}`, `yields 2 ${node}`]);
    assertEquals(calls.toSorted(), again.toSorted());
    assertEquals(new Set(seen.of("task-reused").map((e) => e.task)), new Set(["deaf"]));
    for (const node of world.nodes) {
      assertEquals([values[node]?.["x"], values[node]?.["y"]], [3, 3]);
    }
  },
);

everywhere("grain: elapsed counts what epochs took that need not run again", async (world) => {
  const slow = task("slow", { reads: { x }, writes: { x } }).run(async ({ x }) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { x: x + 1 };
  });
  const given = (death?: number) =>
    world.job({
      ...{ init: [], epoch: [slow, dying(death)], exit: [] },
      until: [elapsed("800ms"), epochs(9)],
      plan: { grain: "task", onChange: "allow", every: epochs(9) },
    });
  await errorOf(world.run(given(2)));
  const { epoch, seen } = await world.run(given(), { resumeFromEpoch: "auto" });
  // Two epochs of 300 ms each were done before, and need not be again.
  assertEquals(new Set(seen.of("task-reused").map((e) => e.epoch)), new Set([1, 2]));
  assert(epoch <= 3, `it ended in epoch ${epoch}`);
});
