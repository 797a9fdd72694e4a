/**
 * Whether a job is made of tokens, tasks, groups and conditions at all.
 *
 * The compiler sees to this; a job in plain JavaScript, or with a cast, can get it wrong.
 *
 * @module
 */
import type { Problem } from "../errors.ts";
import { PHASES } from "./check.ts";

/** How deep groups and conditions may be nested. */
export const MOST_DEPTH = 200;

const VIEWS: readonly unknown[] = ["previous", "optional", "from", "gather", "saved"];
const CONDITIONS: readonly unknown[] = [
  ...["epochs", "when", "drained", "plateau", "elapsed", "any", "all", "not"],
];

/** What is not what it must be. */
export function checkForm(options: unknown): readonly Problem[] {
  const form = new Form();
  form.job(options);
  return form.problems;
}

type Fields = Readonly<Record<string, unknown>>;

class Form {
  readonly problems: Problem[] = [];
  readonly #seen = new Set<object>();

  job(options: unknown): void {
    if (!isObject(options)) {
      return this.#not("the job's shape", options, "an object with epoch, until and checkpoint");
    }
    for (const phase of PHASES) {
      const steps = options[phase];
      if (steps === undefined && phase !== "epoch") continue;
      if (!Array.isArray(steps)) this.#not(phase, steps, "a list of tasks and groups");
      else for (const step of steps) this.#step(step, `the ${phase} group`, 0);
    }
    const { until, checkpoint } = options;
    for (const condition of until === undefined ? [] : listOf(until)) {
      this.#condition(condition, "until", 0);
    }
    this.#plan(checkpoint);
  }

  #plan(plan: unknown): void {
    if (!isObject(plan)) {
      return this.#not("checkpoint", plan, 'a plan, as in { to: "file:checkpoints" }');
    }
    const { every, keep, blobs, migrate } = plan;
    if (typeof every === "object") this.#condition(every, "checkpoint: every", 0, ["epochs"]);
    for (const rule of this.#list(keep, "checkpoint: keep", "a list of rules")) {
      if (!isObject(rule) || typeof rule["keep"] !== "string") {
        this.#not("checkpoint: keep", rule, "a rule such as keepLast(3)");
      } else if (rule["keep"] === "best") this.#by(rule["by"], "checkpoint: keepBest");
    }
    for (const one of this.#list(migrate, "checkpoint: migrate", "a list of migrations")) {
      if (isObject(one) && one["kind"] === "migration" && isObject(one["task"])) {
        this.#task(one["task"]);
      } else this.#not("checkpoint: migrate", one, "what migration(…).run(…) gives");
    }
    if (blobs === undefined) return;
    if (!isObject(blobs)) return this.#not("checkpoint: blobs", blobs, "include or exclude");
    for (const part of ["include", "exclude"]) {
      const where = `checkpoint: blobs: ${part}`;
      for (const blob of this.#list(blobs[part], where, "a list of blobs")) {
        this.#token(blob, where, ["blob"]);
      }
    }
  }

  #step(step: unknown, where: string, depth: number): void {
    if (!isObject(step) || step["kind"] !== "task" && step["kind"] !== "group") {
      return this.#noStep(step, where);
    }
    if (this.#seen.has(step)) return;
    this.#seen.add(step);
    if (step["kind"] === "task") return this.#task(step);
    if (depth > MOST_DEPTH) return this.#tooDeep(where);
    if (step["if"] !== undefined) this.#condition(step["if"], "a group's if", 0, ["when"]);
    const steps = this.#list(step["steps"], where, "a list of tasks and groups");
    for (const inner of steps) this.#step(inner, where, depth + 1);
    this.#count(step["times"], "repeat");
  }

  #noStep(step: unknown, where: string): void {
    if (!isObject(step) || step["kind"] !== "task without .run(…)") {
      return this.#not(where, step, "a task or a group");
    }
    this.problems.push({
      code: "forgotten-run",
      message: `task "${step["name"]}" of ${where} has no function`,
      mend: "give it one with .run(…)",
    });
  }

  #task(task: Fields): void {
    const name = `task "${task["name"]}"`;
    const declaration = task["declaration"];
    if (!isObject(declaration) || typeof task["body"] !== "function") {
      return this.#not(name, task, "what task(…).run(…) gives");
    }
    for (const part of ["reads", "updates", "writes"]) {
      const kinds = part === "reads" ? undefined : ["blob"];
      const tokens = declaration[part];
      if (!isObject(tokens)) this.#not(`${name}: ${part}`, tokens, "an object of tokens");
      else this.#tokens(tokens, `${name}: ${part}`, kinds);
    }
    if (declaration["if"] !== undefined) {
      this.#condition(declaration["if"], `${name}: if`, 0, ["when"]);
    }
    for (const before of this.#list(declaration["after"], `${name}: after`, "a list of tasks")) {
      if (!isObject(before) || before["kind"] !== "task") this.#noStep(before, `${name}: after`);
    }
    const retry = declaration["retry"];
    if (retry !== undefined && !isObject(retry)) {
      this.#not(`${name}: retry`, retry, "an object, as in { attempts: 3 }");
    }
  }

  #tokens(tokens: Fields, where: string, kinds?: readonly unknown[]): void {
    for (const [key, token] of Object.entries(tokens)) {
      for (const one of listOf(token)) this.#token(one, `${where}: ${key}`, kinds);
    }
  }

  #token(token: unknown, where: string, kinds?: readonly unknown[]): void {
    const kind = isObject(token) ? token["kind"] : undefined;
    const isView = kinds === undefined && VIEWS.includes(kind);
    const isKnown = (kinds ?? ["blob", "param", "resource", "cursor"]).includes(kind);
    if (!isObject(token) || !isView && !isKnown) {
      return this.#not(where, token, kinds === undefined ? "a token" : `a ${kinds.join(" or a ")}`);
    }
    if (kind === "cursor") {
      this.#token(token["over"], `cursor "${token["name"]}": over`, ["blob", "resource"]);
      this.#count(token["take"], `cursor "${token["name"]}": take`);
    }
    if (isView) this.#token(token["blob"], `${where}: ${kind}`, ["blob"]);
    if (kind === "saved") this.#by(token["by"], `${where}: saved`);
    if (kind === "resource") {
      const reads = token["reads"];
      const what = `resource "${token["name"]}": reads`;
      if (isObject(reads)) this.#tokens(reads, what, ["param", "resource"]);
    }
  }

  #condition(condition: unknown, where: string, depth: number, of = CONDITIONS): void {
    if (depth > MOST_DEPTH) return this.#tooDeep(where);
    if (!isObject(condition) || !of.includes(condition["of"])) {
      const mend = of === CONDITIONS ? "a condition such as epochs(10)" : `${of[0]}(…)`;
      return this.#not(where, condition, mend);
    }
    const { reads } = condition;
    if (isObject(reads)) {
      if (typeof reads["kind"] === "string") this.#token(reads, `${where}: when`);
      else this.#tokens(reads, `${where}: when`);
    } else if (condition["of"] === "when") this.#not(`${where}: when`, reads, "a token");
    if (condition["of"] === "plateau") this.#by(condition["by"], `${where}: plateau`);
    if (condition["of"] === "drained") this.#token(condition["cursor"], where, ["cursor"]);
    for (const count of [condition["count"], condition["epochs"]]) this.#count(count, where);
    for (const inner of this.#list(condition["conditions"], where, "a list of conditions")) {
      this.#condition(inner, where, depth + 1);
    }
  }

  #by(by: unknown, where: string): void {
    const metric = isObject(by) ? by["max"] ?? by["min"] : undefined;
    if (!isObject(metric)) return this.#not(where, by, "{ max: blob } or { min: blob }");
    if (metric["kind"] === "from") this.#token(metric["blob"], where, ["blob"]);
    else this.#token(metric, where, ["blob"]);
  }

  #count(count: unknown, where: string): void {
    if (count === undefined || typeof count === "number") return;
    this.#token(count, where, ["param"]);
  }

  #list(list: unknown, where: string, expected: string): readonly unknown[] {
    if (list === undefined) return [];
    if (Array.isArray(list)) return list;
    this.#not(where, list, expected);
    return [];
  }

  #tooDeep(where: string): void {
    const message = `${where} is nested more than ${MOST_DEPTH} deep`;
    if (this.problems.some((problem) => problem.message === message)) return;
    this.problems.push({ code: "too-deep", message, mend: "nest less" });
  }

  #not(where: string, found: unknown, expected: string): void {
    const message = `${where} has ${worded(found)} where it needs ${expected}`;
    const mend =
      "check the spelling of what stands there, and that it is defined before it is used";
    this.problems.push({ code: "wrong-kind", message, mend });
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** A value as a message shows it: what it is, not all that is in it. */
function worded(value: unknown): string {
  if (isObject(value)) {
    const { kind, of, name } = value;
    const called = typeof name === "string" ? ` "${name}"` : "";
    return typeof kind === "string" ? `a ${of ?? kind}${called}` : "an object";
  }
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? `"${value.slice(0, 50)}"` : String(value).slice(0, 50);
}
