/**
 * Makes groups ready to run.
 *
 * @module
 */
import { type Layout, layOut, type ParamValues, type PlacedStep } from "../../dsl/layout.ts";
import { type AnyBlob, JobError, type Step } from "../../dsl/mod.ts";
import { prepareTask, type TaskStep } from "../task/run_task.ts";

/** A group made ready to run many times. */
export interface ReadyGroup {
  /** Its steps in list order. */
  readonly steps: readonly PlacedStep[];
  /** For each step its task, where it is one. */
  readonly tasks: readonly (TaskStep | undefined)[];
  /** For each step those that wait for it. */
  readonly dependents: readonly (readonly number[])[];
  /** What is read as it was before the group, and whether it needs a copy. */
  readonly before: readonly { node: string; blob: AnyBlob; copy: boolean }[];
  /** The scratch blobs of each node. */
  readonly scratch: readonly { node: string; blob: AnyBlob }[];
}

/**
 * Makes a step ready that stands in no job, which would have checked it.
 *
 * @throws {JobError} Where its order is wrong.
 */
export function prepareStep(step: Step, params: ParamValues, name: string): ReadyGroup {
  const layout = layOut([step], params);
  if (layout.problems.length > 0) throw new JobError(name, layout.problems);
  return prepareGroup(layout);
}

/** Makes a group ready. */
export function prepareGroup(layout: Layout): ReadyGroup {
  const dependents: number[][] = layout.steps.map(() => []);
  for (const step of layout.steps) {
    for (const before of step.dependsOn) dependents[before]?.push(step.index);
  }
  const updated = new Set<string>();
  const before = new Map<string, { node: string; blob: AnyBlob; copy: boolean }>();
  const scratch = new Map<string, { node: string; blob: AnyBlob }>();
  const tasks = layout.steps.map((step) =>
    step.task === undefined ? undefined : prepareTask(step, step.task)
  );
  for (const ready of tasks) {
    for (const blob of ready?.updates ?? []) updated.add(`${ready?.step.node}/${blob.name}`);
  }
  for (const step of layout.steps) {
    for (const { node, blob } of [...step.reads, ...step.writes]) {
      if (blob.scratch) scratch.set(`${node}/${blob.name}`, { node, blob });
    }
    for (const { node, blob, how } of step.reads) {
      const key = `${node}/${blob.name}`;
      if (how === "previous") before.set(key, { node, blob, copy: updated.has(key) });
    }
  }
  return {
    steps: layout.steps,
    tasks,
    dependents,
    before: [...before.values()],
    scratch: [...scratch.values()],
  };
}
