/**
 * Rules about the checkpoint plan, and what it saves.
 *
 * @module
 */
import { DEFAULT_NODE, tokensOf } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { Keep } from "../keep.ts";
import type { CheckpointPlan } from "../plan.ts";
import type { AnyTask } from "../task.ts";
import type { AnyBlob, By } from "../token.ts";
import type { Subject } from "./check.ts";
import { standing } from "./conditions.ts";
import { metricOf } from "./inventory.ts";

/** The kinds of place that a plan can name. */
export const PLACE_KINDS: readonly string[] = ["file", "memory"];

/** Whether a plan saves a blob. */
export function isSaved(plan: CheckpointPlan, blob: AnyBlob): boolean {
  if (blob.scratch || blob.derived || plan.blobs?.exclude?.includes(blob) === true) return false;
  return plan.blobs?.include === undefined || plan.blobs.include.includes(blob);
}

/** Places that are none, rules for keeping that keep nothing, and metrics that are not there. */
export function checkPlan(subject: Subject): readonly Problem[] {
  const plan = subject.options.checkpoint;
  const problems: Problem[] = [];
  const [, kind] = /^([a-z0-9]+):./.exec(plan.to) ?? [];
  if (kind === undefined || !PLACE_KINDS.includes(kind)) {
    problems.push({
      code: "bad-place",
      message: `checkpoint: to is "${plan.to}", which names no place`,
      mend: `write a kind (${PLACE_KINDS.join(", ")}) and a path, as in "file:checkpoints"`,
    });
  }
  problems.push(...badOptions(plan));
  for (const blob of plan.blobs?.include ?? []) {
    if (!blob.scratch) continue;
    problems.push({
      code: "includes-scratch",
      message: `checkpoint: blobs includes blob "${blob.name}", which is scratch and never saved`,
      mend: "do not make it scratch, or take it out of include",
    });
  }
  const rules = plan.keep as readonly Keep[] | undefined;
  if (rules?.length === 0) {
    problems.push({
      code: "keeps-nothing",
      message: "checkpoint: keep is an empty list",
      mend: "name a rule such as keepLast(3), or take keep out to keep all",
    });
  }
  for (const rule of rules ?? []) {
    if (rule.keep !== "best") continue;
    const { blob, node } = metricOf(rule.by);
    problems.push(
      ...standing(subject, { blob, node: node ?? DEFAULT_NODE }, "checkpoint: keepBest"),
    );
  }
  return [...problems, ...checkSaved(subject, rules)];
}

const CHOICES = {
  grain: ["epoch", "task"],
  durability: ["power", "process", "none"],
  snapshot: ["blocks", "none"],
  load: ["eager", "lazy"],
  check: ["off", "reads"],
  onSaveError: ["fail", "warn", "retry", "pause"],
  onDamaged: ["fallback", "stop"],
  onChange: ["stop", "allow"],
} as const;

/** What the compiler refuses too, for jobs in plain JavaScript. */
function badOptions(plan: CheckpointPlan): readonly Problem[] {
  return Object.entries(CHOICES).flatMap(([key, choices]) => {
    const value: string | undefined = plan[key as keyof typeof CHOICES];
    if (value === undefined || (choices as readonly string[]).includes(value)) return [];
    const mend = `write one of ${choices.map((choice) => `"${choice}"`).join(", ")}`;
    return [{ code: "bad-option", message: `checkpoint: ${key} is "${value}"`, mend }];
  });
}

/** Where a metric is not known yet at epoch 0, and so in the first epoch, which has no other to choose from. */
function isKnownFirst(subject: Subject, { blob, node }: ReturnType<typeof metricOf>): boolean {
  return blob.initial !== undefined ||
    subject.layouts.init.steps.some(({ writes }) =>
      writes.some((write) => write.blob === blob && write.node === (node ?? DEFAULT_NODE))
    );
}

/** Tasks that read a saved value in every epoch, the first among them. */
function readsAtOnce(subject: Subject): ReadonlySet<AnyTask> {
  const tasks = subject.layouts.epoch.steps.flatMap(({ task, gates }) =>
    task !== undefined && gates.length === 0 && task.declaration.if === undefined ? [task] : []
  );
  return new Set(tasks);
}

function checkSaved(subject: Subject, rules: readonly Keep[] | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  const first = new Set(subject.layouts.init.steps.map((step) => step.task));
  const atOnce = readsAtOnce(subject);
  for (const task of subject.inventory.tasks) {
    for (const token of tokensOf(task.declaration.reads)) {
      if (token.kind !== "saved") continue;
      const { blob, node } = metricOf(token.by);
      const reader = `task "${task.name}": saved`;
      if (first.has(task)) {
        problems.push({
          code: "saved-in-init",
          message: `${reader} reads blob "${token.blob.name}" in the init group, before any save`,
          mend: "read it in a later group",
        });
      }
      problems.push(...standing(subject, { blob, node: node ?? DEFAULT_NODE }, reader));
      if (atOnce.has(task) && !isKnownFirst(subject, metricOf(token.by))) {
        problems.push({
          code: "saved-too-early",
          message: `${reader} chooses an epoch by blob "${blob.name}" in every epoch, but in the ` +
            `first one no epoch has it yet: only tasks of the epoch group write it`,
          mend: `give "${blob.name}" an initial value, or run the task under if from epoch 2 on`,
        });
      }
      if (!isSaved(subject.options.checkpoint, token.blob)) {
        problems.push({
          code: "reads-unsaved",
          message: `${reader} reads blob "${token.blob.name}", which is not saved`,
          mend: token.blob.derived
            ? "read the blob itself: it is derived, and the same in every epoch"
            : "take it into the checkpoint plan's blobs",
        });
      }
      if (
        rules !== undefined &&
        !rules.some((rule) => rule.keep === "best" && sameBy(rule.by, token.by))
      ) {
        const by = `{ ${metricOf(token.by).direction}: ${blob.name} }`;
        problems.push({
          code: "best-not-kept",
          message: `${reader} reads the best epoch by ${by}, which the plan's keep does not keep`,
          mend: `add keepBest(${by}) to keep`,
        });
      }
    }
  }
  return problems;
}

function sameBy(a: By, b: By): boolean {
  const one = metricOf(a);
  const other = metricOf(b);
  return one.blob === other.blob && one.direction === other.direction &&
    (one.node ?? DEFAULT_NODE) === (other.node ?? DEFAULT_NODE);
}
