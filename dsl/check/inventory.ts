/**
 * All tokens and tasks of a job.
 *
 * @module
 */
import { conditionTokens, tokensOf } from "../access.ts";
import type { Condition } from "../condition.ts";
import type { Group, Step } from "../group.ts";
import type { JobOptions, ShapeParams } from "../job.ts";
import type { Keep } from "../keep.ts";
import type { AnyTask } from "../task.ts";
import type { AnyBlob, AnyToken, By, CursorRef, ParamRef, ResourceRef } from "../token.ts";

/** The conditions of a job's `until`. */
export function stopConditions(until: JobOptions["until"] | undefined): readonly Condition[] {
  if (until === undefined) return [];
  return Array.isArray(until) ? until as readonly Condition[] : [until as Condition];
}

/** A condition and all those inside it, each once. */
export function flatten(condition: Condition): readonly Condition[] {
  const all = new Set<Condition>();
  const add = (one: Condition): void => {
    if (all.has(one)) return;
    all.add(one);
    if ("conditions" in one) one.conditions.forEach(add);
  };
  add(condition);
  return [...all];
}

/** The blob of a {@linkcode By}, and its node where one is named. */
export function metricOf(
  by: By,
): {
  readonly blob: AnyBlob;
  readonly node: string | undefined;
  readonly direction: "max" | "min";
} {
  const direction = "max" in by ? "max" : "min";
  const token = "max" in by ? by.max : by.min;
  return token.kind === "from"
    ? { blob: token.blob, node: token.node, direction }
    : { blob: token, node: undefined, direction };
}

/** All tokens, tasks and groups that a job's shape names, each once. */
export class Inventory {
  /** The blobs. */
  readonly blobs: Set<AnyBlob> = new Set();
  /** The params. */
  readonly params: Set<ParamRef<unknown>> = new Set();
  /** The resources. */
  readonly resources: Set<ResourceRef<unknown>> = new Set();
  /** The cursors. */
  readonly cursors: Set<CursorRef<unknown>> = new Set();
  /** The tasks. */
  readonly tasks: Set<AnyTask> = new Set();
  /** The groups. */
  readonly groups: Set<Group> = new Set();
  /** The stop conditions, those inside others too. */
  readonly conditions: readonly Condition[];

  /** Collects from a job's shape. */
  constructor(options: JobOptions, shape: ShapeParams) {
    for (const param of Object.values(shape)) this.params.add(param);
    const { init = [], epoch, download = [], exit = [], checkpoint } = options;
    for (const step of [...init, ...epoch, ...download, ...exit]) this.#step(step);
    this.conditions = stopConditions(options.until).flatMap(flatten);
    for (const condition of this.conditions) this.#condition(condition);
    const { every, keep, blobs } = checkpoint;
    if (typeof every === "object") this.#condition(every);
    for (const rule of (keep ?? []) as readonly Keep[]) if (rule.keep === "best") this.#by(rule.by);
    for (const blob of [...blobs?.include ?? [], ...blobs?.exclude ?? []]) this.#token(blob);
  }

  #step(step: Step): void {
    if (step.kind === "task") return this.#task(step);
    if (this.groups.has(step)) return;
    this.groups.add(step);
    this.#count(step.times);
    if (step.if !== undefined) this.#condition(step.if);
    for (const inner of step.steps) this.#step(inner);
  }

  #task(task: AnyTask): void {
    if (this.tasks.has(task)) return;
    this.tasks.add(task);
    const { reads, updates, writes } = task.declaration;
    for (const part of [reads, updates, writes]) tokensOf(part).forEach((t) => this.#token(t));
    if (task.declaration.if !== undefined) this.#condition(task.declaration.if);
  }

  #token(token: AnyToken): void {
    switch (token.kind) {
      case "blob":
        this.blobs.add(token);
        return;
      case "param":
        this.params.add(token);
        return;
      case "resource":
        if (this.resources.has(token)) return;
        this.resources.add(token);
        Object.values(token.reads).forEach((read) => this.#token(read));
        return;
      case "cursor":
        this.cursors.add(token);
        this.#count(token.take);
        return this.#token(token.over);
      case "saved":
        this.#by(token.by);
        return this.#token(token.blob);
      default:
        return this.#token(token.blob);
    }
  }

  #condition(condition: Condition): void {
    switch (condition.of) {
      case "epochs":
        return this.#count(condition.count);
      case "when":
        return conditionTokens(condition).forEach((token) => this.#token(token));
      case "drained":
        return this.#token(condition.cursor);
      case "plateau":
        this.#count(condition.epochs);
        return this.#by(condition.by);
      default:
        // Those inside others are among the job's conditions themselves.
        return;
    }
  }

  #by(by: By): void {
    this.blobs.add(metricOf(by).blob);
  }

  #count(count: number | ParamRef<number> | undefined): void {
    if (typeof count === "object") this.params.add(count);
  }
}
