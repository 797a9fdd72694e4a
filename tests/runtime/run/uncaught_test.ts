// Errors that nobody awaits, as a run hears of them; tests/e2e/uncaught_test.ts has real ones.
import { assertEquals, assertRejects } from "@std/assert";
import { type CheckpointPlan, epochs, task, when } from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { hearUncaught } from "../../../runtime/run/uncaught.ts";
import { UncaughtError } from "../../../runtime/uncaught_error.ts";
import { spoil } from "./spoil.ts";
import { everywhere, start, total, weights } from "./world.ts";

/** Tells listeners of a promise that nobody awaits, without one. */
function reject(reason: unknown): void {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  globalThis.dispatchEvent(
    new PromiseRejectionEvent("unhandledrejection", { promise, reason, cancelable: true }),
  );
}

everywhere(
  "uncaught: what a run that starts again behind damage throws is heard of as in any other",
  async (world) => {
    const plan: Partial<CheckpointPlan> = { load: "lazy" };
    let isFlawed = false;
    const change = task("change", { updates: { weights }, if: when(total, (total) => total === 3) })
      .run(({ weights }) => {
        weights[0] = 7;
      });
    const read = task("read", { reads: { weights }, if: when(total, (total) => total === 5) })
      .run(() => {
        if (isFlawed) reject(new TypeError("a flaw"));
      });
    const count = task("count", { reads: { total }, writes: { total } })
      .run(({ total }) => ({ total: total + 1 }));
    const job = world.job({ init: [start], epoch: [count, change, read], until: epochs(6), plan });
    await world.run(job, { stopAfterEpoch: 3 });
    await spoil(world, "packs/a000001/e000003");
    isFlawed = true;
    const on = world.session();
    using uncaught = hearUncaught(on.session.events, new Map());
    const runner = new JobRunner(job, { checkpoints: world.manager(), resumeFromEpoch: "auto" });
    await assertRejects(() => runner.run(on.session, uncaught.stops), UncaughtError, "a flaw");
    assertEquals(on.seen.of("run-started").length, 2);
  },
);
