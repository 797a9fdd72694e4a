/**
 * Groups: how tasks are put together.
 *
 * @module
 */
import type { When } from "./condition.ts";
import type { AnyTask } from "./task.ts";
import { type ParamRef, token } from "./token.ts";

/** A task, or a group of steps. */
export type Step = AnyTask | Group;

/** Steps put together. Make one with {@linkcode group} and its siblings. */
export interface Group {
  /** Which kind of step it is. */
  readonly kind: "group";
  /** How its steps stand to each other. */
  readonly mode: "group" | "sequence" | "parallel";
  /** Its steps. */
  readonly steps: readonly Step[];
  /** Runs its steps only where this holds, judged once before the first of them. */
  readonly if: When | undefined;
  /** How often its steps run, as if listed that often; once where not given. */
  readonly times: number | ParamRef<number> | undefined;
  /** On which nodes its steps run, each on every one; where not given, on the enclosing group's. */
  readonly nodes: readonly string[] | undefined;
  /** Whether each node's copy knows its index and the count. */
  readonly replicated: boolean;
}

/** How a group runs. */
export interface GroupOptions {
  /** Runs the steps only where this holds, judged once before the first of them. */
  readonly if: When;
}

const PLAIN_GROUP = {
  kind: "group",
  mode: "group",
  if: undefined,
  times: undefined,
  nodes: undefined,
  replicated: false,
} as const;

function make(
  mode: Group["mode"],
  first: GroupOptions | Step | undefined,
  rest: readonly Step[],
): Group {
  const given = first === undefined ? [] : "kind" in first ? [first] : [];
  const condition = first !== undefined && !("kind" in first) ? first.if : undefined;
  return token({
    ...PLAIN_GROUP,
    mode,
    if: condition,
    steps: Object.freeze([...given, ...rest]),
  });
}

/**
 * Puts steps together in list order: the result equals running them one after another; those that
 * share no blob run at once.
 *
 * @example
 * ```ts
 * import { blob, group, task, when } from "tidemark";
 *
 * const count = blob("count", { initial: () => 0 });
 * const add = task("add", { reads: { count }, writes: { count } })
 *   .run(({ count }) => ({ count: count + 1 }));
 * const upToTen = group({ if: when(count, (n) => n < 10) }, add);
 * ```
 */
export function group(first?: GroupOptions | Step, ...steps: Step[]): Group {
  return make("group", first, steps);
}

/** Puts steps one after another: each starts when the one before it has ended. */
export function sequence(first?: GroupOptions | Step, ...steps: Step[]): Group {
  return make("sequence", first, steps);
}

/** Puts steps side by side; steps that use a blob another one changes are a build error. */
export function parallel(first?: GroupOptions | Step, ...steps: Step[]): Group {
  return make("parallel", first, steps);
}

/**
 * Runs steps `times` times over, as if they were listed that often: turns that use one blob run one
 * after another, others may run at once.
 */
export function repeat(times: number | ParamRef<number>, ...steps: Step[]): Group {
  return token({ ...PLAIN_GROUP, times, steps: Object.freeze(steps) });
}

/** Runs steps on a node; without it they run on the node `main`. */
export function on(node: string, ...steps: Step[]): Group {
  return token({ ...PLAIN_GROUP, nodes: Object.freeze([node]), steps: Object.freeze(steps) });
}

/** Runs a copy of the steps on each node; a task's context says which replica it is. */
export function replicate(nodes: readonly string[], ...steps: Step[]): Group {
  return token({
    ...PLAIN_GROUP,
    nodes: Object.freeze([...nodes]),
    replicated: true,
    steps: Object.freeze(steps),
  });
}
