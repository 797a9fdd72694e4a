/**
 * Says what of a step is another than when it was recorded.
 *
 * @module
 */
import { conditionTokens, paramsIn, taskParams, tokensOf } from "../../dsl/access.ts";
import type { ParamValues, PlacedStep } from "../../dsl/layout.ts";
import { type AnyTask, type AnyToken, paramValue } from "../../dsl/mod.ts";
import type { JobParts } from "../../storage/mod.ts";
import { compareParts } from "./compare.ts";

/** What a step depends on that can be told. */
export interface StepGround {
  /** The values of params. */
  readonly params: ParamValues;
  /** The job's description; none where it was not kept. */
  readonly parts: JobParts | undefined;
}

type Names = Readonly<Record<string, ReadonlySet<string>>>;

/** What of each part of a description a step's digest is made of. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  tasks: ["code", "version", "reads", "updates", "writes", "if"],
  blobs: ["initial", "codec"],
  resources: ["code", "reads"],
  cursors: ["takes"],
};

/**
 * What was edited of a step of a group, or else of what it waits for, or of the group, in the job's own
 * words; nothing where nobody can tell.
 */
export function whatWasEdited(
  step: PlacedStep,
  group: { readonly phase: string; readonly steps: readonly PlacedStep[] },
  then: StepGround,
  now: StepGround,
): string | undefined {
  const own = editsOf(step, then, now);
  if (own.length > 0) return own.join("; ");
  const seen = new Set<number>();
  const queue = [...step.dependsOn];
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    const before = group.steps[index];
    if (before === undefined || seen.has(index)) continue;
    seen.add(index);
    const edits = editsOf(before, then, now);
    if (edits.length > 0) return `${before.id}, for which it waits: ${edits.join("; ")}`;
    queue.push(...before.dependsOn);
  }
  const others = groupEdits(group.phase, then, now);
  return others.length > 0 ? others.join("; ") : undefined;
}

function editsOf({ task, condition }: PlacedStep, then: StepGround, now: StepGround): string[] {
  const tokens = condition === undefined ? [] : conditionTokens(condition);
  const params = [...paramsIn(tokens), ...task === undefined ? [] : taskParams(task)];
  const values = new Map(params.map((param) => [param.name, paramValue(param, now.params)]));
  const changed = [...values].flatMap(([name, value]) => {
    const was = Object.hasOwn(then.params, name) ? then.params[name] : undefined;
    if (Object.is(was, value)) return [];
    return [
      `param ${name}: ${was === undefined ? "new" : JSON.stringify(was)} → ${
        JSON.stringify(value)
      }`,
    ];
  });
  if (then.parts === undefined || now.parts === undefined) return changed;
  const names = namesIn(tokens, task);
  const changes = compareParts(only(then.parts, names), only(now.parts, names));
  return [...changed, ...changes.map(({ what }) => what)];
}

/** The tasks that a group has no longer, or has since, and the order of those that it had. */
function groupEdits(phase: string, then: StepGround, now: StepGround): readonly string[] {
  if (then.parts === undefined || now.parts === undefined) return [];
  const parts = [then.parts, now.parts].map(({ tasks = {}, groups = {} }) => ({
    tasks: Object.fromEntries(
      Object.entries(tasks).filter(([, task]) => task["in"]?.split(", ").includes(phase))
        .map(([name]) => [name, { in: phase }]),
    ),
    groups: { [phase]: groups[phase] ?? {} },
  }));
  return compareParts(parts[0] ?? {}, parts[1] ?? {}).map(({ what }) => what);
}

/** All that a step's own words name, by the part of a description in which it stands. */
function namesIn(condition: readonly AnyToken[], task: AnyTask | undefined): Names {
  const names = {
    tasks: new Set<string>(task === undefined ? [] : [task.name]),
    ...{ blobs: new Set<string>(), resources: new Set<string>(), cursors: new Set<string>() },
  };
  const visit = (token: AnyToken): void => {
    switch (token.kind) {
      case "param":
        return;
      case "blob":
        names.blobs.add(token.name);
        return;
      case "resource":
        names.resources.add(token.name);
        return Object.values(token.reads).forEach(visit);
      case "cursor":
        names.cursors.add(token.name);
        return visit(token.over);
      default:
        names.blobs.add(token.blob.name);
    }
  };
  condition.forEach(visit);
  if (task === undefined) return names;
  const { reads, updates, writes, if: judged } = task.declaration;
  for (const tokens of [reads, updates, writes]) tokensOf(tokens).forEach(visit);
  if (judged !== undefined) conditionTokens(judged).forEach(visit);
  return names;
}

/** A description without all but some names, and what their digests are made of. */
function only(parts: JobParts, names: Names): JobParts {
  return Object.fromEntries(
    Object.entries(FIELDS).map(([part, kept]) => {
      const found = Object.entries(parts[part] ?? {}).filter(([name]) => names[part]?.has(name));
      const fields = found.map(([name, all]) => [
        name,
        Object.fromEntries(Object.entries(all).filter(([field]) => kept.includes(field))),
      ]);
      return [part, Object.fromEntries(fields)];
    }),
  );
}
