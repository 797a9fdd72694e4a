/**
 * Which values a run's params have, and why.
 *
 * @module
 */
import {
  type Job,
  JobError,
  paramProblem,
  type ParamRef,
  type ParamValue,
  type Setting,
} from "../../dsl/mod.ts";

/** Params by name. */
export type Params = Readonly<Record<string, ParamValue>>;

/** The settings of a run. */
export interface Settings {
  /** The params that are not left to their defaults. */
  readonly params: Params;
  /** The seed. */
  readonly seed: number;
  /** What differs from before, in words. */
  readonly notices: readonly string[];
}

/** Settings that are to be others than before. */
export interface GivenSettings {
  /** The params. */
  readonly params: Params;
  /** The seed, where it is to be another. */
  readonly seed: number | undefined;
}

/** The params among a script's settings, by name. */
export function givenParams(settings: readonly Setting[]): Params {
  const params: Record<string, ParamValue> = {};
  for (const { param, value } of settings) params[param.name] = value;
  return params;
}

/**
 * Throws where a value that would be taken from a checkpoint is one that the job no longer allows.
 *
 * @throws {JobError} It says where the value comes from.
 */
export function checkSaved(
  job: Job,
  declared: Iterable<ParamRef<unknown>>,
  saved: Params,
  given: Params,
): void {
  const problems = [...declared].flatMap((param) => {
    const { name } = param;
    if (!Object.hasOwn(saved, name) || Object.hasOwn(given, name)) return [];
    const problem = paramProblem(param, saved[name]);
    if (problem === undefined) return [];
    const message = `param "${name}" ${problem}, which is what it was saved with`;
    return [{ code: "bad-param", message, mend: `give it another value now: --param ${name}=…` }];
  });
  if (problems.length > 0) throw new JobError(job.name, problems);
}

/**
 * A value given now wins over one that a fork was asked to have, that over the saved one, and that over the
 * default in the code; each difference is put in words.
 */
export function resolveSettings(
  now: GivenSettings,
  saved: { readonly params: Params; readonly seed: number } | undefined,
  declared: ReadonlyMap<string, ParamRef<unknown>>,
  asked: GivenSettings = { params: {}, seed: undefined },
): Settings {
  if (saved === undefined) return { params: now.params, seed: now.seed ?? 0, notices: [] };
  const notices: string[] = [];
  // The job may have been edited since it was asked.
  const known = Object.entries(asked.params).filter(([name]) => declared.has(name));
  const given = { ...Object.fromEntries(known), ...now.params };
  const by = (isNow: boolean): string => isNow ? "as given now" : "as was asked of the fork";
  const params: Record<string, ParamValue> = {};
  for (const [name, value] of Object.entries(saved.params)) {
    const param = declared.get(name);
    if (param === undefined) {
      notices.push(`param ${name} was saved as ${show(value)}; the job no longer has it`);
    } else if (!Object.hasOwn(given, name)) {
      params[name] = value;
      if (value !== param.default) {
        notices.push(
          `param ${name} is ${show(value)}, as saved; the default is ${show(param.default)}`,
        );
      }
    }
  }
  for (const [name, value] of Object.entries(given)) {
    params[name] = value;
    const before = Object.hasOwn(saved.params, name) ? saved.params[name] : undefined;
    if (before !== value) {
      notices.push(
        `param ${name} ${before === undefined ? "(not saved)" : show(before)} → ${show(value)}, ${
          by(Object.hasOwn(now.params, name))
        }`,
      );
    }
  }
  for (const [name, param] of declared) {
    if (!Object.hasOwn(saved.params, name) && !Object.hasOwn(given, name)) {
      notices.push(`param ${name} is new: its default is ${show(param.default)}`);
    }
  }
  const seed = now.seed ?? asked.seed ?? saved.seed;
  if (seed !== saved.seed) {
    notices.push(`seed ${saved.seed} → ${seed}, ${by(now.seed !== undefined)}`);
  }
  return { params, seed, notices };
}

function show(value: ParamValue): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}
