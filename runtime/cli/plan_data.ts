/**
 * A program as data, for `plan --json`.
 *
 * @module
 */
import { accessKey } from "../../dsl/access.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import { describeCondition } from "../conditions.ts";
import type { Program } from "../program.ts";
import { describeKeep, waitsOf } from "./plan_words.ts";

/** A program, as plain data. */
export function planData(program: Program, place: string): unknown {
  const { job, nodes, params, every, plan, saved, derived, blobs } = program;
  const groups = Object.entries(program.groups).map(([phase, { steps }]) => [
    phase,
    steps.filter((step) => step.kind !== "barrier").map((step) => stepData(step, steps)),
  ]);
  const { fresh, resumed, epoch, end } = program;
  return {
    ...{ job, nodes, place, params, every },
    keep: plan.keep?.map(describeKeep),
    durability: plan.durability,
    grain: plan.grain ?? "epoch",
    snapshot: plan.snapshot ?? "blocks",
    load: plan.load ?? "eager",
    check: plan.check ?? "off",
    onSaveError: plan.onSaveError ?? "fail",
    onDamaged: plan.onDamaged ?? "fallback",
    onChange: plan.onChange ?? "stop",
    migrate: (plan.migrate ?? []).map(({ name }) => name),
    saved: saved.map(accessKey),
    unsaved: blobs.filter((blob) => !saved.includes(blob)).map(accessKey),
    derived: derived.map(accessKey),
    until: program.until.map((condition) => describeCondition(condition)),
    groups: Object.fromEntries(groups),
    actions: { fresh, resumed, epoch, end },
  };
}

function stepData(step: PlacedStep, steps: readonly PlacedStep[]): unknown {
  const { id, node, kind, task, condition } = step;
  const when = condition ?? task?.declaration.if;
  return {
    id,
    kind: kind === "gate" ? "condition" : kind,
    task: task?.name,
    node,
    reads: step.reads.map((access) => ({ blob: accessKey(access), how: access.how })),
    writes: step.writes.map(accessKey),
    after: waitsOf(step, steps),
    if: when && describeCondition(when),
    gates: step.gates.map((gate) => steps[gate]?.id),
    retry: task?.declaration.retry,
    timeout: task?.declaration.timeout,
  };
}
