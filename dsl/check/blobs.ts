/**
 * Rules about what tasks read and write.
 *
 * @module
 */
import { type Access, accessKey, tokensOf } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { PlacedStep } from "../layout.ts";
import { nearNames } from "../near.ts";
import type { AnyBlob } from "../token.ts";
import { PHASES, placedTasks, type Subject } from "./check.ts";
import { isSaved } from "./plan.ts";

/** Reads of what is not there, and changes of what must not change. */
export function checkBlobs(subject: Subject): readonly Problem[] {
  const found = new Problems();
  for (const task of subject.inventory.tasks) checkDeclaration(task, found);
  checkImmutable(subject, found);
  const everWritten = writtenKeys(placedTasks(subject));
  const afterInit = writtenKeys(subject.layouts.init.steps);
  for (const phase of PHASES) {
    const definite = new Map<string, (readonly number[])[]>();
    const earlier = new Set(phase === "init" ? [] : phase === "epoch" ? afterInit : everWritten);
    for (const step of subject.layouts[phase].steps) {
      for (const read of step.reads) {
        if (checkNode(subject, step, read, found)) {
          checkRead({ subject, step, read, phase, earlier, everWritten, definite }, found);
        }
      }
      for (const write of step.writes) {
        earlier.add(accessKey(write));
        const gates = step.task?.declaration.if === undefined ? step.gates : [...step.gates, -1];
        const list = definite.get(accessKey(write));
        if (list === undefined) definite.set(accessKey(write), [gates]);
        else list.push(gates);
      }
    }
  }
  return found.all;
}

class Problems {
  readonly all: Problem[] = [];
  #told = new Set<string>();

  add(code: string, message: string, mend: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.all.push({ code, message, mend });
  }
}

function writtenKeys(steps: readonly PlacedStep[]): ReadonlySet<string> {
  return new Set(steps.flatMap((step) => step.writes.map(accessKey)));
}

function checkDeclaration(task: PlacedStep["task"] & object, found: Problems): void {
  const { reads, updates, writes } = task.declaration;
  for (const key of Object.keys(updates)) {
    if (!(key in reads) && !(key in writes)) continue;
    const part = key in reads ? "reads" : "writes";
    found.add(
      "duplicate-key",
      `task "${task.name}" has the key "${key}" both in updates and in ${part}`,
      "updates alone reads, changes and may replace it: take it out of the other",
    );
  }
  const changed = [...tokensOf(updates), ...tokensOf(writes)];
  for (const blob of new Set(changed)) {
    if (blob.kind !== "blob" || changed.indexOf(blob) === changed.lastIndexOf(blob)) continue;
    found.add(
      "duplicate-write",
      `task "${task.name}" writes blob "${blob.name}" twice`,
      "declare it under one key",
    );
  }
  for (const token of tokensOf(reads)) {
    if (token.kind !== "blob" || !tokensOf(updates).includes(token)) continue;
    found.add(
      "duplicate-read",
      `task "${task.name}" has blob "${token.name}" both in reads and in updates`,
      "leave it in updates alone, which also reads it; for the old value use previous(…)",
    );
  }
}

function checkImmutable({ layouts }: Subject, found: Problems): void {
  const set = new Set<string>();
  for (const phase of PHASES) {
    for (const step of layouts[phase].steps) {
      for (const write of step.writes.filter((write) => write.blob.immutable)) {
        const key = accessKey(write);
        if (phase === "init" && !set.has(key) && write.blob.initial === undefined) {
          set.add(key);
          continue;
        }
        found.add(
          "changes-immutable",
          `task "${step.task?.name}" of the ${phase} group changes blob "${write.blob.name}", which is immutable`,
          "set it once, in one init task or by initial",
        );
      }
    }
  }
}

/** Whether the node a read names exists and has the blob at all; else says what is wrong. */
function checkNode(subject: Subject, step: PlacedStep, read: Access, found: Problems): boolean {
  const reader = readerName(step);
  if (!subject.nodes.includes(read.node)) {
    const near = nearNames(read.node, subject.nodes);
    found.add(
      "unknown-node",
      `${reader} reads blob "${read.blob.name}" from node "${read.node}", which is not in the job`,
      `its nodes are ${near.join(", ")}`,
    );
    return false;
  }
  const tasks = placedTasks(subject);
  const has = (other: PlacedStep): boolean => other.writes.some((w) => w.blob === read.blob);
  if (tasks.some((other) => other.node === read.node && has(other))) return true;
  const isUsed = (other: PlacedStep): boolean =>
    other.node === read.node && other.reads.some((r) => r.blob === read.blob && r.node === read.node);
  if (read.blob.initial !== undefined && (read.how !== "elsewhere" || tasks.some(isUsed))) return true;
  const elsewhere = [...new Set(tasks.filter(has).map((other) => other.node))];
  if (elsewhere.length > 0) {
    found.add(
      "other-node",
      `${reader} on node "${step.node}" reads blob "${read.blob.name}" of node "${read.node}", ` +
        `but it is written on ${elsewhere.slice(0, 4).map((node) => `"${node}"`).join(", ")}`,
      elsewhere.length > 1
        ? "read it with gather(nodes, …), or from(node, …)"
        : `read it with from("${elsewhere[0]}", …), or run the task there with on(…)`,
    );
    return false;
  }
  found.add(
    "never-written",
    `${reader} reads blob "${read.blob.name}", which nothing writes`,
    "write it in a task, or give it an initial value",
  );
  return false;
}

interface ReadCheck {
  readonly subject: Subject;
  readonly step: PlacedStep;
  readonly read: Access;
  readonly phase: string;
  readonly earlier: ReadonlySet<string>;
  readonly everWritten: ReadonlySet<string>;
  readonly definite: ReadonlyMap<string, readonly (readonly number[])[]>;
}

/** Whether the value is there when the read happens, in the first epoch and after a resume. */
function checkRead(check: ReadCheck, found: Problems): void {
  const { subject, step, read, phase, definite } = check;
  const { blob } = read;
  const reader = readerName(step);
  const key = accessKey(read);
  if (read.how === "saved") return;
  const isWritten = definite.get(key)?.some((gates) => gates.every((g) => step.gates.includes(g)));
  if (!isSaved(subject.options.checkpoint, blob) && phase !== "init" || blob.scratch) {
    const isFresh = blob.scratch && blob.initial !== undefined && read.how !== "previous";
    if (isFresh || isWritten === true && read.how !== "previous") return;
    found.add(
      blob.scratch ? "reads-scratch" : "reads-excluded",
      `${reader} of the ${phase} group can read blob "${blob.name}" before anything in the group has ` +
        `written it, and it is ${unsavedWord(blob)}`,
      `write it earlier in the group on every way, or let it be saved`,
    );
    return;
  }
  if (read.how === "optional" || read.how === "previous" || blob.initial !== undefined) return;
  if (check.earlier.has(key)) return;
  found.add(
    "read-before-write",
    `${reader} of the ${phase} group reads blob "${blob.name}" before anything has written it`,
    check.everWritten.has(key)
      ? `list it after the task that writes it, read previous(${blob.name}, …) or optional(…), or give it an initial value`
      : "write it first, or give it an initial value",
  );
}

function unsavedWord(blob: AnyBlob): string {
  return blob.scratch ? "scratch" : "not in the checkpoint plan's blobs";
}

function readerName(step: PlacedStep): string {
  return step.task === undefined ? "a group's if" : `task "${step.task.name}"`;
}
