import { assertRejects } from "@std/assert";
import { compile } from "../../../runtime/program.ts";
import { drill } from "../../../runtime/drill/drill.ts";
import { DrillError } from "../../../runtime/drill/errors.ts";
import type { Ground, Life } from "../../../runtime/drill/ground.ts";
import { CheckpointStore, MemoryStore } from "../../../storage/mod.ts";
import { jobOf, walk } from "./jobs.ts";

/** A ground on which a run ends before it can be killed. */
function tooQuick(): Ground {
  const life: Life = {
    ...{ steps: 9, lastStep: "its end", isDead: false, failure: undefined },
    ...{ digests: new Map(), uses: new Map(), recalls: new Set(), pieceEnds: new Map() },
  };
  return {
    isOneProcess: true,
    live: () => Promise.resolve(life),
    open: () => CheckpointStore.open(new MemoryStore()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("drill: a job that was not killed once is not said to be exact", async () => {
  const job = jobOf({ epoch: [walk] });
  const plan = { job, program: compile(job), kills: 2, sampleSeed: 0 };
  await assertRejects(
    () => drill(plan, () => Promise.resolve(tooQuick())),
    DrillError,
    'Job "drilled" was not killed once',
  );
});
