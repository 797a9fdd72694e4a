/**
 * Says in what two runs of a job differ, and what is likely to be the cause.
 *
 * @module
 */
import type { Program } from "../program.ts";
import { type BlobDifference, writerOf } from "./compare.ts";
import type { Life } from "./ground.ts";

/** What a task should take instead, by what it uses. */
const INSTEAD: Readonly<Record<string, string>> = {
  "Math.random": "context.rng(name)",
  "crypto.randomUUID": "context.idempotencyKey, or context.rng(name)",
  "crypto.getRandomValues": "context.rng(name)",
  "Date.now": "a blob that one task writes, or a param",
  "new Date()": "a blob that one task writes, or a param",
  "performance.now": "nothing that the values depend on",
  "fetch": "a blob that keeps the answer",
};

/** Whether the runs were both left alone, or one of them was killed and resumed. */
export type Kind = "both uninterrupted" | "one killed";

/** Where two runs first differ, who wrote that, and why it may be. */
export function explainDifference(
  difference: BlobDifference,
  kind: Kind,
  program: Program,
  lives: readonly Life[],
): string {
  const { at, node, blob, difference: { path, left, right } } = difference;
  const end = at.phase === "epoch"
    ? at.epoch === 0 ? "after init" : `after epoch ${at.epoch}`
    : `after ${at.phase}`;
  const place = path === "" ? "" : ` at ${path}`;
  const writer = writerOf(difference, program);
  return [
    `They first differ ${end}, in blob "${blob}" of node "${node}"${place}: ` +
    `${left} in the first run, ${right} in the other.`,
    writer === undefined
      ? `No task of that group declares that it writes it: one that reads it may have changed it in place.`
      : `Task "${writer}" writes it. ${causeOf(writer, kind, lives)}`,
  ].join("\n");
}

function causeOf(task: string, kind: Kind, lives: readonly Life[]): string {
  const uses = [...new Set(lives.flatMap((life) => life.uses.get(task) ?? []))];
  if (uses.length > 0) {
    const [first = ""] = uses;
    return `Likely cause: it calls ${uses.join(", ")}, which is not the same again. ` +
      `Instead of ${first}, take ${INSTEAD[first]}.`;
  }
  return kind === "both uninterrupted"
    ? `Likely cause: it depends on something outside the job, such as a file, a server, or which of ` +
      `several pieces of work ends first. What it reads from outside belongs in a blob.`
    : `Likely cause: it keeps something from one epoch to the next outside blobs, such as in a variable ` +
      `of its module or in an open resource: a resumed run begins without it. Keep it in a blob.`;
}
