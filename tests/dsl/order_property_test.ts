/**
 * What order promises, for random groups: any order that the dependencies allow gives what list
 * order gives, and nothing waits that need not.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { accessKey, isOrdered } from "../../dsl/access.ts";
import { layOut, type PlacedStep } from "../../dsl/layout.ts";
import { type Step, task } from "../../dsl/mod.ts";
import { buildStep, runInListOrder, runInOrder, specs } from "./random_groups.ts";

const RUNS = 300;

/** By step, all that must have ended before it. */
function ancestorsOf(before: readonly Iterable<number>[]): readonly ReadonlySet<number>[] {
  const known: Set<number>[] = [];
  for (const direct of before) {
    const all = new Set<number>();
    for (const index of direct) {
      all.add(index);
      for (const further of known[index] ?? []) all.add(further);
    }
    known.push(all);
  }
  return known;
}

function inConflict(a: PlacedStep, b: PlacedStep): boolean {
  const touches = (step: PlacedStep): Set<string> =>
    new Set([...step.reads.filter(isOrdered), ...step.writes].map(accessKey));
  return a.writes.some((write) => touches(b).has(accessKey(write))) ||
    b.writes.some((write) => touches(a).has(accessKey(write)));
}

/** How the two branches stand to each other in which two steps part. */
function parting(a: PlacedStep, b: PlacedStep): string | undefined {
  const depth = a.frames.findIndex((frame, at) =>
    frame.group !== b.frames[at]?.group || frame.branch !== b.frames[at]?.branch
  );
  const frame = a.frames[depth];
  return frame?.group === b.frames[depth]?.group ? frame?.mode : undefined;
}

/** An order that the dependencies allow, steered by `choices`; `undefined` where there is none. */
function someOrder(
  steps: readonly PlacedStep[],
  choices: readonly number[],
): readonly PlacedStep[] | undefined {
  const left = new Set(steps);
  const done = new Set<number>();
  const order: PlacedStep[] = [];
  while (left.size > 0) {
    const free = [...left].filter((step) => step.dependsOn.every((before) => done.has(before)));
    const next = free[(choices[order.length % choices.length] ?? 0) % free.length];
    if (next === undefined) return undefined;
    left.delete(next);
    done.add(next.index);
    order.push(next);
  }
  return order;
}

const choices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 });

Deno.test("without after, a step waits for earlier ones only", () => {
  fc.assert(
    fc.property(specs, (group) => {
      for (const { index, dependsOn } of layOut(group.map(buildStep()), {}).steps) {
        assert(dependsOn.every((before) => before < index));
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("any order that the dependencies allow gives what list order gives", () => {
  fc.assert(
    fc.property(specs, choices, (group, choices) => {
      const steps = group.map(buildStep());
      const order = someOrder(layOut(steps, {}).steps, choices);
      assert(order !== undefined);
      assertEquals(runInOrder(order), runInListOrder(steps));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("steps are ordered by conflicts, sequences and gates, and by nothing else", () => {
  fc.assert(
    fc.property(specs, (group) => {
      const { steps } = layOut(group.map(buildStep()), {});
      const found = ancestorsOf(steps.map((step) => step.dependsOn));
      const needed = ancestorsOf(steps.map((later) =>
        steps.slice(0, later.index)
          .filter((step) =>
            step.kind !== "barrier" && later.kind !== "barrier" &&
            (inConflict(step, later) || parting(step, later) === "sequence" ||
              later.gates.includes(step.index))
          )
          .map((step) => step.index)
      ));
      for (const { index, kind } of steps) {
        if (kind === "barrier") continue;
        const without = [...found[index] ?? []].filter((at) => steps[at]?.kind !== "barrier");
        assertEquals(without.toSorted(), [...needed[index] ?? []].toSorted());
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("parallel is refused exactly where its steps conflict", () => {
  fc.assert(
    fc.property(specs, (group) => {
      const { steps, problems } = layOut(group.map(buildStep({ isParallel: true })), {});
      const wrong = steps.some((a) =>
        steps.some((b) => a.index < b.index && parting(a, b) === "parallel" && inConflict(a, b))
      );
      assertEquals(problems.some(({ code }) => code === "parallel-conflict"), wrong);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("with after there is a cycle and its path, or an order that gives what list order gives", () => {
  const afters = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 4 });
  fc.assert(
    fc.property(specs, afters, choices, (group, afters, choices) => {
      const steps = withAfter(group.map(buildStep()), afters);
      const layout = layOut(steps, {});
      const order = someOrder(layout.steps, choices);
      const cycle = layout.problems.find(({ code }) => code === "cycle");
      assertEquals(cycle === undefined, order !== undefined);
      if (order !== undefined) assertEquals(runInOrder(order), runInListOrder(steps));
      else checkPath(layout.steps, cycle?.message ?? "");
    }),
    { numRuns: RUNS },
  );
});

/** Adds tasks at the end of the list that wait for others, and are waited for. */
function withAfter(
  steps: readonly Step[],
  afters: readonly (readonly [number, number])[],
): readonly Step[] {
  const tasks = steps.filter((step) => step.kind === "task");
  if (tasks.length === 0) return steps;
  const changed = new Map<Step, Step>();
  for (const [one, other] of afters) {
    const later = tasks[one % tasks.length];
    const before = tasks[other % tasks.length];
    if (later === undefined || before === undefined || later === before) continue;
    if (changed.has(later) || changed.has(before)) continue;
    // A copy of `later` that waits, and whose body gives what the original's gives.
    const { reads, updates, writes } = later.declaration;
    const draft = task(later.name, { reads: reads as never, after: [before] }).run(() => {});
    const declaration = { ...later.declaration, ...{ reads, updates, writes }, after: [before] };
    changed.set(later, { ...draft, body: later.body, declaration });
    changed.set(before, before);
  }
  return steps.map((step) => changed.get(step) ?? step);
}

/** Whether each task of a printed cycle is waited for by the next, over gates and barriers. */
function checkPath(steps: readonly PlacedStep[], message: string): void {
  const path = message.slice(message.indexOf(": ") + 2).split(" → ");
  assert(path.length > 1, message);
  assertEquals(path[0], path.at(-1));
  for (const [at, id] of path.slice(1).entries()) {
    // A task that stands twice on a node, which a job refuses, has two steps of one id.
    const later = steps.filter((step) => step.id === id);
    assert(later.some((step) => waitsFor(steps, step, path[at] ?? "")), `${id}: ${message}`);
  }
}

function waitsFor(steps: readonly PlacedStep[], later: PlacedStep, id: string): boolean {
  return later.dependsOn.some((index) => {
    const before = steps[index];
    if (before === undefined) return false;
    return before.id === id || before.kind !== "task" && waitsFor(steps, before, id);
  });
}
