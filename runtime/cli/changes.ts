/**
 * Shows what has changed in a job since an epoch was saved.
 *
 * @module
 */
import { sinceText } from "../change/since.ts";
import type { Course, JobChanges } from "../run/foresee.ts";
import type { ForeseenGroup, ForeseenTask } from "../run/foresee_tasks.ts";
import { longest, oneLine } from "./text.ts";

const VERDICTS = ["impossible", "to be allowed", "harmless"] as const;

/** The changes as lines: what keeps the job from going on comes first. */
export function changesText(known: JobChanges): string {
  const { epoch, place, changes, warnings, settings, notSeen, derived, first } = known;
  const judged = VERDICTS.flatMap((verdict) =>
    changes.filter((change) => change.verdict === verdict)
      .map(({ what, why }) => `${verdict.padEnd(13)}  ${what}: ${why}`)
  );
  const lines = [
    `a resume from epoch ${epoch} at ${place}`,
    ...warnings.map((message) => `warning: ${message}`),
    ...known.attempt === undefined ? [] : [`compared with what it was when ${sinceText(known)}`],
    ...judged.length === 0 ? ["nothing that was seen has changed since"] : judged,
    ...settings,
    ...notSeen.map((what) => `not seen: ${what}`),
    ...stopLines(known),
    ...derived.length === 0 ? [] : ["before all others", ...taskLines(derived)],
    ...first === undefined ? [] : firstLines(first),
    endLine(known),
  ];
  return lines.map((line) => `${oneLine(line)}\n`).join("");
}

/** Which stop conditions hold, held, and cannot be judged. */
function stopLines({ stop, holds, notJudged, phase }: JobChanges): readonly string[] {
  if (holds !== undefined) return [`${holds} holds: no further epoch would be run`];
  const isAsked = stop !== undefined && notJudged.includes(stop);
  if (isAsked && phase !== "epoch") {
    return [
      `the job had stopped because ${stop} held: ${JUDGED_LATE}; here it is taken to hold still`,
    ];
  }
  const before = stop === undefined
    ? []
    : isAsked
    ? [`the job had stopped because ${stop} held, which may be otherwise now`]
    : [`the job had stopped because ${stop} held; under the plan as it is now it goes on`];
  return [
    ...before,
    ...notJudged.map((what) =>
      `not judged: ${what}: ${JUDGED_LATE}, and runs no further epoch where it holds`
    ),
  ];
}

const JUDGED_LATE = "a resume judges it once its blobs are loaded";

/** What a resume comes to, and on which condition that rests. */
function endLine(known: JobChanges): string {
  const { otherwise, notJudged, phase } = known;
  const refusal = known.refusal ?? otherwise?.refusal;
  const next = refusal === undefined ? "" : `. ${nextOf(refusal)}`;
  const here = endOf(known);
  const there = otherwise === undefined ? here : endOf(otherwise);
  if (here === there) return `the job ${here}${next}`;
  const open = notJudged.join(", ");
  const isOne = notJudged.length === 1;
  const rests = phase === "epoch"
    ? isOne ? `${open} does not hold` : `none of ${open} holds`
    : `${isOne ? "" : "one of "}${open} holds`;
  return `the job ${here}, if ${rests}; else it ${there}${next}`;
}

/** What a course comes to. */
function endOf({ refusal, phase }: Course): string {
  if (refusal !== undefined) return "would not go on";
  return phase === undefined ? "is finished, and a resume would run nothing" : "would go on";
}

/** What a resume does first, task by task. */
function firstLines({ phase, epoch, tasks, pieces }: ForeseenGroup): readonly string[] {
  return [
    `first: ${phase === "epoch" ? `epoch ${epoch}` : phase}`,
    ...taskLines(tasks),
    ...pieces === 0 ? [] : [`  with ${resultsOf(pieces)} that had ended`],
  ];
}

function resultsOf(pieces: number): string {
  return pieces === 1
    ? "the result of one piece or step"
    : `the results of ${pieces} pieces and steps`;
}

function taskLines(tasks: readonly ForeseenTask[]): readonly string[] {
  const width = longest(tasks.map(({ id }) => id));
  return tasks.map(({ id, isReused, because }) =>
    `  ${isReused ? "reuse" : "run  "}  ${id.padEnd(width)}  ${because}`
  );
}

/** The changes as plain data. */
export function changesData({ refusal, otherwise, ...known }: JobChanges): unknown {
  const goesOn = (course: Course): boolean =>
    course.refusal === undefined && course.phase !== undefined;
  return {
    ...known,
    goesOn: goesOn({ refusal, phase: known.phase }),
    ...otherwise === undefined
      ? {}
      : { otherwise: { phase: otherwise.phase, goesOn: goesOn(otherwise) } },
  };
}

/** What the error of a refusal says to do: its last line. */
function nextOf({ message }: Error): string {
  return message.split("\n").at(-1)?.replace("Nothing was changed. ", "") ?? "";
}
