/**
 * Whether a job is made of tokens, tasks, groups and conditions at all.
 *
 * The compiler sees to this; a job in plain JavaScript, or with a cast, can get it wrong.
 *
 * @module
 */
import type { Problem } from "../errors.ts";
import { PHASES } from "./check.ts";
import { unknownKeys } from "./keys.ts";
import { type Fields, isObject, listOf, worded } from "./untyped.ts";

/** How deep groups and conditions may be nested. */
export const MOST_DEPTH = 200;
/** How many conditions a job may have; one that stands in several others counts in each. */
export const MOST_CONDITIONS = 1000;

const VIEWS: readonly unknown[] = ["previous", "optional", "from", "gather", "saved"];
const CONDITIONS: readonly unknown[] = [
  ...["epochs", "when", "drained", "plateau", "elapsed", "any", "all", "not"],
];
/** The rules of `keep`, and what counts how many each keeps. */
const RULES: ReadonlyMap<unknown, string | undefined> = new Map([
  ...[["last", "count"], ["every", "epochs"], ["best", "count"]] as const,
  ...["younger", "interval", "within"].map((rule) => [rule, undefined] as const),
]);

/** What is not what it must be. */
export function checkForm(options: unknown): readonly Problem[] {
  const form = new Form();
  form.job(options);
  return form.problems;
}

class Form {
  readonly problems: Problem[] = [];
  readonly #seen = new Set<object>();
  /** How many conditions each one is, those inside it included. */
  readonly #sizes = new Map<object, number>();

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
    this.problems.push(...unknownKeys(options, "job", "the job"));
    const { until, checkpoint } = options;
    let conditions = 0;
    for (const condition of until === undefined ? [] : listOf(until)) {
      conditions += this.#condition(condition, "until", 0);
    }
    if (conditions > MOST_CONDITIONS) {
      const message = `until has more than ${MOST_CONDITIONS} conditions, those inside others ` +
        `counted wherever they stand`;
      this.problems.push({ code: "too-many-conditions", message, mend: "nest less" });
    }
    this.#plan(checkpoint);
  }

  #plan(plan: unknown): void {
    if (!isObject(plan)) {
      return this.#not("checkpoint", plan, 'a plan, as in { to: "file:checkpoints" }');
    }
    this.problems.push(...unknownKeys(plan, "plan", "checkpoint"));
    const { every, keep, blobs, migrate } = plan;
    if (typeof every === "object") this.#condition(every, "checkpoint: every", 0, ["epochs"]);
    for (const rule of this.#list(keep, "checkpoint: keep", "a list of rules")) {
      if (!isObject(rule) || !RULES.has(rule["keep"])) {
        this.#not("checkpoint: keep", rule, "a rule such as keepLast(3)");
        continue;
      }
      if (rule["keep"] === "best") this.#by(rule["by"], "checkpoint: keepBest");
      const count = RULES.get(rule["keep"]);
      if (count !== undefined && typeof rule[count] !== "number") {
        this.#not(`checkpoint: keep: ${rule["keep"]}`, rule[count], "a count");
      }
    }
    for (const one of this.#list(migrate, "checkpoint: migrate", "a list of migrations")) {
      if (isObject(one) && one["kind"] === "migration" && isObject(one["task"])) {
        this.#task(one["task"]);
      } else this.#not("checkpoint: migrate", one, "what migration(…).run(…) gives");
    }
    if (blobs === undefined) return;
    if (!isObject(blobs)) return this.#not("checkpoint: blobs", blobs, "include or exclude");
    this.problems.push(...unknownKeys(blobs, "blobs", "checkpoint: blobs"));
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
    if (step["times"] !== undefined) this.#count(step["times"], "repeat");
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
    this.problems.push(...unknownKeys(declaration, "task", name));
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
    this.#retry(declaration["retry"], `${name}: retry`);
  }

  #retry(retry: unknown, where: string): void {
    if (retry === undefined) return;
    if (!isObject(retry)) return this.#not(where, retry, "an object, as in { attempts: 3 }");
    this.problems.push(...unknownKeys(retry, "retry", where));
    const { attempts } = retry;
    if (typeof attempts !== "number") this.#not(`${where}: attempts`, attempts, "a number");
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
    this.#parts(token, where);
  }

  /** What a token, or a view of one, is made of. */
  #parts(token: Fields, where: string): void {
    const { kind, name } = token;
    if (VIEWS.includes(kind)) this.#token(token["blob"], `${where}: ${kind}`, ["blob"]);
    if (kind === "saved") this.#by(token["by"], `${where}: saved`);
    if (kind === "gather") this.#nodes(token["nodes"], `${where}: gather`);
    if (this.#seen.has(token)) return;
    this.#seen.add(token);
    if (kind === "cursor") {
      this.#token(token["over"], `cursor "${name}": over`, ["blob", "resource"]);
      this.#count(token["take"], `cursor "${name}": take`);
    }
    if (kind === "blob") {
      const { initial, codec } = token;
      if (initial !== undefined) this.#function(initial, `blob "${name}": initial`);
      if (codec !== undefined && !isObject(codec)) {
        this.#not(`blob "${name}": codec`, codec, "what codec(…) gives");
      }
    }
    if (kind === "resource") {
      this.#function(token["open"], `resource "${name}": open`);
      for (const part of ["close", "stamp"]) {
        if (token[part] !== undefined) this.#function(token[part], `resource "${name}": ${part}`);
      }
      const reads = token["reads"];
      if (isObject(reads)) this.#tokens(reads, `resource "${name}": reads`, ["param", "resource"]);
    }
  }

  /** Gives how many conditions it is. */
  #condition(condition: unknown, where: string, depth: number, of = CONDITIONS): number {
    if (depth > MOST_DEPTH) {
      this.#tooDeep(where);
      return 1;
    }
    if (!isObject(condition) || !of.includes(condition["of"])) {
      const mend = of === CONDITIONS ? "a condition such as epochs(10)" : `${of[0]}(…)`;
      this.#not(where, condition, mend);
      return 1;
    }
    const known = this.#sizes.get(condition);
    if (known !== undefined) return known;
    this.#conditionParts(condition, where);
    let size = 1;
    for (const inner of this.#list(condition["conditions"], where, "a list of conditions")) {
      size += this.#condition(inner, where, depth + 1);
    }
    this.#sizes.set(condition, size);
    return size;
  }

  #conditionParts(condition: Fields, where: string): void {
    const { of, reads, conditions } = condition;
    if (of === "when") {
      if (!isObject(reads)) this.#not(`${where}: when`, reads, "a token");
      else if (typeof reads["kind"] === "string") this.#token(reads, `${where}: when`);
      else this.#tokens(reads, `${where}: when`);
      this.#function(condition["holds"], `${where}: when`);
    }
    if (of === "plateau") {
      this.#by(condition["by"], `${where}: plateau`);
      this.#count(condition["epochs"], `${where}: plateau: epochs`);
    }
    if (of === "drained") this.#token(condition["cursor"], where, ["cursor"]);
    if (of === "epochs") this.#count(condition["count"], where);
    if (Array.isArray(conditions) && conditions.length === 0) {
      const message = `${where} has ${of}() without a condition`;
      this.problems.push({ code: "no-conditions", message, mend: "name one" });
    }
  }

  #by(by: unknown, where: string): void {
    const metric = isObject(by) ? by["max"] ?? by["min"] : undefined;
    if (!isObject(metric)) return this.#not(where, by, "{ max: blob } or { min: blob }");
    if (metric["kind"] === "from") this.#token(metric["blob"], where, ["blob"]);
    else this.#token(metric, where, ["blob"]);
  }

  #count(count: unknown, where: string): void {
    if (typeof count !== "number") this.#token(count, where, ["param"]);
  }

  #function(given: unknown, where: string): void {
    if (typeof given !== "function") this.#not(where, given, "a function");
  }

  #nodes(nodes: unknown, where: string): void {
    const names = this.#list(nodes, where, "a list of nodes");
    if (names.length === 0) {
      this.problems.push({ code: "no-nodes", message: `${where} has no nodes`, mend: "name one" });
    }
    const twice = names.find((node, index) => names.indexOf(node) !== index);
    if (twice === undefined) return;
    const message = `${where} names node "${twice}" twice`;
    this.problems.push({ code: "duplicate-node", message, mend: "name each once" });
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
