/**
 * Digests of what a step is, and of all that it waits for: what was recorded under one digest is what
 * the step would give again.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { conditionTokens, taskParams } from "../../dsl/access.ts";
import { countOf, type ParamValues, type PlacedStep } from "../../dsl/layout.ts";
import {
  type AnyBlob,
  type AnyTask,
  type AnyToken,
  type CursorRef,
  paramValue,
  type ResourceRef,
} from "../../dsl/mod.ts";
import { encodeValue } from "../../storage/mod.ts";

type AnyFunction = (...args: never[]) => unknown;

const codes = new WeakMap<object, string>();

/** A digest of a function's text. What it takes from around it is not seen. */
export function codeOf(run: AnyFunction): string {
  const known = codes.get(run);
  if (known !== undefined) return known;
  const code = digestOf(run.toString());
  codes.set(run, code);
  return code;
}

/**
 * The digests of a group's steps: each of its function or condition, of what it reads and writes where
 * it stands, with the params, and of the digests of all that it waits for. An edit, a change of order
 * or a step that is gone changes those of all that come behind it.
 */
export function codesOfSteps(steps: readonly PlacedStep[], params: ParamValues): readonly string[] {
  const codes: string[] = [];
  for (const step of steps) {
    const before = step.dependsOn.map((index) => codes[index] ?? "");
    codes.push(knownDigestOf(JSON.stringify([ownCode(step, params), before])));
  }
  return codes;
}

function ownCode({ kind, id, task, condition, replica }: PlacedStep, params: ParamValues): unknown {
  const place = [kind, id, replica.index, replica.count];
  if (condition !== undefined) {
    const tokens = conditionTokens(condition).map((token) => tokenCode(token, params));
    return [...place, codeOf(condition.holds as AnyFunction), tokens];
  }
  if (task === undefined) return place;
  return [...place, ...taskCode(task, params)];
}

function taskCode(task: AnyTask, params: ParamValues): readonly unknown[] {
  const { body, declaration: { reads, updates, writes, if: condition } } = task;
  const list = (tokens: typeof reads | typeof writes): readonly unknown[] =>
    Object.entries(tokens).map(([key, part]) => [
      key,
      [part].flat().map((token: AnyToken) => tokenCode(token, params)),
    ]);
  const judged = condition === undefined ? [] : [
    codeOf(condition.holds as AnyFunction),
    conditionTokens(condition).map((token) => tokenCode(token, params)),
  ];
  const parts = [list(reads), list(updates), list(writes), judged];
  return [codeOf(body as AnyFunction), ...parts, ...versionOf(task)];
}

/** A digest of a task itself, for what its steps have given. */
export function codeOfTask(task: AnyTask, params: ParamValues): string {
  return knownDigestOf(JSON.stringify(taskCode(task, params)));
}

/** A task's version, and the values of the params that it reads, as text. */
export function settingsOf(task: AnyTask, params: ParamValues): string {
  const values = taskParams(task).map((token) => tokenCode(token, params));
  return JSON.stringify([versionOf(task), values]);
}

/** What a person says of what cannot be seen in a task's text. */
function versionOf({ declaration: { version } }: AnyTask): readonly unknown[] {
  return version === undefined ? [] : [version];
}

function tokenCode(token: AnyToken, params: ParamValues): unknown {
  const { kind } = token;
  switch (token.kind) {
    case "blob":
      return [kind, blobCode(token)];
    case "param":
      return [kind, token.name, paramValue(token, params)];
    case "resource":
      return [kind, token.name, codeOf(token.open as AnyFunction), resourceCode(token, params)];
    case "cursor":
      return [kind, ...cursorCode(token, params)];
    case "previous":
      return [kind, blobCode(token.blob), digestOfValue(token.fallback)];
    case "optional":
      return [kind, blobCode(token.blob)];
    case "from":
      return [kind, token.node, blobCode(token.blob)];
    case "gather":
      return [kind, token.nodes, blobCode(token.blob)];
    case "saved":
      return [
        kind,
        blobCode(token.blob),
        Object.entries(token.by).map(([by, of]) => [by, nameOf(of)]),
      ];
  }
}

function resourceCode(
  { reads }: ResourceRef<unknown>,
  params: ParamValues,
): readonly unknown[] {
  return Object.entries(reads).map(([key, read]) => [key, tokenCode(read, params)]);
}

function cursorCode(cursor: CursorRef<unknown>, params: ParamValues): readonly unknown[] {
  const { name, over, take, shuffle, wrap } = cursor;
  return [name, tokenCode(over, params), countOf(take, params), shuffle, wrap];
}

function blobCode({ name, scratch, initial, codec }: AnyBlob): readonly unknown[] {
  const by = codec === undefined
    ? []
    : [codeOf(codec.encode as AnyFunction), codeOf(codec.decode as AnyFunction)];
  return [name, scratch, initial === undefined ? "" : codeOf(initial), by];
}

function nameOf(of: AnyToken): string {
  return of.kind === "from" ? `${of.node}/${of.blob.name}` : of.kind === "blob" ? of.name : of.kind;
}

/** A digest of a value; that of nothing where it is none that can be saved. */
export function digestOfValue(value: unknown): string {
  try {
    const { type, parts } = encodeValue(value, { name: "value" });
    const hash = createHash("sha256").update(JSON.stringify(type));
    for (const part of parts) hash.update(part);
    return hash.digest("hex").slice(0, 32);
  } catch {
    return "";
  }
}

/** Digests of short texts, of which the steps of a task have the same. */
const digests = new Map<string, string>();
const MOST_DIGESTS = 100;
const LONGEST_KNOWN = 10_000;

/** A digest of a text that is likely to be asked for again. */
export function knownDigestOf(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = digestOf(text);
  if (digests.size >= MOST_DIGESTS) digests.clear();
  if (text.length <= LONGEST_KNOWN) digests.set(text, digest);
  return digest;
}

/** A digest of a text. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
