/**
 * Everything about a job that its types cannot catch, found when it is built.
 *
 * @module
 */
import { DEFAULT_NODE } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { JobOptions, ShapeParams } from "../job.ts";
import { type Layout, layOut, type ParamValues } from "../layout.ts";
import { checkBlobs } from "./blobs.ts";
import { checkConditions } from "./conditions.ts";
import { checkDeclarations, checkImmutable } from "./declarations.ts";
import { checkDerived } from "./derived.ts";
import { checkForm } from "./form.ts";
import { Inventory } from "./inventory.ts";
import { checkMigrations } from "./migrations.ts";
import { checkNames } from "./names.ts";
import { checkNumbers } from "./numbers.ts";
import { checkPlan } from "./plan.ts";
import { Usage } from "./usage.ts";

/** The groups of a job, in the order in which they run. */
export const PHASES: readonly PhaseName[] = ["init", "epoch", "download", "exit"];

/** One of a job's groups. */
export type PhaseName = "init" | "epoch" | "download" | "exit";

/** What the rules look at. */
export interface Subject {
  /** The job's name. */
  readonly name: string;
  /** Its shape. */
  readonly options: JobOptions;
  /** Its groups, laid out. */
  readonly layouts: Readonly<Record<PhaseName, Layout>>;
  /** Its nodes. */
  readonly nodes: ReadonlySet<string>;
  /** All its tokens and tasks. */
  readonly inventory: Inventory;
  /** Which nodes write and use which blobs. */
  readonly usage: Usage;
}

/** What a shape is checked with. */
export interface CheckContext {
  /** The params that the shape depends on. */
  readonly shape: ShapeParams;
  /** The values of params, by name, where they are not the defaults. */
  readonly params: ParamValues;
}

/** Lays a job's groups out. */
export function layOutJob(
  options: JobOptions,
  params: ParamValues,
): Readonly<Record<PhaseName, Layout>> {
  return {
    init: layOut(options.init ?? [], params),
    epoch: layOut(options.epoch, params),
    download: layOut(options.download ?? [], params),
    exit: layOut(options.exit ?? [], params),
  };
}

/** The nodes on which a job's tasks stand, in the order of the job. */
export function nodesOf(layouts: Readonly<Record<PhaseName, Layout>>): readonly string[] {
  const nodes = new Set<string>();
  for (const phase of PHASES) {
    for (const step of layouts[phase].steps) if (step.kind === "task") nodes.add(step.node);
  }
  return nodes.size === 0 ? [DEFAULT_NODE] : [...nodes];
}

/** All that is wrong with a job's shape. */
export function checkShape(
  name: string,
  options: JobOptions,
  context: CheckContext,
): readonly Problem[] {
  const form = checkForm(options);
  // What is not made of tokens, tasks and groups cannot be looked at further.
  if (form.length > 0) return form;
  const inventory = new Inventory(options, context.shape);
  const numbers = checkNumbers(options, inventory, context.params);
  let layouts: Subject["layouts"];
  try {
    layouts = layOutJob(options, context.params);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Where a count is no count, that is what is wrong.
    const isKnown = numbers.some((problem) => problem.code === "bad-count");
    const mend = "repeat less, or do more in each task";
    const found = isKnown ? [] : [{ code: "too-many-steps", message: error.message, mend }];
    return [...numbers, ...found, ...checkDeclarations(inventory.tasks)];
  }
  const nodes = new Set(nodesOf(layouts));
  const usage = new Usage(layouts);
  const subject: Subject = { name, options, layouts, nodes, inventory, usage };
  return [
    ...checkNames(subject),
    ...numbers,
    ...PHASES.flatMap((phase) => layouts[phase].problems),
    ...checkDeclarations(inventory.tasks),
    ...checkImmutable(subject),
    ...checkDerived(subject),
    ...checkBlobs(subject),
    ...checkConditions(subject),
    ...checkPlan(subject),
    ...checkMigrations(subject),
  ];
}
