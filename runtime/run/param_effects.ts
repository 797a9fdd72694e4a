/**
 * What comes of params that are others than before, where `init` has run.
 *
 * @module
 */
import { conditionTokens, paramsIn, taskParams } from "../../dsl/access.ts";
import { Inventory } from "../../dsl/check/inventory.ts";
import type { PlacedStep } from "../../dsl/layout.ts";
import type { Job } from "../../dsl/mod.ts";
import { derives, layOutDerived } from "../derived/steps.ts";
import type { Program } from "../program.ts";
import type { Params } from "./settings.ts";

/** What other values do, in words. */
export interface ParamEffects {
  /** The params that nothing reads any more. */
  readonly vain: readonly string[];
  /** The derived blobs that may come to another value, in which case a start is refused. */
  readonly derived: readonly string[];
}

/** Finds the params whose values differ from those before, and are read by `init` alone, or by what derives blobs. */
export function paramEffects(job: Job, program: Program, before: Params): ParamEffects {
  const others = [...program.declaredParams.keys()].filter((name) =>
    Object.hasOwn(before, name) && !Object.is(before[name], program.params[name])
  );
  if (others.length === 0) return { vain: [], derived: [] };
  const isReadLater = readLater(job, program);
  const { steps } = layOutDerived(program, program.derived);
  const vain: string[] = [];
  const derived: string[] = [];
  for (const name of others) {
    const makers = steps.filter((step) => paramsOf(step).has(name));
    // A gate may let any of them run, or not.
    const made = (makers.every(derives) ? makers : steps).filter(derives);
    const blobs = new Set(made.flatMap(({ writes }) => writes.map(({ blob }) => blob.name)));
    if (makers.length > 0) {
      derived.push(
        `param ${name} is another, and what is derived is made again of it (${
          [...blobs].join(", ")
        }): where that comes to another value, the job goes on only with --allow-change`,
      );
    } else if (!isReadLater(name)) {
      vain.push(
        `param ${name} is read by init alone, which has run: another value changes nothing; start anew ` +
          `with --fresh to have it`,
      );
    }
  }
  return { vain, derived };
}

/** Tells which params something reads besides tasks and conditions of `init`. */
function readLater(job: Job, program: Program): (name: string) => boolean {
  // Nobody knows what an uploader's tasks read.
  if (program.end.some(({ do: it }) => it === "upload")) return () => true;
  const later = new Inventory({ ...program.shape, init: [] }, job.shape);
  const names = new Set([...later.params].map(({ name }) => name));
  // How often a group repeats says how many steps there are, derived ones among them.
  const { groups } = new Inventory(program.shape, job.shape);
  for (const { times } of groups) if (typeof times === "object") names.add(times.name);
  return (name) => names.has(name);
}

/** The names of the params that a step reads. */
function paramsOf({ task, condition }: PlacedStep): ReadonlySet<string> {
  const params = [
    ...task === undefined ? [] : taskParams(task),
    ...condition === undefined ? [] : paramsIn(conditionTokens(condition)),
  ];
  return new Set(params.map(({ name }) => name));
}
