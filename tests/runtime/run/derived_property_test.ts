/** Random init groups: after a resume all blobs, saved and derived, are those of a run that nobody killed. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  blob,
  type BlobRef,
  epochs,
  from,
  group,
  job,
  on,
  param,
  type Step,
  task,
  when,
} from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { recorded } from "../helpers.ts";
import { valuesOf } from "./world.ts";

const NODES = ["main", "other"] as const;
const isOpen = param("open", true);

/** A task of init: what it writes, where, and which earlier ones it reads. */
interface Made {
  readonly derived: boolean;
  readonly node: 0 | 1;
  readonly reads: readonly number[];
  readonly isGated: boolean;
}

const made: fc.Arbitrary<Made> = fc.record({
  derived: fc.boolean(),
  node: fc.constantFrom(0, 1),
  reads: fc.array(fc.nat(9), { maxLength: 3 }),
  isGated: fc.boolean(),
});

const plans = fc.record({
  grain: fc.constantFrom("epoch", "task"),
  load: fc.constantFrom("eager", "lazy"),
});

/** A job whose init makes blobs of each other, and whose epoch reads some of them. */
function jobOf(tasks: readonly Made[], plan: object, read: number, dieIn?: number) {
  const blobs: { readonly blob: BlobRef<Float64Array>; readonly node: string }[] = [];
  const init = tasks.map(({ derived, node, reads, isGated }, index): Step => {
    const own = derived
      ? blob<Float64Array>(`b${index}`, { derived })
      : blob<Float64Array>(`b${index}`);
    const sources = reads.flatMap((at) => blobs[at] ?? [])
      .map(({ blob, node }) => from(node, blob));
    const make = task(`t${index}`, { reads: { sources }, writes: { own } })
      .run(({ sources }, { rng }) => {
        // Of more than 4 KiB, so that a lazy resume reads it when it is needed.
        const own = new Float64Array(600).map(rng("x"));
        for (const source of sources) own.forEach((x, at) => own[at] = x + (source[at] ?? NaN));
        return { own };
      });
    blobs.push({ blob: own, node: NODES[node] });
    const placed = on(NODES[node], make);
    return isGated ? group({ if: when(isOpen, (isOpen) => isOpen) }, placed) : placed;
  });
  const total = blob("total", { initial: () => 0 });
  const seen = blobs.filter((_, index) => index % 3 === read % 3).map(({ blob, node }) =>
    from(node, blob)
  );
  const add = task("add", { reads: { seen, total }, writes: { total } })
    .run(({ seen, total }, { epoch }) => {
      if (epoch === dieIn) throw new Error("dies here");
      return { total: seen.reduce((sum, list) => sum + (list.at(-1) ?? 0), total) + epoch };
    });
  return job("random", {
    init,
    epoch: [add],
    until: epochs(3),
    checkpoint: { to: "memory:unused", ...plan },
  });
}

Deno.test("derived: random groups come to the same after a resume", async () => {
  const some = fc.array(made, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      some,
      plans,
      fc.nat(2),
      fc.constantFrom(1, 2, 3),
      async (tasks, plan, read, dieIn) => {
        const run = async (to: string, dieIn?: number) => {
          const { session, seen } = recorded();
          await using _ = session;
          const given = jobOf(tasks, plan, read, dieIn);
          await new JobRunner(given, { to, seed: 3, resumeFromEpoch: "auto" }).run(session)
            .catch((error) => {
              if (dieIn === undefined) throw error;
            });
          for (const node of session.nodes) {
            const workspace = session.workspace(node);
            for (const name of workspace.names) await workspace.arrive(name);
          }
          return { values: valuesOf(session), seen };
        };
        const place = (): string => `memory:${crypto.randomUUID()}`;
        const { values } = await run(place());
        const to = place();
        await run(to, dieIn);
        const again = await run(to);
        const derived = new Set(
          tasks.flatMap(({ derived }, index) => derived ? [`b${index}`] : []),
        );
        for (const [node, blobs] of Object.entries(values)) {
          for (const [name, value] of Object.entries(blobs)) {
            const found = again.values[node]?.[name];
            // What nothing reads any more, a lazy resume does not make.
            if (plan.load === "lazy" && derived.has(name) && found === undefined) continue;
            assertEquals(found, value, `${node}/${name}`);
          }
        }
        const ran = again.seen.of("task-started").filter(({ phase }) => phase === "init");
        assertEquals(ran.filter(({ task }) => !derived.has(task.replace("t", "b"))), []);
        assertEquals(again.seen.of("derived").filter(({ outcome }) => outcome !== "same"), []);
      },
    ),
    { numRuns: 60 },
  );
});
