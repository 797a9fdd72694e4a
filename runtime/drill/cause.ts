/**
 * Says in what two runs of a job differ, and what is likely to be the cause.
 *
 * @module
 */
import type { AnyBlob } from "../../dsl/mod.ts";
import { tokensOf } from "../../dsl/access.ts";
import { derives as isDeriving } from "../derived/steps.ts";
import type { Program } from "../program.ts";
import { type BlobDifference, type RunDifference, type RunEnd, writersOf } from "./compare.ts";
import type { Life } from "./ground.ts";
import { OUTSIDE_TASKS } from "./uses.ts";

/** What a task should take instead, by what it uses. */
const INSTEAD: Readonly<Record<string, string>> = {
  "Math.random": "Instead of Math.random, take context.rng(name).",
  "crypto.randomUUID":
    "Instead of crypto.randomUUID, take context.idempotencyKey, or context.rng(name).",
  "crypto.getRandomValues": "Instead of crypto.getRandomValues, take context.rng(name).",
  "crypto.subtle.generateKey": "Keep the key in a blob, or open it as a resource.",
  "Date.now": "Instead of Date.now, take await context.now(), or a param.",
  "new Date()": "Instead of new Date(), take await context.now(), or a param.",
  "Date()": "Instead of Date(), take await context.now(), or a param.",
  "performance.now": "Let no value depend on performance.now.",
  "fetch": "Keep what fetch answers in a blob.",
  "Deno.connect": "Keep what the network answers in a blob.",
  "Deno.connectTls": "Keep what the network answers in a blob.",
  "new WebSocket": "Keep what the network answers in a blob.",
};

/** A task that derives runs again at another time, and so may not ask for it at all. */
const TIMES: readonly string[] = ["Date.now", "new Date()", "Date()"];

function insteadOf(uses: readonly string[], derives: boolean): string {
  const advice = uses.map((use) => {
    if (!derives || !TIMES.includes(use)) return INSTEAD[use];
    return `Instead of ${use}, take a param, or a blob in which another task keeps the time.`;
  });
  return [...new Set(advice)].filter((text) => text !== undefined).join(" ");
}

/** Two runs that differ. */
export interface Comparison {
  /** Whether the runs were both left alone, or one of them was killed and resumed. */
  readonly kind: "both uninterrupted" | "one killed";
  /** Whether they ran in one process, so that they share the variables of modules. */
  readonly isOneProcess: boolean;
  /** What they ran. */
  readonly program: Program;
  /** The starts of both. */
  readonly lives: readonly Life[];
}

/** Where two runs first differ, who wrote that, and why it may be. */
export function explainDifference(difference: RunDifference, comparison: Comparison): string {
  return "ends" in difference
    ? endText(difference.ends, comparison)
    : blobText(difference, comparison);
}

/** Why a derived blob is another on a resume, as far as what its task calls tells; nothing of other failures. */
export function explainDerived(
  failure: unknown,
  lives: readonly Life[],
  { groups }: Program,
): string | undefined {
  if (!(failure instanceof Error) || failure.name !== "DerivedChangedError") return undefined;
  const tasks = groups.init.steps.filter(isDeriving).flatMap(({ task }) => task?.name ?? []);
  for (const task of new Set([...tasks, OUTSIDE_TASKS])) {
    const uses = [...new Set(lives.flatMap((life) => life.uses.get(task) ?? []))];
    if (uses.length === 0) continue;
    const who = task === OUTSIDE_TASKS ? "outside tasks, the job" : `task "${task}"`;
    return `Likely cause: ${who} calls ${uses.join(", ")}, which is not the same again. ` +
      insteadOf(uses, true);
  }
  return `Likely cause: it depends on something outside the job, such as a variable of its module, a file ` +
    `or a server. Take a param or a resource with a stamp, or let the blob be saved.`;
}

function endText(
  [first, other]: readonly [RunEnd | undefined, RunEnd | undefined],
  comparison: Comparison,
): string {
  const outside = usesOf(OUTSIDE_TASKS, comparison);
  return [
    `The first run ended ${placeText(first)}, the other ${
      placeText(other)
    }; as far as both came, they ` +
    `saved the same values.`,
    `Likely cause: a stop condition asks something that is in no blob and no param` +
    `${outside.length === 0 ? ", such as the time or a variable of a module" : ""}. ` +
    `${outside.length === 0 ? "" : `Outside tasks, the job calls ${outside.join(", ")}. `}` +
    `Let a task keep in a blob what the condition asks.`,
  ].join("\n");
}

function placeText(end: RunEnd | undefined): string {
  if (end === undefined) return "with nothing saved";
  const phase = end.phase === "epoch" ? "" : `, with ${end.phase} done`;
  return `after epoch ${end.epoch}${phase}${end.stop === undefined ? "" : ` (${end.stop} holds)`}`;
}

function blobText(difference: BlobDifference, comparison: Comparison): string {
  const { at, node, blob, difference: { path, left, right } } = difference;
  const end = at.phase === "epoch"
    ? at.epoch === 0 ? "after init" : `after epoch ${at.epoch}`
    : `after ${at.phase}`;
  const place = path === "" ? "" : ` at ${path}`;
  const writers = writersOf(difference, comparison.program);
  return [
    `They first differ ${end}, in blob "${blob}" of node "${node}"${place}: ` +
    `${left} in the first run, ${right} in the other.`,
    writers.length === 0
      ? unwrittenText(difference, comparison)
      : `${writersText(writers)} it. ${causeOf(writers, node, comparison)}`,
  ].join("\n");
}

/** What may be where no task of the group writes a blob: it has its initial value, or was changed. */
function unwrittenText({ at, node, blob }: BlobDifference, comparison: Comparison): string {
  const { blobs } = comparison.program;
  const found = blobs.find((placed) => placed.node === node && placed.blob.name === blob);
  const outside = usesOf(OUTSIDE_TASKS, comparison);
  if (at.phase === "epoch" && at.epoch === 0 && found?.blob.initial !== undefined) {
    const calls = outside.length === 0
      ? ""
      : `: outside tasks, the job calls ${outside.join(", ")}`;
    return `No task of init writes it: it has its initial value, which is not the same each time${calls}. ` +
      `Let a task of init write it, with random numbers from context.rng(name).`;
  }
  return `No task of that group declares that it writes it: one that reads it may have changed it in place.`;
}

function writersText(writers: readonly string[]): string {
  const names = writers.map((name) => `"${name}"`);
  return names.length === 1 ? `Task ${names[0]} writes` : `Tasks ${names.join(", ")} write`;
}

function causeOf(tasks: readonly string[], node: string, comparison: Comparison): string {
  for (const task of [...tasks, OUTSIDE_TASKS]) {
    const uses = usesOf(task, comparison);
    if (uses.length === 0) continue;
    const who = task === OUTSIDE_TASKS
      ? "outside tasks, as in a predicate, the job"
      : tasks.length === 1
      ? "it"
      : `"${task}"`;
    const derives = comparison.program.groups.init.steps.some((step) =>
      step.task?.name === task && isDeriving(step)
    );
    return `Likely cause: ${who} calls ${uses.join(", ")}, which is not the same again. ` +
      insteadOf(uses, derives);
  }
  if (comparison.lives.some(({ recalls }) => tasks.some((task) => recalls.has(task)))) {
    return `Likely cause: one of its steps or pieces changes something beside its result, such as a blob ` +
      `or a variable: those that had finished before the kill were not run again, as their results ` +
      `are all that is kept of them. Let it return what it makes, and change blobs with that.`;
  }
  if (comparison.kind === "both uninterrupted") {
    const module = comparison.isOneProcess
      ? "a variable of its module, which the first run has left changed, "
      : "";
    return `Likely cause: it depends on something outside the job, such as ${module}a file, a server, ` +
      `or which of several pieces of work ends first. What it reads from outside belongs in a blob.`;
  }
  const coded = codedBlobs(tasks, node, comparison.program);
  const codec = coded.length === 0
    ? ""
    : `, or in what the codec of ${coded.join(", ")} leaves out`;
  return `Likely cause: it keeps something from one epoch to the next outside blobs, such as in a ` +
    `variable of its module or in an open resource${codec}: a resumed run begins without it. ` +
    `Keep it in a blob.`;
}

/** The blobs with a codec that some tasks read or change. */
function codedBlobs(
  tasks: readonly string[],
  node: string,
  { groups }: Program,
): readonly string[] {
  const steps = Object.values(groups).flatMap(({ steps }) => steps);
  const names = steps
    .filter((step) =>
      step.node === node && step.task !== undefined && tasks.includes(step.task.name)
    )
    .flatMap(({ task }) => task === undefined ? [] : [task.declaration])
    .flatMap(({ reads, updates }) => [...tokensOf(reads), ...tokensOf(updates)])
    .filter((token): token is AnyBlob => token.kind === "blob" && token.codec !== undefined)
    .map(({ name }) => `"${name}"`);
  return [...new Set(names)];
}

function usesOf(task: string, { lives }: Comparison): readonly string[] {
  return [...new Set(lives.flatMap((life) => life.uses.get(task) ?? []))];
}
