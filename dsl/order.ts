/**
 * Finds what each step of a group must wait for.
 *
 * @module
 */
import { type Access, accessKey, isOrdered } from "./access.ts";
import type { Problem } from "./errors.ts";
import type { Layout, PlacedStep, UnorderedStep } from "./layout.ts";

/**
 * Gives steps in list order their dependencies: read after write, write after read and write after
 * write on the same blob of the same node keep list order, and `after` adds its own.
 */
export function orderSteps(steps: readonly UnorderedStep[]): Layout {
  const problems: Problem[] = [];
  const edges = conflicts(steps, problems);
  addExplicit(steps, edges, problems);
  const placed: PlacedStep[] = steps.map((step, index) => {
    const { waits, ...rest } = step;
    const all = new Set([...waits, ...edges[index] ?? []]);
    return { ...rest, dependsOn: [...all].sort((a, b) => a - b) };
  });
  const cycle = findCycle(placed);
  if (cycle !== undefined) {
    problems.push({
      code: "cycle",
      message: `tasks wait for each other: ${cycle.map((step) => step.id).join(" → ")}`,
      mend: `take one "after" of these out, or list the tasks in the order they are to run`,
    });
  }
  return { steps: placed, problems };
}

function conflicts(steps: readonly UnorderedStep[], problems: Problem[]): Set<number>[] {
  const lastWriter = new Map<string, number>();
  const readers = new Map<string, number[]>();
  const told = new Set<string>();
  const edges = steps.map(() => new Set<number>());
  const wait = (later: UnorderedStep, earlier: number | undefined, access: Access): void => {
    if (earlier === undefined || earlier === later.index) return;
    edges[later.index]?.add(earlier);
    const other = steps[earlier];
    if (other === undefined || !areParallel(other, later)) return;
    const key = `${other.id} ${later.id} ${accessKey(access)}`;
    if (told.has(key)) return;
    told.add(key);
    problems.push({
      code: "parallel-conflict",
      message: `"${other.id}" and "${later.id}" stand in parallel, but both use blob "${access.blob.name}" ` +
        `of node "${access.node}" and at least one changes it`,
      mend: "put them in list order with group(…) or sequence(…), or give each a blob of its own",
    });
  };
  for (const step of steps) {
    const ordered = step.reads.filter(isOrdered);
    for (const read of ordered) wait(step, lastWriter.get(accessKey(read)), read);
    for (const write of step.writes) {
      const key = accessKey(write);
      wait(step, lastWriter.get(key), write);
      for (const reader of readers.get(key) ?? []) wait(step, reader, write);
    }
    for (const write of step.writes) {
      lastWriter.set(accessKey(write), step.index);
      readers.set(accessKey(write), []);
    }
    const written = new Set(step.writes.map(accessKey));
    for (const read of ordered) {
      const key = accessKey(read);
      if (written.has(key)) continue;
      const list = readers.get(key);
      if (list === undefined) readers.set(key, [step.index]);
      else list.push(step.index);
    }
  }
  return edges;
}

function areParallel(a: UnorderedStep, b: UnorderedStep): boolean {
  for (let depth = 0; depth < a.frames.length; depth++) {
    const one = a.frames[depth];
    const other = b.frames[depth];
    if (one === undefined || other === undefined || one.group !== other.group) return false;
    if (one.branch !== other.branch) return one.mode === "parallel";
  }
  return false;
}

function addExplicit(
  steps: readonly UnorderedStep[],
  edges: readonly Set<number>[],
  problems: Problem[],
): void {
  for (const step of steps) {
    for (const before of step.task?.declaration.after ?? []) {
      const found = nearest(steps.filter((other) => other.task === before), step);
      for (const other of found) if (other.index !== step.index) edges[step.index]?.add(other.index);
      if (found.length > 0 && before !== step.task) continue;
      problems.push({
        code: "unknown-after",
        message: `task "${step.task?.name}" is to run after task "${before.name}", which ` +
          (before === step.task ? "is itself" : "is not in the same group"),
        mend: `list "${before.name}" in the same group, or take it out of "after"`,
      });
    }
  }
}

/** Of a task's copies those on the step's own node and turn, where there are any. */
function nearest(copies: readonly UnorderedStep[], step: UnorderedStep): readonly UnorderedStep[] {
  const here = copies.filter((copy) => copy.node === step.node);
  const near = here.length > 0 ? here : copies;
  const now = near.filter((copy) => copy.round === step.round);
  return now.length > 0 ? now : near;
}

/** The steps of one cycle, the first again at the end. */
function findCycle(steps: readonly PlacedStep[]): readonly PlacedStep[] | undefined {
  const left = new Map(steps.map((step) => [step.index, step.dependsOn.length]));
  const dependents = new Map<number, number[]>();
  for (const step of steps) {
    for (const before of step.dependsOn) {
      const list = dependents.get(before);
      if (list === undefined) dependents.set(before, [step.index]);
      else list.push(step.index);
    }
  }
  const free = steps.filter((step) => step.dependsOn.length === 0).map((step) => step.index);
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    left.delete(next);
    for (const index of dependents.get(next) ?? []) {
      const count = (left.get(index) ?? 0) - 1;
      left.set(index, count);
      if (count === 0) free.push(index);
    }
  }
  const [start] = left.keys();
  if (start === undefined) return undefined;
  // Every step left waits for another one left, so walking back must come round.
  const path: number[] = [];
  let at = start;
  while (!path.includes(at)) {
    path.push(at);
    at = steps[at]?.dependsOn.find((before) => left.has(before)) ?? at;
  }
  const round = [...path.slice(path.indexOf(at)), at].reverse();
  return round.map((index) => steps[index]).filter((step) => step !== undefined)
    .filter((step, place, all) => step.kind === "task" || place === 0 || place === all.length - 1);
}
