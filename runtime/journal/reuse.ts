/**
 * Which tasks of a group need not run again, by what was recorded of them.
 *
 * @module
 */
import type { ParamValues, PlacedStep } from "../../dsl/layout.ts";
import type { AnyBlob } from "../../dsl/mod.ts";
import type { GateEntry, TaskEntry } from "../../storage/mod.ts";
import { codeOfGate, codeOfStep } from "./code.ts";

/** What becomes of a step on a resume, and why. */
export interface ReuseVerdict {
  /** What was recorded of it, where that is used. */
  readonly entry: TaskEntry | GateEntry | undefined;
  /** Whether all that it waits for is as it was, so that it would read what it read then. */
  readonly isSame: boolean;
  /** Why, in words. */
  readonly because: string;
}

/** What the verdicts depend on. */
export interface Recorded {
  /** What was recorded of a step. */
  readonly entryOf: (id: string) => TaskEntry | GateEntry | undefined;
  /** Whether a blob is saved: what writes others runs again. */
  readonly isSaved: (node: string, blob: AnyBlob) => boolean;
  /** The values of params now. */
  readonly params: ParamValues;
}

/**
 * Judges the steps of a group. A recorded task is used if it is the task that it was then, and so are
 * all those that it waits for; one that writes something that is never saved always runs.
 */
export function judgeReuse(
  steps: readonly PlacedStep[],
  recorded: Recorded,
): readonly ReuseVerdict[] {
  const verdicts: ReuseVerdict[] = [];
  for (const step of steps) {
    const changed = step.dependsOn.find((index) => verdicts[index]?.isSame === false);
    verdicts.push(
      changed === undefined
        ? judge(step, verdicts, recorded)
        : runs(`${steps[changed]?.id}, for which it waits, runs again`),
    );
  }
  return verdicts;
}

function judge(
  step: PlacedStep,
  verdicts: readonly ReuseVerdict[],
  { entryOf, isSaved, params }: Recorded,
): ReuseVerdict {
  const { kind, id, task } = step;
  if (kind === "barrier") return { entry: undefined, isSame: true, because: "it does nothing" };
  const isClosed = step.gates.some((gate) => {
    const entry = verdicts[gate]?.entry;
    return entry?.kind === "gate" && !entry.isOpen;
  });
  if (isClosed) return { entry: undefined, isSame: true, because: "its group was skipped" };
  const entry = entryOf(id);
  if (kind === "gate") {
    if (entry?.kind !== "gate") return runs("its condition is not judged yet");
    if (step.condition === undefined || entry.code !== codeOfGate(step, step.condition, params)) {
      return runs("its condition, or a param of it, is another than when it was judged");
    }
    return { entry, isSame: true, because: "its condition was judged" };
  }
  if (task === undefined || !isLogged(step, isSaved)) {
    return { entry: undefined, isSame: true, because: "what it writes is never saved" };
  }
  if (entry?.kind !== "task") return runs("it is not recorded as finished");
  if (entry.code !== codeOfStep(step, task, params)) {
    return runs("its code, what it declares, or a param of it is another than when it finished");
  }
  return { entry, isSame: true, because: "it has finished" };
}

function runs(because: string): ReuseVerdict {
  return { entry: undefined, isSame: false, because };
}

/** Whether a task is recorded when it has finished: all that it writes is saved. */
export function isLogged(step: PlacedStep, isSaved: Recorded["isSaved"]): boolean {
  return step.writes.every(({ node, blob }) => isSaved(node, blob));
}
