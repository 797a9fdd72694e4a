/**
 * What a job declares, in words that are the same for the same declaration.
 *
 * @module
 */
import { DEFAULT_NODE, isToken } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import type {
  AnyReadable,
  AnyToken,
  By,
  Condition,
  CursorRef,
  Keep,
  ParamRef,
  Reads,
  Step,
  Writes,
} from "../../dsl/mod.ts";
import { encodeValue, kindOf } from "../../storage/mod.ts";
import { describeCondition } from "../conditions.ts";
import { hashOf, plainCode } from "./tokens.ts";

/** What stands for the code of functions; a comment or another layout does not change it. */
export function codeWords(...functions: readonly unknown[]): string {
  return hashOf(functions.map((body) => plainCode(String(body))).join(" ; "));
}

/** The tokens of a declaration, in the order of its keys; their order in a list has a meaning. */
export function readsWords(reads: AnyReadable | Reads | Writes): string {
  if (isToken(reads as Reads)) return tokenWords(reads as AnyReadable);
  const entries = Object.entries(reads as Readonly<Record<string, AnyToken | readonly AnyToken[]>>);
  return entries.sort(([a], [b]) => a < b ? -1 : 1).map(([key, part]) => {
    const words = "kind" in part ? tokenWords(part) : `[${part.map(tokenWords).join(", ")}]`;
    return words === key ? key : `${key} (${words})`;
  }).join(", ") || "nothing";
}

function tokenWords(token: AnyToken): string {
  switch (token.kind) {
    case "blob":
      return token.name;
    case "param":
    case "resource":
    case "cursor":
      return `${token.kind} ${token.name}`;
    case "from":
      return `${token.blob.name} of ${token.node}`;
    case "gather":
      return `${token.blob.name} of ${token.nodes.join(", ")}`;
    case "previous":
      return `previous ${token.blob.name}` +
        (token.fallback === undefined ? "" : ` or ${valueWords(token.fallback)}`);
    case "optional":
      return `${token.blob.name} if set`;
    case "saved":
      return `saved ${token.blob.name} of the best ${byWords(token.by)}`;
  }
}

/** A condition; of its predicates, where their code differs, a few digits do too. */
export function conditionWords(condition: Condition): string {
  const codes = (inner: Condition): readonly string[] => {
    if (inner.of === "when") return [codeWords(inner.holds), readsWords(inner.reads)];
    if (inner.of === "plateau") return [String(inner.minDelta), byWords(inner.by)];
    return "conditions" in inner ? inner.conditions.flatMap(codes) : [];
  };
  const inside = codes(condition);
  const words = describeCondition(condition);
  return inside.length === 0 ? words : `${words} #${hashOf(inside.join("\n")).slice(0, 8)}`;
}

/** Steps in their order; tasks stand in quotes. */
export function stepsWords(steps: readonly Step[]): string {
  return steps.map((step) => {
    if (step.kind === "task") return `"${step.name}"`;
    const { mode, times, nodes, replicated, if: condition } = step;
    const head = [
      ...mode === "group" ? [] : [mode],
      ...times === undefined ? [] : [`${countWords(times)} times`],
      ...nodes === undefined ? [] : [`${replicated ? "replicated " : ""}on ${nodes.join(", ")}`],
      ...condition === undefined ? [] : [`if ${conditionWords(condition)}`],
    ].join(" ");
    return `${head === "" ? "group" : head} (${stepsWords(step.steps)})`;
  }).join(", ");
}

/** What a param may be. */
export function paramWords(
  { default: value, min, max, integer, choices }: ParamRef<unknown>,
): string {
  return [
    integer ? "whole number" : typeof value,
    ...min === undefined ? [] : [`at least ${min}`],
    ...max === undefined ? [] : [`at most ${max}`],
    ...choices === undefined ? [] : [`one of ${choices.join(", ")}`],
  ].join(", ");
}

/** What a cursor takes. */
export function cursorWords({ over, take, shuffle, wrap }: CursorRef<unknown>): string {
  return `${countWords(take)} at a time of ${over.kind} ${over.name}` +
    `${shuffle ? ", shuffled" : ""}${wrap ? ", again and again" : ""}`;
}

/** A rule for keeping. */
export function keepWords(keep: Keep): string {
  if (keep.keep === "best") return `best ${keep.count} by ${byWords(keep.by)}`;
  const { keep: rule, ...numbers } = keep;
  return `${rule} ${Object.values(numbers).join(" ")}`;
}

function countWords(count: number | ParamRef<number>): string {
  return typeof count === "number" ? String(count) : `param ${count.name}`;
}

function byWords(by: By): string {
  const { blob, node = DEFAULT_NODE, direction } = metricOf(by);
  return `${direction} ${node}/${blob.name}`;
}

/** A value that stands in a declaration. */
function valueWords(value: unknown): string {
  if (typeof value !== "object" || value === null) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  try {
    const sums = encodeValue(value).parts.map((part) => hashOf(part));
    return `${kindOf(value)} #${hashOf(sums.join()).slice(0, 8)}`;
  } catch {
    return kindOf(value);
  }
}
