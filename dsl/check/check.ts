/**
 * Everything about a job that its types cannot catch, found when it is built.
 *
 * @module
 */
import { DEFAULT_NODE } from "../access.ts";
import type { Problem } from "../errors.ts";
import type { JobOptions, ShapeParams } from "../job.ts";
import { type Layout, layOut, type ParamValues, type PlacedStep } from "../layout.ts";
import { checkBlobs } from "./blobs.ts";
import { checkConditions } from "./conditions.ts";
import { checkNames } from "./names.ts";
import { checkNumbers } from "./numbers.ts";
import { checkPlan } from "./plan.ts";
import { Inventory } from "./inventory.ts";

/** The groups of a job, in the order in which they run. */
export const PHASES = ["init", "epoch", "download", "exit"] as const;

/** One of a job's groups. */
export type PhaseName = (typeof PHASES)[number];

/** What the rules look at. */
export interface Subject {
  /** The job's name. */
  readonly name: string;
  /** Its shape. */
  readonly options: JobOptions;
  /** Its groups, laid out. */
  readonly layouts: Readonly<Record<PhaseName, Layout>>;
  /** Its nodes. */
  readonly nodes: readonly string[];
  /** All its tokens and tasks. */
  readonly inventory: Inventory;
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

/** The tasks of all groups. */
export function placedTasks(subject: Subject): readonly PlacedStep[] {
  return PHASES.flatMap((phase) => subject.layouts[phase].steps)
    .filter((step) => step.kind === "task");
}

/** All that is wrong with a job's shape. */
export function checkShape(
  name: string,
  options: JobOptions,
  context: CheckContext,
): readonly Problem[] {
  const inventory = new Inventory(options, context.shape);
  const numbers = checkNumbers(options, inventory, context.params);
  // A group with a wrong count cannot be laid out, and what follows needs the layout.
  if (numbers.some((problem) => problem.code === "bad-count")) return numbers;
  let layouts: Subject["layouts"];
  try {
    layouts = layOutJob(options, context.params);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [...numbers, { code: "too-many-steps", message: error.message }];
  }
  const subject: Subject = { name, options, layouts, nodes: nodesOf(layouts), inventory };
  return [
    ...checkNames(subject),
    ...numbers,
    ...PHASES.flatMap((phase) => layouts[phase].problems),
    ...checkBlobs(subject),
    ...checkConditions(subject),
    ...checkPlan(subject),
  ];
}
