/**
 * What comes of params that are others than before, where `init` has run.
 *
 * @module
 */
import { taskParams } from "../../dsl/access.ts";
import { Inventory } from "../../dsl/check/inventory.ts";
import type { Job, ParamRef } from "../../dsl/mod.ts";
import { derives } from "../derived/steps.ts";
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
  const vain: string[] = [];
  const derived: string[] = [];
  const later = new Inventory({ ...program.shape, init: [] }, job.shape);
  const isReadLater = new Set([...later.params].map(({ name }) => name));
  for (const { name } of program.declaredParams.values()) {
    if (!Object.hasOwn(before, name) || Object.is(before[name], program.params[name])) continue;
    const steps = program.groups.init.steps.filter(({ task }) =>
      task !== undefined && taskParams(task).some((param: ParamRef<unknown>) => param.name === name)
    );
    const makers = steps.filter(derives);
    for (const { task, writes } of makers) {
      const blobs = [...new Set(writes.map(({ blob }) => blob.name))].join(", ");
      derived.push(
        `param ${name} is another, and "${task?.name}" makes ${blobs} again of it: where that comes to ` +
          `another value, the job goes on only with --allow-change`,
      );
    }
    if (makers.length > 0 || isReadLater.has(name)) continue;
    vain.push(
      `param ${name} is read by init alone, which has run: another value changes nothing; start anew ` +
        `with --fresh to have it`,
    );
  }
  return { vain, derived: [...new Set(derived)] };
}
