/**
 * Reads params from a command line.
 *
 * @module
 */
import type { ParamRef, ParamValue } from "../../dsl/mod.ts";
import { nearNames } from "../../dsl/near.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Params from their text, by the type each has in the job; `shape` names those that say which there are.
 *
 * @throws {UsageError} Where a name is unknown, or a text is not of the param's type.
 */
export function parseParams(
  texts: ReadonlyMap<string, string>,
  declared: ReadonlyMap<string, ParamRef<unknown>>,
  shape: readonly string[] = [],
): Record<string, ParamValue> {
  const params: Record<string, ParamValue> = {};
  for (const [name, text] of texts) {
    const param = declared.get(name);
    if (param === undefined) {
      const near = nearNames(name, declared.keys(), 3);
      throw new UsageError(
        `Unknown param "${name}": ` +
          (near.length === 0 ? "the job has none" : `the nearest are ${near.join(", ")}`) +
          (shape.length === 0
            ? ""
            : `. Which there are depends on ${
              shape.join(", ")
            }: give that as well, as it was saved`),
      );
    }
    params[name] = parseParam(param, text);
  }
  return params;
}

function parseParam(param: ParamRef<unknown>, text: string): ParamValue {
  const type = typeof param.default;
  if (type === "string") return text;
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (type === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  const example = type === "boolean" ? "true or false" : "a number";
  throw new UsageError(`Cannot parse --param ${param.name}=${text}: it takes ${example}`);
}
