/**
 * Which tasks of a group need not run again, by what was recorded of them.
 *
 * @module
 */
import type { ParamValues, PlacedStep } from "../../dsl/layout.ts";
import type { AnyBlob } from "../../dsl/mod.ts";
import { derives } from "../derived/steps.ts";
import type { GateEntry, TaskEntry } from "../../storage/mod.ts";
import { codesOfSteps } from "./code.ts";

/** What becomes of a step on a resume, and why. */
export interface ReuseVerdict {
  /** What was recorded of it, where that is used. */
  readonly entry: TaskEntry | GateEntry | undefined;
  /** Whether all that it waits for is as it was, so that it would read what it read then. */
  readonly isSame: boolean;
  /** Why, in words. */
  readonly because: string;
  /** The step for which it waits, where that runs again. */
  readonly behind?: number;
  /** What was recorded of it, where it or what it waits for was edited since. */
  readonly outdated?: TaskEntry | GateEntry;
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

/** What is judged of a group. */
export interface Reuse {
  /** What becomes of each step. */
  readonly verdicts: readonly ReuseVerdict[];
  /** The digests of the steps, under which they are recorded. */
  readonly codes: readonly string[];
  /** Whether the group comes to the state that it came to then, so that what was done after it counts too. */
  readonly isWhole: boolean;
}

/**
 * Judges the steps of a group. A recorded step is used if it, and all that it waits for, is what it was
 * then; one that writes something that is never saved always runs.
 *
 * @param recorded How many steps of the group were recorded, those among them that are gone.
 */
export function judgeReuse(
  steps: readonly PlacedStep[],
  given: Recorded,
  recorded: number,
): Reuse {
  const verdicts: ReuseVerdict[] = [];
  const codes = codesOfSteps(steps, given.params);
  let used = 0;
  let isWhole = true;
  for (const [index, step] of steps.entries()) {
    const again = step.dependsOn.filter((before) => verdicts[before]?.isSame === false);
    const changed = again.find((before) => steps[before]?.task !== undefined) ?? again[0];
    const verdict = changed === undefined
      ? judge(step, verdicts, codes[index] ?? "", given)
      : { ...runs(`${steps[changed]?.id}, for which it waits, runs again`), behind: changed };
    verdicts.push(verdict);
    if (verdict.entry !== undefined) used++;
    if (!verdict.isSame) isWhole = false;
  }
  return { verdicts, codes, isWhole: isWhole && used === recorded };
}

function judge(
  step: PlacedStep,
  verdicts: readonly ReuseVerdict[],
  code: string,
  { entryOf, isSaved }: Recorded,
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
    if (entry.code !== code) return { ...runs(EDITED), outdated: entry };
    return { entry, isSame: true, because: "its condition was judged" };
  }
  if (task === undefined || !isLogged(step, isSaved)) {
    const because = derives(step) ? "what it writes is derived, and not saved" : UNSAVED;
    return { entry: undefined, isSame: true, because };
  }
  if (entry?.kind !== "task") return runs("it is not recorded as finished");
  if (entry.code !== code) return { ...runs(EDITED), outdated: entry };
  return { entry, isSame: true, because: "it has finished" };
}

const UNSAVED = "what it writes is never saved";
const EDITED = "it, a param of it, or something that it waits for was edited since";

function runs(because: string): ReuseVerdict {
  return { entry: undefined, isSame: false, because };
}

/** Whether a task is recorded when it has finished: all that it writes is saved. */
export function isLogged(step: PlacedStep, isSaved: Recorded["isSaved"]): boolean {
  return step.writes.every(({ node, blob }) => isSaved(node, blob));
}
