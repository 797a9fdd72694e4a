/**
 * Rules about counts, durations and the values of params.
 *
 * @module
 */
import type { Plateau } from "../condition.ts";
import type { Retry } from "../context.ts";
import { type Duration, parseDuration } from "../duration.ts";
import type { Problem } from "../errors.ts";
import type { JobOptions } from "../job.ts";
import { countOf, MOST_STEPS, type ParamValues } from "../layout.ts";
import { paramProblem, paramValue } from "../param.ts";
import { parseSize, type Size } from "../size.ts";
import type { ParamRef } from "../token.ts";
import type { Inventory } from "./inventory.ts";

/** Counts that are no counts, durations that are none, and params whose defaults break their rules. */
export function checkNumbers(
  options: JobOptions,
  inventory: Inventory,
  params: ParamValues,
): readonly Problem[] {
  const check = new Numbers(params);
  for (const param of inventory.params) check.param(param);
  for (const group of inventory.groups) {
    if (group.times !== undefined) check.count("repeat", group.times, 0, MOST_STEPS);
    if (group.nodes !== undefined) check.nodes(group.nodes);
  }
  for (const cursor of inventory.cursors) {
    check.count(`cursor "${cursor.name}": take`, cursor.take, 1);
  }
  for (const { name, declaration } of inventory.tasks) {
    if (declaration.timeout !== undefined) {
      check.duration(`task "${name}": timeout`, declaration.timeout, 1);
    }
    if (declaration.retry !== undefined) check.retry(name, declaration.retry);
  }
  for (const condition of inventory.conditions) {
    if (condition.of === "epochs") check.count("until: epochs", condition.count, 1);
    if (condition.of === "plateau") check.plateau(condition);
    if (condition.of === "elapsed") check.duration("until: elapsed", condition.duration);
  }
  checkPlanNumbers(options, check);
  return check.problems;
}

function checkPlanNumbers({ checkpoint }: JobOptions, check: Numbers): void {
  const { every, keep = [] } = checkpoint;
  if (typeof every === "object") check.count("checkpoint: every", every.count, 1);
  else if (every !== undefined) check.duration("checkpoint: every", every);
  for (const rule of keep) {
    if (rule.keep === "younger") check.duration("checkpoint: keepYounger", rule.than);
    else if (rule.keep === "every") check.count("checkpoint: keepEvery", rule.epochs, 1);
    else if (rule.keep === "interval") check.duration("checkpoint: keepEvery", rule.duration, 1);
    else if (rule.keep === "within") check.size("checkpoint: keepWithin", rule.size);
    else {check.count(
        `checkpoint: ${rule.keep === "last" ? "keepLast" : "keepBest"}`,
        rule.count,
        1,
      );}
  }
}

class Numbers {
  readonly problems: Problem[] = [];

  constructor(readonly params: ParamValues) {}

  problem(code: string, message: string, mend: string): void {
    this.problems.push({ code, message, mend });
  }

  count(what: string, count: number | ParamRef<number>, least: number, most = 1e9): void {
    const value = countOf(count, this.params);
    if (Number.isInteger(value) && value >= least && value <= most) return;
    const source = typeof count === "number" ? "" : ` (param "${count.name}")`;
    this.problem(
      "bad-count",
      `${what} is ${value}${source}`,
      `give a whole number from ${least} to ${most}`,
    );
  }

  nodes(nodes: readonly string[]): void {
    if (nodes.length === 0) this.problem("no-nodes", "replicate has no nodes", "name one");
    const twice = nodes.find((node, index) => nodes.indexOf(node) !== index);
    if (twice === undefined) return;
    this.problem("duplicate-node", `replicate names node "${twice}" twice`, "name each once");
  }

  plateau({ epochs, minDelta }: Plateau): void {
    this.count("until: plateau: epochs", epochs, 1);
    if (Number.isFinite(minDelta) && minDelta >= 0) return;
    this.problem("bad-number", `until: plateau: minDelta is ${minDelta}`, "give 0 or more");
  }

  size(what: string, size: Size): void {
    try {
      if (parseSize(size) > 0) return;
    } catch {
      // The problem below says what is expected.
    }
    this.problem(
      "bad-size",
      `${what} is "${size}"`,
      'write a number, a space and a unit (KiB, MiB, GiB, TiB), as in "20 GiB"',
    );
  }

  duration(what: string, duration: Duration, leastMs = 0): void {
    const ms = millisecondsOf(duration);
    if (ms !== undefined && ms >= leastMs) return;
    const problem = ms === undefined ? "which is no duration" : "which is too short";
    this.problem(
      "bad-duration",
      `${what} is "${duration}", ${problem}`,
      'write a number and a unit (ms, s, m, h, d), as in "10m"',
    );
  }

  retry(task: string, retry: Retry): void {
    this.count(`task "${task}": retry: attempts`, retry.attempts, 1);
    if (retry.delay !== undefined) this.duration(`task "${task}": retry: delay`, retry.delay);
    if (retry.maxDelay !== undefined) {
      this.duration(`task "${task}": retry: maxDelay`, retry.maxDelay);
    }
  }

  param(param: ParamRef<unknown>): void {
    const problem = paramProblem(param, param.default);
    if (problem !== undefined) {
      const message = `the default of param "${param.name}" ${problem}`;
      this.problem("bad-param", message, "change the default or what it is held to");
    }
    const given = paramValue(param, this.params);
    const wrong = Object.is(given, param.default) ? undefined : paramProblem(param, given);
    if (wrong !== undefined) {
      this.problem("bad-param", `param "${param.name}" ${wrong}`, "give it another value");
    }
  }
}

function millisecondsOf(duration: Duration): number | undefined {
  try {
    return parseDuration(duration);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
