/**
 * Digests of what a task's function is, to tell whether it was edited.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { conditionTokens, tokensOf } from "../../dsl/access.ts";
import { countOf, type ParamValues, type PlacedStep } from "../../dsl/layout.ts";
import { type AnyTask, type AnyToken, paramValue, type When } from "../../dsl/mod.ts";

const codes = new WeakMap<object, string>();

/** A digest of a function's text. What it takes from around it is not seen. */
export function codeOf(run: (...args: never[]) => unknown): string {
  const known = codes.get(run);
  if (known !== undefined) return known;
  const code = digest(run.toString());
  codes.set(run, code);
  return code;
}

/** A digest of a task's function, of what it reads and writes where it stands, and of its params. */
export function codeOfStep(
  { reads, writes }: PlacedStep,
  task: AnyTask,
  params: ParamValues,
): string {
  const { if: condition } = task.declaration;
  const body = codeOf(task.body as (...args: never[]) => unknown);
  const judged = condition === undefined
    ? ""
    : codeOf(condition.holds as (...args: never[]) => unknown);
  return digest(
    [body, judged, accesses(reads), accesses(writes), paramsOf(task, params)].join("\n"),
  );
}

/** A digest of the condition of a group, of what it reads, and of its params. */
export function codeOfGate({ reads }: PlacedStep, condition: When, params: ParamValues): string {
  const code = codeOf(condition.holds as (...args: never[]) => unknown);
  return digest([code, accesses(reads), valuesOf(conditionTokens(condition), params)].join("\n"));
}

/** The values of the params that a task reads, as text. */
export function paramsOf({ declaration }: AnyTask, params: ParamValues): string {
  const { reads, if: condition } = declaration;
  const judged = condition === undefined ? [] : conditionTokens(condition);
  return valuesOf([...tokensOf(reads), ...judged], params);
}

function valuesOf(tokens: readonly AnyToken[], params: ParamValues): string {
  const values = tokens.flatMap((token) => {
    if (token.kind === "param") return [[token.name, paramValue(token, params)]];
    const isCounted = token.kind === "cursor" && typeof token.take !== "number";
    return isCounted ? [[token.name, countOf(token.take, params)]] : [];
  });
  return JSON.stringify(values);
}

function accesses(list: PlacedStep["reads"]): string {
  return list.map(({ node, blob, how }) => `${how} ${node}/${blob.name}`).join(",");
}

/** A short digest of a text. */
export function codeOfText(text: string): string {
  return digest(text).slice(0, 16);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
