/**
 * Rules about stop conditions.
 *
 * @module
 */
import { accessesOf, conditionTokens, DEFAULT_NODE, tokensOf } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { AnyBlob, CursorRef } from "../token.ts";
import type { Subject } from "./check.ts";
import { metricOf, stopConditions } from "./inventory.ts";
import { isSaved } from "./plan.ts";

/** No stop condition, or one that reads what is not there after an epoch. */
export function checkConditions(subject: Subject): readonly Problem[] {
  const { options, inventory } = subject;
  const problems: Problem[] = [];
  if (stopConditions(options.until).length === 0) {
    problems.push({
      code: "no-stop-condition",
      message: "until is missing or empty, so that the job would never stop",
      mend: "say when it stops, as in until: epochs(10)",
    });
  }
  for (const condition of inventory.conditions) {
    if (condition.of === "when") {
      for (const token of conditionTokens(condition)) {
        if (["previous", "saved", "resource", "cursor"].includes(token.kind)) {
          problems.push({
            code: "bad-stop-condition",
            message: `until: when reads a ${token.kind}, which does not exist between epochs`,
            mend: "read blobs, optional(…), from(…), gather(…) and params there",
          });
          continue;
        }
        for (const access of accessesOf(token, DEFAULT_NODE)) {
          problems.push(...standing(subject, access, "until: when"));
        }
      }
    }
    if (condition.of === "plateau") {
      const { blob, node } = metricOf(condition.by);
      const access = { blob, node: node ?? DEFAULT_NODE };
      problems.push(...standing(subject, access, "until: plateau"));
    }
    if (condition.of === "drained") problems.push(...drains(subject, condition.cursor));
  }
  return problems;
}

/** What is wrong where something outside the tasks reads a blob after an epoch. */
export function standing(
  subject: Subject,
  access: { readonly node: string; readonly blob: AnyBlob },
  reader: string,
): readonly Problem[] {
  const { blob, node } = access;
  if (!isSaved(subject.options.checkpoint, blob)) {
    return [{
      code: "reads-unsaved",
      message:
        `${reader} reads blob "${blob.name}", which is not saved, so that a resume could not`,
      mend: blob.scratch
        ? "do not make it scratch"
        : blob.derived
        ? "it is derived, and made after stop conditions are judged: keep what is asked of it, such as " +
          "its length, in a blob of its own"
        : "take it into the checkpoint plan's blobs",
    }];
  }
  const writers = subject.usage.writersBeforeSaves(blob);
  if (writers.has(node)) return [];
  const isUsed = subject.usage.users(blob).has(node);
  if (blob.initial !== undefined && isUsed && writers.size === 0) return [];
  const [elsewhere] = writers;
  if (elsewhere !== undefined) {
    return [{
      code: "other-node",
      message: `${reader} reads blob "${blob.name}" of node "${node}", but it is written on ` +
        `"${elsewhere}"`,
      mend: `read it with from("${elsewhere}", …)`,
    }];
  }
  return [{
    code: "never-written",
    message: `${reader} reads blob "${blob.name}", which no task of the init or epoch group ` +
      `writes on node "${node}"`,
    mend: isUsed
      ? "write it in a task of the epoch group, or give it an initial value"
      : "write it in a task of the epoch group",
  }];
}

function drains(subject: Subject, cursor: CursorRef<unknown>): readonly Problem[] {
  const problems: Problem[] = [];
  const epoch = subject.layouts.epoch.steps;
  const isRead = epoch.some((step) =>
    step.task !== undefined && tokensOf(step.task.declaration.reads).includes(cursor)
  );
  if (!isRead) {
    problems.push({
      code: "never-drained",
      message:
        `until: drained waits for cursor "${cursor.name}", which no task of the epoch group reads`,
      mend: "let an epoch task read it",
    });
  }
  if (cursor.wrap) {
    problems.push({
      code: "never-drained",
      message:
        `until: drained waits for cursor "${cursor.name}", which wraps and so is never drained`,
      mend: "take wrap out, or stop by epochs(…)",
    });
  }
  return problems;
}
