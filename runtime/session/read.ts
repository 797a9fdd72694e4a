/**
 * Gives tasks and conditions what they read.
 *
 * @module
 */
import { type Access, accessesOf, conditionTokens, isToken, tokensOf } from "../../dsl/access.ts";
import { countOf } from "../../dsl/layout.ts";
import {
  type AnyBlob,
  type AnyReadable,
  type AnyTask,
  type AnyToken,
  type CursorRef,
  paramValue,
  type Reads,
  type When,
  type Writes,
} from "../../dsl/mod.ts";
import { BlobNotSetError } from "../errors.ts";
import type { GroupJournal } from "../journal/group_journal.ts";
import { isThenable } from "../task/turn.ts";
import type { Copies } from "./copies.ts";
import type { Scope } from "./scope.ts";
import type { Workspace } from "./workspace.ts";

/** Where values are read from. */
export interface Source {
  /** The run around the group. */
  readonly scope: Scope;
  /** A node's blobs. */
  readonly workspace: (node: string) => Workspace;
  /** The values from before the group, by `node/blob`. */
  readonly before: ReadonlyMap<string, unknown>;
  /** Makes the copies that tasks are given. */
  readonly copies: Copies;
  /** What this run of the group records; nothing outside a runner. */
  readonly journal?: GroupJournal | undefined;
}

/** Whether values are still to be read that were put off until they are needed. */
export function isLate(source: Source, accesses: readonly Access[]): boolean {
  return accesses.some(({ node, blob, how }) =>
    how !== "saved" && source.workspace(node).isLate(blob.name)
  );
}

/** Reads values that were put off until they are needed. */
export async function arrive(source: Source, accesses: readonly Access[]): Promise<void> {
  if (!isLate(source, accesses)) return;
  await Promise.all(
    accesses.filter(({ how }) => how !== "saved")
      .map(({ node, blob }) => source.workspace(node).arrive(blob.name)),
  );
}

/** The value of a token for a task on a node, or a promise of it. */
function readToken(source: Source, token: AnyToken, node: string, task?: AnyTask): unknown {
  switch (token.kind) {
    case "blob":
      return readBlob(source, token, node);
    case "param":
      return paramValue(token, source.scope.params);
    case "optional":
      return source.workspace(node).get(token.blob.name);
    case "previous": {
      const key = `${node}/${token.blob.name}`;
      return source.before.has(key) ? source.before.get(key) : token.fallback;
    }
    case "from":
      return readFrom(source, token.blob, token.node, node, task);
    case "gather": {
      const values = token.nodes.map((from) => readFrom(source, token.blob, from, node, task));
      return values.some(isThenable) ? Promise.all(values) : values;
    }
    case "resource":
      return source.scope.resources.get(token, node);
    case "cursor":
      return readCursor(source, token, node);
    case "saved":
      return source.scope.saved(node, token.blob, token.by);
  }
}

function readBlob(source: Source, blob: AnyBlob, node: string): unknown {
  const workspace = source.workspace(node);
  if (!workspace.has(blob.name)) throw new BlobNotSetError(blob.name, node, blob.derived);
  return workspace.get(blob.name);
}

/**
 * A blob that crosses nodes is copied, here as between processes; one of the task's own node, where the
 * task changes it at the same time.
 */
function readFrom(
  source: Source,
  blob: AnyBlob,
  from: string,
  node: string,
  task: AnyTask | undefined,
): unknown {
  const value = readBlob(source, blob, from);
  const isShared = from === node &&
    !(task !== undefined && tokensOf(task.declaration.updates).includes(blob));
  return isShared ? value : source.copies.make(blob, value);
}

function readCursor(source: Source, cursor: CursorRef<unknown>, node: string): unknown {
  const { scope } = source;
  const slice = (list: unknown): unknown => {
    if (typeof (list as ArrayLike<unknown> | null)?.length !== "number") {
      throw new TypeError(
        `Cursor "${cursor.name}" takes from "${cursor.over.name}", which has no length`,
      );
    }
    const take = countOf(cursor.take, scope.params);
    return scope.cursors.slice(cursor, node, list as ArrayLike<unknown>, take);
  };
  const list = readToken(source, cursor.over, node);
  return isThenable(list) ? Promise.resolve(list).then(slice) : slice(list);
}

/** The inputs of a task on a node, or a promise of them. */
export function readInputs(
  source: Source,
  task: AnyTask,
  node: string,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const inputs: Record<string, unknown> = {};
  const waits: Promise<void>[] = [];
  readAll(source, task.declaration.reads, node, inputs, waits, task);
  readAll(source, task.declaration.updates, node, inputs, waits, task);
  return waits.length === 0 ? inputs : Promise.all(waits).then(() => inputs);
}

function readAll(
  source: Source,
  tokens: Reads | Writes,
  node: string,
  into: Record<string, unknown>,
  waits: Promise<void>[],
  task?: AnyTask,
): void {
  for (const key in tokens) {
    const part = tokens[key] as AnyToken | readonly AnyToken[];
    const value = isList(part)
      ? readList(source, part, node, task)
      : readToken(source, part, node, task);
    if (isThenable(value) && waitsFor(part)) {
      waits.push(Promise.resolve(value).then((got) => void (into[key] = got)));
    } else into[key] = value;
  }
}

function readList(
  source: Source,
  tokens: readonly AnyToken[],
  node: string,
  task: AnyTask | undefined,
): unknown {
  const values = tokens.map((token) => readToken(source, token, node, task));
  return tokens.some((token, index) => waitsFor(token) && isThenable(values[index]))
    ? Promise.all(values)
    : values;
}

/** Whether a promise read for this token is the runtime's own: a blob's value may itself be awaitable. */
function waitsFor(part: AnyToken | readonly AnyToken[]): boolean {
  if (isList(part)) return part.some(waitsFor);
  return part.kind !== "blob" && part.kind !== "optional" && part.kind !== "previous";
}

function isList(part: AnyToken | readonly AnyToken[]): part is readonly AnyToken[] {
  return Array.isArray(part);
}

/** Whether a condition holds on a node now. */
export async function holds(source: Source, condition: When, node: string): Promise<boolean> {
  const reads: AnyReadable | Reads = condition.reads;
  await arrive(source, conditionTokens(condition).flatMap((token) => accessesOf(token, node)));
  const inputs: Record<string, unknown> = {};
  const waits: Promise<void>[] = [];
  readAll(source, isToken(reads) ? { value: reads } : reads, node, inputs, waits);
  await Promise.all(waits);
  return condition.holds((isToken(reads) ? inputs["value"] : inputs) as never);
}
