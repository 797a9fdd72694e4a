/**
 * Which blobs of which nodes a token stands for.
 *
 * @module
 */
import type { When } from "./condition.ts";
import type { AnyTask } from "./task.ts";
import type { AnyBlob, AnyReadable, AnyToken, ParamRef, Reads, Writes } from "./token.ts";

/** One blob on one node. */
export interface Access {
  /** The node. */
  readonly node: string;
  /** The blob. */
  readonly blob: AnyBlob;
  /** How it is reached, as a reader sees it. */
  readonly how: "now" | "optional" | "elsewhere" | "previous" | "saved";
}

/** The node of tasks that stand outside `on` and `replicate`. */
export const DEFAULT_NODE = "main";

/** The tokens of a declaration's part, lists opened. */
export function tokensOf(tokens: Reads | Writes): readonly AnyToken[] {
  return Object.values(tokens).flat();
}

/** The tokens a condition reads. */
export function conditionTokens(when: When): readonly AnyToken[] {
  return isToken(when.reads) ? [when.reads] : tokensOf(when.reads);
}

/** Whether a condition reads one token, rather than several by name. */
export function isToken(reads: AnyReadable | Reads): reads is AnyReadable {
  return typeof reads["kind"] === "string";
}

/** The blobs that reading a token on a node touches. */
export function accessesOf(token: AnyToken, node: string): readonly Access[] {
  switch (token.kind) {
    case "blob":
      return [{ node, blob: token, how: "now" }];
    case "optional":
      return [{ node, blob: token.blob, how: "optional" }];
    case "previous":
      return [{ node, blob: token.blob, how: "previous" }];
    case "saved":
      return [{ node, blob: token.blob, how: "saved" }];
    case "from":
      return [{ node: token.node, blob: token.blob, how: "elsewhere" }];
    case "gather":
      return token.nodes.map((from) => ({ node: from, blob: token.blob, how: "elsewhere" }));
    case "cursor":
      return token.over.kind === "blob" ? [{ node, blob: token.over, how: "now" }] : [];
    case "param":
    case "resource":
      return [];
  }
}

/** The params that tokens stand for, those that resources and cursors read among them. */
export function paramsIn(tokens: readonly AnyToken[]): readonly ParamRef<unknown>[] {
  return tokens.flatMap((token): readonly ParamRef<unknown>[] => {
    if (token.kind === "param") return [token];
    if (token.kind === "resource") return paramsIn(Object.values(token.reads));
    if (token.kind !== "cursor") return [];
    return [...paramsIn([token.over]), ...typeof token.take === "number" ? [] : [token.take]];
  });
}

/** The params that a task reads, its `if` among what reads them. */
export function taskParams({ declaration: { reads, if: condition } }: AnyTask): readonly ParamRef<
  unknown
>[] {
  return paramsIn([
    ...tokensOf(reads),
    ...condition === undefined ? [] : conditionTokens(condition),
  ]);
}

/** All that a task reads on a node, its `if` and what it updates among them. */
export function taskReads(task: AnyTask, node: string): readonly Access[] {
  const { reads, updates } = task.declaration;
  const condition = task.declaration.if;
  const tokens = [
    ...tokensOf(reads),
    ...tokensOf(updates),
    ...condition === undefined ? [] : conditionTokens(condition),
  ];
  return tokens.flatMap((token) => accessesOf(token, node));
}

/** All that a task may change on a node. */
export function taskWrites(task: AnyTask, node: string): readonly Access[] {
  const { updates, writes } = task.declaration;
  return [...tokensOf(updates), ...tokensOf(writes)]
    .flatMap((token) => accessesOf(token, node));
}

/** Whether a read sees what earlier tasks of the group wrote, and so keeps its place after them. */
export function isOrdered(access: Access): boolean {
  return access.how !== "previous" && access.how !== "saved";
}

/** A blob on a node as messages and keys name it: `worker_0/weights`. */
export function accessKey(access: { readonly node: string; readonly blob: AnyBlob }): string {
  return `${access.node}/${access.blob.name}`;
}
