/**
 * Digests of what a task's function is, to tell whether it was edited.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { AnyTask } from "../../dsl/mod.ts";

const codes = new WeakMap<object, string>();

/** A digest of a function's text. What it takes from around it is not seen. */
export function codeOf(run: (...args: never[]) => unknown): string {
  const known = codes.get(run);
  if (known !== undefined) return known;
  const code = digest(run.toString());
  codes.set(run, code);
  return code;
}

/** A digest of a task's function, and of what it reads and writes where it stands. */
export function codeOfStep({ reads, writes }: PlacedStep, task: AnyTask): string {
  const accesses = (list: PlacedStep["reads"]): string =>
    list.map(({ node, blob, how }) => `${how} ${node}/${blob.name}`).join(",");
  const { if: condition } = task.declaration;
  const body = codeOf(task.body as (...args: never[]) => unknown);
  const judged = condition === undefined
    ? ""
    : codeOf(condition.holds as (...args: never[]) => unknown);
  return digest(`${body}\n${judged}\n${accesses(reads)}\n${accesses(writes)}`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
