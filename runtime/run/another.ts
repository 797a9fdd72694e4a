/**
 * Whether a person has made of a job another one than it was.
 *
 * @module
 */
import { conditionTokens, paramsIn, taskParams } from "../../dsl/access.ts";
import type { JobDescription } from "../../storage/mod.ts";
import { compareParts } from "../change/compare.ts";
import type { Program } from "../program.ts";
import type { Params } from "./settings.ts";

/** A job, with what it is run. */
export interface PresentSettings {
  /** The job compiled, with the values of its params. */
  readonly program: Program;
  /** The seed. */
  readonly seed: number;
}

/** Whether the seed, or a param that a task reads, is another than it was. */
export function hasOtherSettings(
  { program, seed }: PresentSettings,
  before: { readonly params: Params; readonly seed: number },
): boolean {
  if (seed !== before.seed) return true;
  return paramsRead(program).some((name) =>
    Object.hasOwn(before.params, name) && before.params[name] !== program.params[name]
  );
}

/** Whether a job was edited in what its epochs come to. */
export function isEdited(now: JobDescription, before: JobDescription | undefined): boolean {
  if (before === undefined || before.sha256 === now.sha256) return false;
  if (before.parts === undefined || now.parts === undefined) return true;
  return compareParts(before.parts, now.parts).some(({ verdict }) => verdict !== "harmless");
}

/** The params that tasks read; what decides only when a job ends has no part in what they do. */
function paramsRead({ groups }: Program): readonly string[] {
  return Object.values(groups).flatMap(({ steps }) =>
    steps.flatMap(({ task, condition }) => {
      const judged = condition === undefined ? [] : paramsIn(conditionTokens(condition));
      return [...judged, ...task === undefined ? [] : taskParams(task)].map(({ name }) => name);
    })
  );
}
