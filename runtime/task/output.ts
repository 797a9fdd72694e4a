/**
 * What a task returns: checked against what it declares, then set.
 *
 * @module
 */
import type { AnyBlob, AnyTask, Writes } from "../../dsl/mod.ts";
import { describeValue } from "../../storage/mod.ts";
import { TaskOutputError } from "../errors.ts";
import type { Workspace } from "../session/workspace.ts";

/**
 * What a task returned, where it is what it declares.
 *
 * @throws {TaskOutputError} Where keys are missing, not declared, or lists have the wrong length.
 */
export function checkOutput(task: AnyTask, output: unknown): Record<string, unknown> {
  const { expected, allowed, lists } = keysOf(task);
  if (output === undefined && expected.length === 0) return {};
  const fail = (found: string): TaskOutputError =>
    new TaskOutputError(
      `it returned ${found}, but declares ` +
        (expected.length === 0 ? "no writes" : `writes: ${expected.join(", ")}`) +
        `: return an object with these keys and no others`,
    );
  if (typeof output !== "object" || output === null || Array.isArray(output)) {
    throw fail(describeValue(output));
  }
  const values = output as Record<string, unknown>;
  for (const key of expected) {
    if (key in values) continue;
    throw fail(`no ${expected.filter((other) => !(other in values)).join(", ")}`);
  }
  for (const key of Object.keys(values)) {
    if (allowed.has(key)) continue;
    throw fail(`also ${Object.keys(values).filter((other) => !allowed.has(other)).join(", ")}`);
  }
  for (const [key, length] of lists) {
    if (!(key in values)) continue;
    const list = values[key];
    if (Array.isArray(list) && list.length === length) continue;
    throw fail(`${describeValue(list)} for ${key}, where a list of ${length} was declared`);
  }
  return values;
}

/** What a task may return: worked out once for each task. */
interface OutputKeys {
  readonly expected: readonly string[];
  readonly allowed: ReadonlySet<string>;
  readonly lists: readonly (readonly [string, number])[];
}

const known = new WeakMap<AnyTask, OutputKeys>();

function keysOf(task: AnyTask): OutputKeys {
  const keys = known.get(task);
  if (keys !== undefined) return keys;
  const { writes, updates } = task.declaration;
  const expected = Object.keys(writes);
  const lists = Object.entries({ ...updates, ...writes })
    .flatMap(([key, part]): [string, number][] => isList(part) ? [[key, part.length]] : []);
  const made = { expected, allowed: new Set([...expected, ...Object.keys(updates)]), lists };
  known.set(task, made);
  return made;
}

/** Sets what a task wrote. */
export function setOutputs(
  task: AnyTask,
  workspace: Workspace,
  values: Record<string, unknown>,
): void {
  const setAll = (tokens: Writes): void => {
    for (const key in tokens) {
      if (!(key in values)) continue;
      const part = tokens[key] as AnyBlob | readonly AnyBlob[];
      const value = values[key];
      if (isList(part)) {
        part.forEach((blob, i) => workspace.set(blob.name, (value as unknown[])[i]));
      } // An updated blob that is not replaced may come back as `undefined` from a destructured result.
      else if (value !== undefined || tokens === task.declaration.writes) {
        workspace.set(part.name, value);
      }
    }
  };
  setAll(task.declaration.writes);
  setAll(task.declaration.updates);
}

function isList(part: AnyBlob | readonly AnyBlob[]): part is readonly AnyBlob[] {
  return Array.isArray(part);
}
