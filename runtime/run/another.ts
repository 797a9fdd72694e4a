/**
 * Whether a person has made of a job another one than it was.
 *
 * @module
 */
import { conditionTokens, paramsIn, taskParams } from "../../dsl/access.ts";
import type { JobDescription, JobParts } from "../../storage/mod.ts";
import { compareParts } from "../change/compare.ts";
import { whensOf } from "../conditions.ts";
import type { Phase } from "../events.ts";
import type { Program } from "../program.ts";
import type { Params } from "./settings.ts";

type Fields = Readonly<Record<string, string>>;

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

/**
 * Whether a job was edited in what its epochs come to, or in what the phase does that is run next: what
 * was asked of others under its keys may be something else now.
 */
export function isEdited(
  now: JobDescription,
  before: JobDescription | undefined,
  phase: Phase,
): boolean {
  if (before === undefined || before.sha256 === now.sha256) return false;
  if (before.parts === undefined || now.parts === undefined) return true;
  return isOther(before.parts, now.parts) ||
    isOther(asEpoch(before.parts, phase), asEpoch(now.parts, phase));
}

/**
 * Whether stop conditions ask what they asked when an epoch was saved: their code, as far as it is seen,
 * and the params that they read are as they were.
 */
export function isJudgedAlike(
  { until, params }: Program,
  now: JobDescription,
  before: { readonly description: JobDescription | undefined; readonly params: Params },
): boolean {
  const { description } = before;
  if (description === undefined) return false;
  const asked = (of: JobDescription) => of.parts?.["until"]?.["job"]?.["is"];
  const isSame = description.sha256 === now.sha256 ||
    (asked(now) !== undefined && asked(now) === asked(description));
  return isSame && until.flatMap(whensOf).flatMap((when) => paramsIn(conditionTokens(when)))
    .every(({ name }) => before.params[name] === params[name]);
}

/** What a job that starts anew is told of edits since its last start, of which nothing is saved. */
export function editNotices(
  now: JobDescription,
  before: JobDescription | undefined,
): readonly string[] {
  if (before?.parts === undefined || now.parts === undefined) return [];
  const changes = compareParts(before.parts, now.parts);
  return changes.map(({ what }) =>
    `changed since the last start, which has saved nothing: ${what}`
  );
}

function isOther(before: JobParts, now: JobParts): boolean {
  return compareParts(before, now).some(({ verdict }) => verdict !== "harmless");
}

/** A job whose epochs do what a phase does, so that an edit of it is judged as one of the epochs. */
function asEpoch(parts: JobParts, phase: Phase): JobParts {
  const { tasks = {}, groups = {}, resources = {}, blobs = {} } = parts;
  const own = Object.entries(tasks).filter(([, task]) => task["in"]?.split(", ").includes(phase));
  return {
    ...parts,
    tasks: mapOf(own, ({ derives: _, ...task }) => ({ ...task, in: "epoch" })),
    groups: { epoch: groups[phase] ?? {} },
    resources: mapOf(Object.entries(resources), ({ derives: _, ...resource }) => resource),
    // Only init finds blobs as they begin.
    blobs: phase !== "init" ? {} : mapOf(Object.entries(blobs), (b) => ({ ...b, saved: "no" })),
  };
}

function mapOf(
  entries: readonly (readonly [string, Fields])[],
  change: (fields: Fields) => Fields,
): Record<string, Fields> {
  return Object.fromEntries(entries.map(([name, fields]) => [name, change(fields)]));
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
