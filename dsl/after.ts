/**
 * The order that tasks ask for with `after`.
 *
 * @module
 */
import type { Problem } from "./errors.ts";
import type { PlacedStep, UnorderedStep } from "./layout.ts";
import type { AnyTask } from "./task.ts";

/** What `after` adds to list order. */
export interface ExplicitOrder {
  /** By a step's index, the steps it must wait for. */
  readonly before: ReadonlyMap<number, readonly number[]>;
  /** Tasks to wait for that are not there. */
  readonly problems: readonly Problem[];
}

/** Finds the steps that each `after` means. */
export function explicitOrder(steps: readonly UnorderedStep[]): ExplicitOrder {
  const named = new Set(steps.flatMap((step) => step.task?.declaration.after ?? []));
  const copies = new Map<AnyTask, Copies>();
  for (const step of steps) {
    if (step.task === undefined || !named.has(step.task)) continue;
    const known = copies.get(step.task) ?? new Copies();
    copies.set(step.task, known.add(step));
  }
  const before = new Map<number, readonly number[]>();
  const problems = new Map<string, Problem>();
  for (const step of steps) {
    const found = (step.task?.declaration.after ?? []).flatMap((task) => {
      const nearest = task === step.task ? undefined : copies.get(task)?.nearest(step);
      if (nearest !== undefined) return nearest;
      const problem = notThere(step, task);
      problems.set(problem.message, problem);
      return [];
    });
    if (found.length > 0) before.set(step.index, found);
  }
  return { before, problems: [...problems.values()] };
}

function notThere({ task }: UnorderedStep, before: AnyTask): Problem {
  return {
    code: "unknown-after",
    message: `task "${task?.name}" is to run after task "${before.name}", which ` +
      (before === task ? "is itself" : "is not in the same group"),
    mend: before === task
      ? `take it out of "after"`
      : `list "${before.name}" in the same group, or take it out of "after"`,
  };
}

/** The copies of one task that nodes and repeats make, by node and by each group around them. */
class Copies {
  readonly #byNode = new Map<string, Map<number, number[]>>();
  readonly #anywhere = new Map<number, number[]>();

  add(step: UnorderedStep): this {
    let here = this.#byNode.get(step.node);
    if (here === undefined) this.#byNode.set(step.node, here = new Map());
    for (const { group } of step.frames) {
      for (const groups of [here, this.#anywhere]) {
        const list = groups.get(group);
        if (list === undefined) groups.set(group, [step.index]);
        else list.push(step.index);
      }
    }
    return this;
  }

  /**
   * Those on the step's own node, where there are any, and of these the ones that share the
   * innermost group with it: so that each turn of a repeat waits for its own.
   */
  nearest(step: UnorderedStep): readonly number[] | undefined {
    const groups = this.#byNode.get(step.node) ?? this.#anywhere;
    const shared = step.frames.findLast(({ group }) => groups.has(group));
    return shared === undefined ? undefined : groups.get(shared.group);
  }
}

/** The tasks of one cycle, the first again at the end. */
export function findCycle(steps: readonly PlacedStep[]): readonly PlacedStep[] | undefined {
  const left = withoutFree(steps);
  const [start] = left;
  if (start === undefined) return undefined;
  // Every step left waits for another one left, so walking back must come round.
  const path = new Map<number, number>();
  let at = start;
  while (!path.has(at)) {
    path.set(at, path.size);
    at = steps[at]?.dependsOn.find((before) => left.has(before)) ?? at;
  }
  const round = [...path.keys()].slice(path.get(at)).reverse();
  const tasks = round.flatMap((index) => steps[index] ?? []).filter(({ kind }) => kind === "task");
  // The path begins with the task that is listed first.
  const first = tasks.reduce(
    (least, { index }, at) => index < (tasks[least]?.index ?? 0) ? at : least,
    0,
  );
  return [...tasks.slice(first), ...tasks.slice(0, first + 1)];
}

/** The steps that wait for each other, or for such: taking away what is free leaves them. */
function withoutFree(steps: readonly PlacedStep[]): ReadonlySet<number> {
  const left = new Set(steps.map((step) => step.index));
  const waits = steps.map((step) => step.dependsOn.length);
  const dependents: number[][] = steps.map(() => []);
  for (const { index, dependsOn } of steps) {
    for (const before of dependsOn) dependents[before]?.push(index);
  }
  const free = steps.filter((step) => step.dependsOn.length === 0).map((step) => step.index);
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    left.delete(next);
    for (const index of dependents[next] ?? []) {
      const count = (waits[index] ?? 0) - 1;
      waits[index] = count;
      if (count === 0) free.push(index);
    }
  }
  return left;
}
