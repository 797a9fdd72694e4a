/**
 * Params: typed settings that tasks read, given on the command line or by a script.
 *
 * @module
 */
import { type ParamRef, type ParamValue, token } from "./token.ts";

/** What a number param may be. */
export interface NumberParamOptions {
  /** The least value. */
  readonly min?: number;
  /** The greatest value. */
  readonly max?: number;
  /** Whether it must be whole. */
  readonly integer?: boolean;
}

/** What a string param may be. */
export interface ChoiceParamOptions<C extends readonly string[]> {
  /** The only values it can have. */
  readonly choices: C;
}

/**
 * Declares a typed setting with its default.
 *
 * A value given now (`--param name=value`, or `set` in a script) wins over the one saved with the
 * job, and that over the default; any difference is said. Its value is recorded in every checkpoint.
 *
 * @example
 * ```ts
 * import { param } from "tidemark";
 *
 * const rate = param("learning-rate", 0.1, { min: 0 });
 * const model = param("model", "small", { choices: ["small", "large"] });
 * ```
 */
export function param(name: string, value: number, options?: NumberParamOptions): ParamRef<number>;
/** Declares a setting that is true or false. */
export function param(name: string, value: boolean): ParamRef<boolean>;
/** Declares a setting that is one of some strings. */
export function param<const C extends readonly string[]>(
  name: string,
  value: NoInfer<C[number]>,
  options: ChoiceParamOptions<C>,
): ParamRef<C[number]>;
/** Declares a setting that is a string. */
export function param(name: string, value: string): ParamRef<string>;
export function param(
  name: string,
  value: ParamValue,
  options: NumberParamOptions & Partial<ChoiceParamOptions<readonly string[]>> = {},
): ParamRef<unknown> {
  const { min, max, integer, choices } = options;
  return token({
    kind: "param",
    name,
    default: value,
    min,
    max,
    integer: integer ?? false,
    choices: choices === undefined ? undefined : Object.freeze([...choices]),
  });
}

/**
 * What is wrong with a value for a param, or `undefined` where nothing is.
 *
 * @example
 * ```ts
 * import { param, paramProblem } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(paramProblem(param("rate", 0.1, { min: 0 }), -1), "must be at least 0, found -1");
 * ```
 */
export function paramProblem(param: ParamRef<unknown>, value: unknown): string | undefined {
  const found = typeof value === "string" ? `"${value}"` : String(value);
  if (typeof value !== typeof param.default) {
    return `must be a ${typeof param.default}, found ${found}`;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return `must be a finite number, found ${found}`;
    if (param.integer && !Number.isInteger(value)) return `must be a whole number, found ${found}`;
    if (param.min !== undefined && value < param.min) {
      return `must be at least ${param.min}, found ${found}`;
    }
    if (param.max !== undefined && value > param.max) {
      return `must be at most ${param.max}, found ${found}`;
    }
  }
  if (typeof value === "string" && param.choices && !param.choices.includes(value)) {
    return `must be one of ${param.choices.join(", ")}, found ${found}`;
  }
  return undefined;
}

/** A param's value among those given by name, or its default. */
export function paramValue(
  param: ParamRef<unknown>,
  given: Readonly<Record<string, ParamValue>>,
): ParamValue {
  // A param may be called `constructor`, which every object has.
  return (Object.hasOwn(given, param.name) ? given[param.name] : undefined) ?? param.default;
}

/** A value for a param, as a script gives it. */
export interface Setting {
  /** The param. */
  readonly param: ParamRef<unknown>;
  /** Its value. */
  readonly value: ParamValue;
}

/**
 * Gives a param a value, for a runner's `set`.
 *
 * @example
 * ```ts
 * import { param, set } from "tidemark";
 *
 * const rate = param("rate", 0.1);
 * const settings = [set(rate, 0.05)];
 * ```
 */
export function set<T extends ParamValue>(param: ParamRef<T>, value: NoInfer<T>): Setting {
  return token({ param, value });
}
