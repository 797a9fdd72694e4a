/**
 * The steps that make derived blobs, as a group of their own.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import type { PhaseName } from "../../dsl/check/check.ts";
import type { Layout, PlacedStep } from "../../dsl/layout.ts";
import type { Phase } from "../events.ts";
import type { PlacedBlob, Program } from "../program.ts";

/** Whether a step writes derived blobs. */
export function derives({ writes }: PlacedStep): boolean {
  return writes.some(({ blob }) => blob.derived);
}

/** Which groups are still to run, from a phase on. */
const GROUPS: Readonly<Record<Phase, readonly PhaseName[]>> = {
  init: [],
  epoch: ["epoch", "download", "exit"],
  upload: ["download", "exit"],
  download: ["download", "exit"],
  exit: ["exit"],
};

/**
 * The derived blobs that a resume makes again which begins at a phase: all of them; with `load: "lazy"`
 * those that a task or a group's condition still to run may read.
 */
export function blobsToDerive(program: Program, from: Phase): readonly PlacedBlob[] {
  const { derived, plan, groups, end } = program;
  // Nobody knows what an uploader's tasks read.
  const uploads = (from === "epoch" || from === "upload") &&
    end.some(({ do: it }) => it === "upload");
  if (plan.load !== "lazy" || uploads) return derived;
  const read = new Set(
    GROUPS[from].flatMap((name) => groups[name].steps.flatMap(({ reads }) => reads.map(accessKey))),
  );
  return derived.filter((placed) => read.has(accessKey(placed)));
}

/** The init group without all that these blobs are not derived by. */
export function layOutDerived({ groups }: Program, wanted: readonly PlacedBlob[]): Layout {
  const { steps } = groups.init;
  const writers = new Map<string, PlacedStep>();
  for (const step of steps) {
    if (derives(step)) { for (const write of step.writes) writers.set(accessKey(write), step); }
  }
  const kept = new Set<PlacedStep>();
  const keep = (step: PlacedStep | undefined): void => {
    if (step === undefined || kept.has(step)) return;
    kept.add(step);
    for (const gate of step.gates) keep(steps[gate]);
    for (const read of step.reads) keep(writers.get(accessKey(read)));
  };
  for (const placed of wanted) keep(writers.get(accessKey(placed)));
  return renumbered(steps.filter((step) => kept.has(step)));
}

/** Steps of a longer list, numbered anew. They wait for each other as they did. */
function renumbered(steps: readonly PlacedStep[]): Layout {
  const indices = new Map(steps.map(({ index }, at) => [index, at]));
  const among = (list: readonly number[]): readonly number[] =>
    list.flatMap((index) => indices.get(index) ?? []);
  return {
    steps: steps.map((step, index) => ({
      ...step,
      index,
      gates: among(step.gates),
      dependsOn: among(step.dependsOn),
    })),
    problems: [],
  };
}
