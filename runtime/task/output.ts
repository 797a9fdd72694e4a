/**
 * What a task returns: checked against what it declares, then set.
 *
 * @module
 */
import type { AnyBlob, AnyTask, AnyToken, Writes } from "../../dsl/mod.ts";
import { describeValue } from "../../storage/mod.ts";
import { TaskOutputError } from "../errors.ts";
import type { Workspace } from "../session/workspace.ts";

/**
 * What a task returned, where it is what it declares.
 *
 * @throws {TaskOutputError} Where keys are missing, not declared, or lists have the wrong length.
 */
export function checkOutput(task: AnyTask, output: unknown): Record<string, unknown> {
  const { writes, updates } = task.declaration;
  const expected = Object.keys(writes);
  const allowed = [...expected, ...Object.keys(updates)];
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
  const missing = expected.filter((key) => !(key in values));
  if (missing.length > 0) throw fail(`no ${missing.join(", ")}`);
  const extra = Object.keys(values).filter((key) => !allowed.includes(key));
  if (extra.length > 0) throw fail(`also ${extra.join(", ")}`);
  for (const key of allowed) {
    const tokens = (writes[key] ?? updates[key]) as AnyToken | readonly AnyToken[];
    if (!Array.isArray(tokens) || !(key in values)) continue;
    const list = values[key];
    if (Array.isArray(list) && list.length === tokens.length) continue;
    throw fail(`${describeValue(list)} for ${key}, where a list of ${tokens.length} was declared`);
  }
  return values;
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
