/**
 * Finds what each step of a group must wait for.
 *
 * @module
 */
import { type Access, accessKey, isOrdered } from "./access.ts";
import { explicitOrder, findCycle } from "./after.ts";
import type { Problem } from "./errors.ts";
import type { Layout, PlacedStep, UnorderedStep } from "./layout.ts";

/**
 * Gives steps in list order their dependencies: read after write, write after read and write after
 * write on the same blob of the same node keep list order, and `after` adds its own.
 */
export function orderSteps(steps: readonly UnorderedStep[]): Layout {
  const conflicts = new Conflicts(steps);
  for (const step of steps) conflicts.add(step);
  const explicit = explicitOrder(steps);
  const placed: PlacedStep[] = steps.map((step, index) => {
    const { waits, ...rest } = step;
    const all = new Set([
      ...waits,
      ...conflicts.before[index] ?? [],
      ...explicit.before.get(index) ?? [],
    ]);
    return { ...rest, dependsOn: [...all].sort((a, b) => a - b) };
  });
  const problems = [...conflicts.problems.values(), ...explicit.problems];
  // Without "after" every step waits for earlier ones only.
  const cycle = explicit.before.size === 0 ? undefined : findCycle(placed);
  if (cycle !== undefined) {
    problems.push({
      code: "cycle",
      message: `tasks wait for each other: ${cycle.map((step) => step.id).join(" → ")}`,
      mend: `take one "after" of these out, or list the tasks in the order they are to run`,
    });
  }
  return { steps: placed, problems };
}

/** Finds conflicts while steps are added in list order. */
class Conflicts {
  /** By step, those it must wait for. */
  readonly before: readonly Set<number>[];
  /** Conflicts of steps that stand in parallel, once for two tasks and a blob. */
  readonly problems = new Map<string, Problem>();
  readonly #steps: readonly UnorderedStep[];
  readonly #writer = new Map<string, number>();
  /** By blob, those that have read it since it was written. */
  readonly #readers = new Map<string, number[]>();

  constructor(steps: readonly UnorderedStep[]) {
    this.#steps = steps;
    this.before = steps.map(() => new Set());
  }

  add(step: UnorderedStep): void {
    const written = new Set(step.writes.map(accessKey));
    for (const read of step.reads) {
      if (!isOrdered(read)) continue;
      const key = accessKey(read);
      this.#wait(step, this.#writer.get(key), read);
      if (written.has(key)) continue;
      const readers = this.#readers.get(key);
      if (readers === undefined) this.#readers.set(key, [step.index]);
      else if (readers.at(-1) !== step.index) readers.push(step.index);
    }
    for (const write of step.writes) {
      const key = accessKey(write);
      this.#wait(step, this.#writer.get(key), write);
      for (const reader of this.#readers.get(key) ?? []) this.#wait(step, reader, write);
    }
    for (const key of written) {
      this.#writer.set(key, step.index);
      this.#readers.delete(key);
    }
  }

  #wait(later: UnorderedStep, earlier: number | undefined, { blob, node }: Access): void {
    const other = earlier === undefined ? undefined : this.#steps[earlier];
    if (other === undefined || other === later) return;
    this.before[later.index]?.add(other.index);
    if (!areParallel(other, later)) return;
    const names = `${labelOf(other)} and ${labelOf(later)}`;
    const key = `${names} ${blob.name}`;
    if (this.problems.has(key)) return;
    this.problems.set(key, {
      code: "parallel-conflict",
      message: `${names} stand in parallel, but both use blob "${blob.name}" ` +
        `of node "${node}" and at least one changes it`,
      mend: "put them in list order with group(…) or sequence(…), or give each a blob of its own",
    });
  }
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

function labelOf({ task }: UnorderedStep): string {
  return task === undefined ? "a group's if" : `"${task.name}"`;
}
