/**
 * Where tasks have ended of which pieces are recorded and they themselves are not yet.
 *
 * @module
 */
import type { RunEvent } from "../events.ts";

/** The most ends of one task that are told. */
const MOST_ENDS = 100;

/** The steps at which tasks ended that had recorded something before, by the tasks' names. */
export type StepsByTask = ReadonlyMap<string, readonly number[]>;

/**
 * Finds the steps at which a kill leaves all pieces of a task recorded and the task itself not: the task is
 * done again there, and no piece of it, so that whatever a piece changed beside its result is missing.
 */
export class PieceEnds {
  readonly #running = new Map<string, { hasRecorded: boolean }>();
  readonly #found = new Map<string, number[]>();

  /** Follows an event, which is the step of this number. */
  observe(event: RunEvent, step: number): void {
    if (event.type === "task-started") this.#running.set(event.id, { hasRecorded: false });
    else if (event.type === "task-finished") {
      // What another task recorded meanwhile counts too, which harms nobody.
      if (this.#running.get(event.id)?.hasRecorded === true) {
        const steps = this.#found.get(event.task) ?? [];
        if (steps.length < MOST_ENDS) steps.push(step);
        this.#found.set(event.task, steps);
      }
      this.#running.delete(event.id);
    }
  }

  /** Takes note that something was appended to a task log. */
  appended(): void {
    for (const task of this.#running.values()) task.hasRecorded = true;
  }

  /** What it has found. */
  all(): StepsByTask {
    return this.#found;
  }
}

/** One such step of as many tasks as wanted, chosen at random. */
export function someEnds(
  ends: StepsByTask,
  wanted: number,
  rng: { int(bound: number): number },
): readonly number[] {
  const tasks = [...ends.values()];
  const chosen: number[] = [];
  while (chosen.length < wanted && tasks.length > 0) {
    const [steps = []] = tasks.splice(rng.int(tasks.length), 1);
    const step = steps[rng.int(steps.length)];
    if (step !== undefined) chosen.push(step);
  }
  return chosen;
}
