/**
 * Prints a program: exactly what would run, and what would be saved.
 *
 * @module
 */
import { accessKey, tokensOf } from "../../dsl/access.ts";
import type { PhaseName } from "../../dsl/check/check.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyToken, Keep } from "../../dsl/mod.ts";
import { describeCondition } from "../conditions.ts";
import type { Action, Program } from "../program.ts";
import { paramLine } from "./help.ts";

/** A program as text. */
export function planText(program: Program, place: string): string {
  const { plan, saved, blobs, nodes } = program;
  const unsaved = blobs.filter((blob) => !saved.includes(blob)).map(accessKey);
  return [
    `job ${program.job}`,
    `nodes: ${nodes.join(", ")}`,
    "",
    "checkpoints",
    `  to ${place}`,
    `  every ${
      "epochs" in program.every ? `${program.every.epochs} epoch(s)` : `${program.every.ms} ms`
    }, and after the last epoch`,
    `  keep ${plan.keep === undefined ? "all" : plan.keep.map(describeKeep).join(", ")}`,
    `  durability ${plan.durability ?? "the strongest the place has"}; a failed save: ${
      plan.onSaveError ?? "fail"
    }; a damaged epoch: ${plan.onDamaged ?? "fallback"}`,
    `  saved: ${saved.length === 0 ? "nothing" : saved.map(accessKey).join(", ")}`,
    ...unsaved.length === 0 ? [] : [`  not saved: ${unsaved.join(", ")}`],
    ...program.declaredParams.size === 0 ? [] : ["", "params", ...paramLines(program)],
    "",
    "a fresh start",
    ...actions(program, program.fresh),
    "a resume",
    ...actions(program, program.resumed),
    "each epoch",
    ...actions(program, program.epoch),
    "at the end",
    ...actions(program, program.end),
    "",
  ].join("\n");
}

function paramLines(program: Program): string[] {
  return [...program.declaredParams.values()].map((param) => {
    const value = program.params[param.name];
    const line = paramLine(param);
    return value === param.default ? line : `${line}  now ${value}`;
  });
}

function describeKeep(keep: Keep): string {
  switch (keep.keep) {
    case "last":
      return `the last ${keep.count}`;
    case "every":
      return `every ${keep.epochs} epochs`;
    case "younger":
      return `younger than ${keep.than}`;
    case "best": {
      const { blob, direction } = metricOf(keep.by);
      return `the best ${keep.count} by ${direction} ${blob.name}`;
    }
  }
}

function actions(program: Program, list: readonly Action[]): string[] {
  return list.flatMap((action) => {
    switch (action.do) {
      case "run":
        return group(program, action.phase);
      case "judge":
        return [`  stop if ${program.until.map((c) => describeCondition(c)).join(" or ")}`];
      case "find blobs":
        return ["  find the blobs to save"];
      case "load":
        return ["  load the saved epoch"];
      case "save":
        return ["  save, commit"];
      case "upload":
        return ["  upload"];
      case "record":
        return [`  save, commit: ${action.phase} is done`];
    }
  });
}

function group(program: Program, phase: PhaseName): string[] {
  const { steps } = program.groups[phase];
  const tasks = steps.filter((step) => step.kind !== "barrier");
  if (tasks.length === 0) return [`  ${phase}: no tasks`];
  return tasks.flatMap((step) => describeStep(step, steps).map((line) => `  ${line}`));
}

function describeStep(step: PlacedStep, all: readonly PlacedStep[]): string[] {
  if (step.condition !== undefined) {
    return [`if ${describeCondition(step.condition)}: the steps behind ${step.id}`];
  }
  const { task } = step;
  if (task === undefined) return [];
  const { reads, updates, writes, retry, timeout } = task.declaration;
  const parts = [
    names("reads", tokensOf(reads)),
    names("updates", tokensOf(updates)),
    names("writes", tokensOf(writes)),
  ].filter((part) => part !== "");
  const lines = [`${step.id}${parts.length === 0 ? "" : `  ${parts.join("; ")}`}`];
  const waits = waitsOf(step, all);
  if (waits.length > 0) lines.push(`  after ${waits.join(", ")}`);
  if (task.declaration.if !== undefined) {
    lines.push(`  if ${describeCondition(task.declaration.if)}`);
  }
  if (timeout !== undefined) lines.push(`  timeout ${timeout}`);
  if (retry !== undefined) {
    const copied = retry.restore === false ? [] : tokensOf(updates).map((token) => nameOf(token));
    const copy = copied.length === 0 ? "" : `, with a copy of ${copied.join(", ")} kept`;
    lines.push(`  up to ${retry.attempts} tries${copy}`);
  }
  for (const token of tokensOf(reads)) {
    if (token.kind === "from" && token.node !== step.node) {
      lines.push(`  transfer ${token.node}/${token.blob.name} to ${step.node}`);
    }
    if (token.kind === "gather") {
      lines.push(`  transfer ${token.blob.name} of ${token.nodes.join(", ")} to ${step.node}`);
    }
    if (token.kind === "saved") {
      const { blob, direction } = metricOf(token.by);
      lines.push(`  load ${token.blob.name} of the saved epoch with the ${direction} ${blob.name}`);
    }
  }
  return lines;
}

/** What a step waits for; behind a barrier, what the barrier waits for. */
function waitsOf(step: PlacedStep, all: readonly PlacedStep[]): string[] {
  return [
    ...new Set(step.dependsOn.flatMap((index): string[] => {
      const before = all[index];
      if (before === undefined) return [];
      return before.kind === "barrier" ? waitsOf(before, all) : [before.id];
    })),
  ];
}

function names(verb: string, tokens: readonly AnyToken[]): string {
  return tokens.length === 0 ? "" : `${verb} ${tokens.map((token) => nameOf(token)).join(", ")}`;
}

function nameOf(token: AnyToken): string {
  return "name" in token ? token.name : `${token.kind}(${token.blob.name})`;
}

/** A program as data, for `plan --json`. */
export function planData(program: Program, place: string): unknown {
  const { job, nodes, params, every, plan, saved } = program;
  const groups = Object.entries(program.groups).map(([phase, { steps }]) => [
    phase,
    steps.filter((step) => step.kind === "task").map((step) => ({
      id: step.id,
      task: step.task?.name,
      node: step.node,
      reads: step.reads.map((access) => ({ blob: accessKey(access), how: access.how })),
      writes: step.writes.map(accessKey),
      after: waitsOf(step, steps),
    })),
  ]);
  const { fresh, resumed, epoch, end } = program;
  return {
    ...{ job, nodes, place, params, every, saved: saved.map(accessKey) },
    keep: plan.keep?.map(describeKeep),
    until: program.until.map((condition) => describeCondition(condition)),
    groups: Object.fromEntries(groups),
    actions: { fresh, resumed, epoch, end },
  };
}
