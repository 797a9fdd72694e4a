/**
 * Compiles a job to a program: the exact list of what is done, checkpoint tasks among it.
 *
 * @module
 */
import type { Layout } from "../dsl/layout.ts";
import type {
  AnyBlob,
  By,
  CheckpointPlan,
  Condition,
  Job,
  JobOptions,
  ParamRef,
  ParamValue,
} from "../dsl/mod.ts";
import { buildJob, JobError, paramProblem, paramValue, parseDuration } from "../dsl/mod.ts";
import { DEFAULT_NODE } from "../dsl/access.ts";
import { layOutJob, nodesOf, type PhaseName, PHASES } from "../dsl/check/check.ts";
import { Inventory, metricOf, stopConditions } from "../dsl/check/inventory.ts";
import { isSaved } from "../dsl/check/plan.ts";
import { countOf } from "../dsl/layout.ts";
import { nearNames } from "../dsl/near.ts";

/** One thing that the runner does. */
export type Action =
  | { readonly do: "run"; readonly phase: PhaseName }
  | { readonly do: "find blobs" }
  | { readonly do: "load" }
  | { readonly do: "derive" }
  | { readonly do: "save" }
  | { readonly do: "judge" }
  | { readonly do: "upload" }
  | { readonly do: "record"; readonly phase: "upload" | "download" | "exit" };

/** How often epochs are saved. */
export type SaveEvery =
  | { readonly epochs: number }
  | { readonly ms: number };

/** A blob on a node. */
export interface PlacedBlob {
  /** The node. */
  readonly node: string;
  /** The blob. */
  readonly blob: AnyBlob;
}

/** A number by which epochs are compared. */
export interface Metric extends PlacedBlob {
  /** Its name in manifests: `node/blob`. */
  readonly key: string;
}

/** A job compiled for some values of its params. */
export interface Program {
  /** The job's name. */
  readonly job: string;
  /** Its shape, for these params. */
  readonly shape: JobOptions;
  /** The values of all params, by name. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** All params, by name. */
  readonly declaredParams: ReadonlyMap<string, ParamRef<unknown>>;
  /** The nodes. */
  readonly nodes: readonly string[];
  /** The groups, laid out. */
  readonly groups: Readonly<Record<PhaseName, Layout>>;
  /** The stop conditions; any of them stops. */
  readonly until: readonly Condition[];
  /** The checkpoint plan. */
  readonly plan: CheckpointPlan;
  /** How often epochs are saved. */
  readonly every: SaveEvery;
  /** The blobs of each node that are in use, saved or not. */
  readonly blobs: readonly PlacedBlob[];
  /** Those that are saved. */
  readonly saved: readonly PlacedBlob[];
  /** Those that are derived: their init tasks run again on a resume. */
  readonly derived: readonly PlacedBlob[];
  /** The numbers recorded with each epoch. */
  readonly metrics: readonly Metric[];
  /** What a fresh start does first. */
  readonly fresh: readonly Action[];
  /** What a resume does first. */
  readonly resumed: readonly Action[];
  /** What each epoch does. */
  readonly epoch: readonly Action[];
  /** What is done after the last epoch. */
  readonly end: readonly Action[];
}

/** What a job is compiled for. */
export interface CompileOptions {
  /** Values of params by name, where they are not the defaults. */
  readonly params?: Readonly<Record<string, ParamValue>>;
  /** Whether something is uploaded after the last epoch. */
  readonly upload?: boolean;
}

/**
 * Compiles a job: what `plan` prints, and the runner interprets.
 *
 * @throws {JobError} Where the job is wrong for these params, or a param is unknown.
 *
 * @example
 * ```ts
 * import { blob, compile, epochs, job, task } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }) => ({ total: total + 1 }));
 * const sum = job("sum", { epoch: [add], until: epochs(3), checkpoint: { to: "memory:sum" } });
 *
 * const program = compile(sum);
 * assertEquals(program.epoch.map((action) => action.do), ["run", "judge", "save"]);
 * ```
 */
export function compile(job: Job, options: CompileOptions = {}): Program {
  const given = options.params ?? {};
  const shape = buildJob(job, given);
  const inventory = new Inventory(shape, job.shape);
  const declaredParams = new Map([...inventory.params].map((param) => [param.name, param]));
  const params = resolveParams(job, declaredParams, given);
  const groups = layOutJob(shape, params);
  const blobs = placedBlobs(groups);
  const derived = blobs.filter(({ blob }) => blob.derived);
  return Object.freeze({
    job: job.name,
    shape,
    params,
    declaredParams,
    nodes: nodesOf(groups),
    groups,
    until: stopConditions(shape.until),
    plan: shape.checkpoint,
    every: saveEvery(shape.checkpoint, params),
    blobs,
    saved: blobs.filter(({ blob }) => isSaved(shape.checkpoint, blob)),
    derived,
    metrics: metricsOf(shape, inventory),
    ...actions(shape, options.upload === true, derived.length > 0),
  });
}

function actions(
  shape: JobOptions,
  upload: boolean,
  derives: boolean,
): Pick<Program, "fresh" | "resumed" | "epoch" | "end"> {
  const end: Action[] = [];
  if (upload) end.push({ do: "upload" }, { do: "record", phase: "upload" });
  if ((shape.download ?? []).length > 0) {
    end.push({ do: "run", phase: "download" }, { do: "record", phase: "download" });
  }
  end.push({ do: "run", phase: "exit" }, { do: "record", phase: "exit" });
  return {
    fresh: [{ do: "run", phase: "init" }, { do: "find blobs" }, { do: "save" }],
    resumed: [
      ...[{ do: "load" }, { do: "judge" }] as const,
      ...derives ? [{ do: "derive" } as const] : [],
      { do: "find blobs" },
    ],
    epoch: [{ do: "run", phase: "epoch" }, { do: "judge" }, { do: "save" }],
    end,
  };
}

function resolveParams(
  job: Job,
  declared: ReadonlyMap<string, ParamRef<unknown>>,
  given: Readonly<Record<string, ParamValue>>,
): Readonly<Record<string, ParamValue>> {
  const problems = Object.entries(given).flatMap(([name, value]) => {
    const param = declared.get(name);
    if (param === undefined) {
      const near = nearNames(name, declared.keys(), 3);
      const mend = near.length === 0 ? "the job has none" : `the nearest are ${near.join(", ")}`;
      return [{ code: "unknown-param", message: `the job has no param "${name}"`, mend }];
    }
    const problem = paramProblem(param, value);
    return problem === undefined
      ? []
      : [{ code: "bad-param", message: `param "${name}" ${problem}` }];
  });
  if (problems.length > 0) throw new JobError(job.name, problems);
  const params: Record<string, ParamValue> = {};
  for (const [name, param] of declared) params[name] = paramValue(param, given);
  return Object.freeze(params);
}

function placedBlobs(groups: Readonly<Record<PhaseName, Layout>>): readonly PlacedBlob[] {
  const found = new Map<string, PlacedBlob>();
  for (const phase of PHASES) {
    for (const step of groups[phase].steps) {
      for (const { node, blob, how } of [...step.reads, ...step.writes]) {
        if (how !== "saved") found.set(`${node}/${blob.name}`, { node, blob });
      }
    }
  }
  return [...found.values()];
}

function saveEvery(plan: CheckpointPlan, params: Program["params"]): SaveEvery {
  if (plan.every === undefined) return { epochs: 1 };
  if (typeof plan.every === "object") return { epochs: countOf(plan.every.count, params) };
  return { ms: parseDuration(plan.every) };
}

function metricsOf(shape: JobOptions, inventory: Inventory): readonly Metric[] {
  const found = new Map<string, Metric>();
  const add = (by: By): void => {
    const { blob, node = DEFAULT_NODE } = metricOf(by);
    found.set(`${node}/${blob.name}`, { node, blob, key: `${node}/${blob.name}` });
  };
  for (const rule of shape.checkpoint.keep ?? []) if (rule.keep === "best") add(rule.by);
  for (const task of inventory.tasks) {
    for (const token of Object.values(task.declaration.reads).flat()) {
      if (token.kind === "saved") add(token.by);
    }
  }
  return [...found.values()];
}
