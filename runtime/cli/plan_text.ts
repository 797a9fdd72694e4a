/**
 * Prints a program: exactly what would run, and what would be saved.
 *
 * @module
 */
import { tokensOf } from "../../dsl/access.ts";
import type { PhaseName } from "../../dsl/check/check.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyTask, AnyToken } from "../../dsl/mod.ts";
import { describeCondition } from "../conditions.ts";
import { layOutDerived } from "../derived/steps.ts";
import type { Action, Program } from "../program.ts";
import { paramLines } from "./help.ts";
import {
  describeBlobs,
  describeEvery,
  describeKeep,
  describeToken,
  LEVELS,
  waitsOf,
} from "./plan_words.ts";

/** A program as text. */
export function planText(program: Program, place: string): string {
  const params = [...program.declaredParams.values()];
  return [
    `job ${program.job}`,
    `nodes: ${program.nodes.join(", ")}`,
    ...params.length === 0 ? [] : [
      "",
      "params (a resume takes the saved values where none are given)",
      ...paramLines(params, program.params),
    ],
    "",
    "checkpoints",
    ...checkpointLines(program, place).map((line) => `  ${line}`),
    "",
    "a fresh start",
    ...actions(program, program.fresh),
    "",
    "a resume",
    ...actions(program, program.resumed),
    "",
    "each epoch",
    ...actions(program, program.epoch),
    "",
    "at the end",
    ...actions(program, program.end),
    "",
  ].join("\n");
}

function checkpointLines(program: Program, place: string): string[] {
  const { plan, every } = program;
  const { durability, onSaveError = "fail", onDamaged = "fallback", grain = "epoch" } = plan;
  const { onChange = "stop", migrate = [] } = plan;
  return [
    `to ${place}`,
    `save after init, ${describeEvery(every)}, and after the last epoch`,
    `keep ${plan.keep === undefined ? "all" : plan.keep.map(describeKeep).join(", ")}`,
    `durability: ${durability ?? "the strongest the place has"}; grain: ${grain}`,
    `a failed save: ${onSaveError}; a damaged epoch: ${onDamaged}; an edited job: ${onChange}`,
    ...migrate.length === 0 ? [] : [`migrate ${migrate.map(({ name }) => name).join(", ")}`],
    ...plan.snapshot === "none" ? ["blobs that were written are saved whole"] : [],
    ...plan.load === "lazy" ? ["a resume reads large blobs when they are first needed"] : [],
    ...plan.check === "reads" ? ["what tasks read is compared before and after"] : [],
    ...describeBlobs(program),
  ];
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
      case "derive":
        return [deriveLine(program)];
      case "save":
        return [saveLine(program, list)];
      case "upload":
        return ["  run the uploader's tasks"];
      case "record":
        return [`  save, commit: ${action.phase} is done`];
    }
  });
}

function deriveLine(program: Program): string {
  const { steps } = layOutDerived(program, program.derived);
  const tasks = steps.flatMap(({ id, task }) => task === undefined ? [] : [id]).join(", ");
  const which = program.plan.load === "lazy" ? ", as far as what is still to run reads it" : "";
  return `  run again what is derived, and compare it with what it was${which}: ${tasks}`;
}

function saveLine({ every, fresh }: Program, list: readonly Action[]): string {
  if (list === fresh) return "  save epoch 0, commit";
  const isEach = "epochs" in every && every.epochs === 1;
  return `  save the epoch, commit${isEach ? "" : ` (${describeEvery(every)}, and the last)`}`;
}

function group(program: Program, phase: PhaseName): string[] {
  const { steps } = program.groups[phase];
  const shown = steps.filter((step) => step.kind !== "barrier");
  if (shown.length === 0) return [`  ${phase}: no tasks`];
  return shown.flatMap((step) => stepLines(step, steps).map((line) => `  ${line}`));
}

function stepLines(step: PlacedStep, all: readonly PlacedStep[]): string[] {
  const waits = waitsOf(step, all).filter((id) => !step.gates.some((at) => all[at]?.id === id));
  const after = waits.length === 0 ? [] : [`after ${waits.join(", ")}`];
  const gates = step.gates.map((at) => `only if ${all[at]?.id} held`);
  if (step.condition !== undefined) {
    const head = `${step.id}  judges ${describeCondition(step.condition)}`;
    return [head, ...indented([...after, ...gates])];
  }
  const { task } = step;
  if (task === undefined) return [];
  const { reads, updates, writes } = task.declaration;
  const parts = [names("reads", reads), names("updates", updates), names("writes", writes)]
    .filter((part) => part !== "");
  const lines = [...after, ...gates, ...moves(step, task), ...settings(task)];
  return [`${step.id}${parts.length === 0 ? "" : `  ${parts.join("; ")}`}`, ...indented(lines)];
}

/** The partial loads and transfers that bring a task what it reads. */
function moves(step: PlacedStep, task: AnyTask): string[] {
  return tokensOf(task.declaration.reads).flatMap((token) => {
    if (token.kind === "from" && token.node !== step.node) {
      return [`transfer ${token.node}/${token.blob.name} to ${step.node}`];
    }
    if (token.kind === "gather") {
      const nodes = token.nodes.filter((node) => node !== step.node);
      if (nodes.length === 0) return [];
      return [`transfer ${token.blob.name} of ${nodes.join(", ")} to ${step.node}`];
    }
    if (token.kind !== "saved") return [];
    const { blob, direction } = metricOf(token.by);
    return [
      `load ${token.blob.name} of the saved epoch with the ${LEVELS[direction]} ${blob.name}`,
    ];
  });
}

function settings(task: AnyTask): string[] {
  const { retry, timeout, updates, if: condition } = task.declaration;
  const lines: string[] = [];
  if (condition !== undefined) lines.push(`if ${describeCondition(condition)}`);
  if (timeout !== undefined) lines.push(`timeout ${timeout} a try`);
  if (retry !== undefined && retry.attempts > 1) {
    const delay = retry.delay === undefined ? "" : `, first after ${retry.delay}`;
    const most = retry.maxDelay === undefined ? "" : `, at most ${retry.maxDelay} apart`;
    lines.push(`up to ${retry.attempts} tries${delay}${most}`);
    const kept = tokensOf(updates).map(describeToken).join(", ");
    if (kept !== "") {
      lines.push(
        retry.restore === false
          ? `keeps no copy of ${kept}: a try may see what the last one left`
          : `keeps a copy of ${kept}, for each try to start from`,
      );
    }
  }
  return lines;
}

function names(
  verb: string,
  tokens: Readonly<Record<string, AnyToken | readonly AnyToken[]>>,
): string {
  const list = Object.values(tokens).flat().map(describeToken);
  return list.length === 0 ? "" : `${verb} ${list.join(", ")}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}
