/**
 * Why a derived blob may not be what it was.
 *
 * @module
 */
import { accessKey, conditionTokens, taskReads, taskWrites, tokensOf } from "../../dsl/access.ts";
import {
  type AnyTask,
  type AnyToken,
  type ParamRef,
  paramValue,
  type When,
} from "../../dsl/mod.ts";
import { firstDifference } from "../../storage/mod.ts";
import { type JobChange, OF_MODULES } from "../change/compare.ts";
import type { Program } from "../program.ts";
import { environment, type Progress } from "../run/state.ts";

/** What has changed since a state was saved. */
export interface ChangesSince {
  /** Of the job. */
  readonly changes: readonly JobChange[];
  /** The blobs that migrations make of what was saved, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;
  /** The derived blobs, as `node/blob`, that are others. */
  readonly changed: ReadonlySet<string>;
}

/** What of that which a task depends on has changed since a state was saved, in words. */
export function reasonsOf(
  task: AnyTask,
  node: string,
  { program, seed, saved, stamps }: Progress,
  { changes, made, changed }: ChangesSince,
): readonly string[] {
  const { reads, if: condition } = task.declaration;
  const judged = [...condition === undefined ? [] : [condition], ...gatesOf(task, node, program)]
    .flatMap(conditionTokens);
  const changesOf = (name: string): readonly string[] =>
    changes.filter(({ what }) => what.includes(name)).map(({ what }) => what);
  const helpers = changes.filter(({ why }) => OF_MODULES.includes(why)).map(({ what }) => what);
  const found: string[] = [...changesOf(`task "${task.name}"`), ...helpers];
  const visit = (token: AnyToken): void => {
    if (token.kind === "param") found.push(...paramReasons(token, program, saved));
    if (token.kind !== "resource") return;
    found.push(...changesOf(`resource "${token.name}"`));
    const key = `${node}/${token.name}`;
    if (saved !== undefined && Object.hasOwn(saved.stamps, key)) {
      const difference = firstDifference(saved.stamps[key], stamps.get(key));
      if (difference !== undefined) {
        const { left, right } = difference;
        found.push(`resource "${token.name}" is another: its stamp was ${left}, and is ${right}`);
      }
    }
    for (const read of Object.values(token.reads)) visit(read as AnyToken);
  };
  [...tokensOf(reads), ...judged].forEach(visit);
  for (const access of [...taskReads(task, node), ...taskWrites(task, node)]) {
    const key = accessKey(access);
    const by = made.get(key);
    if (by !== undefined) found.push(`blob ${key} is made by migration "${by}" of what was saved`);
    if (changed.has(key)) found.push(`derived blob ${key} is another`);
  }
  if (saved !== undefined && saved.seed !== seed) {
    found.push(`the seed is ${seed}, and was ${saved.seed} (--seed ${saved.seed})`);
  }
  return [...new Set([...found, ...environmentReasons(saved)])];
}

/** The conditions of the groups around a task, which say whether it runs at all. */
function gatesOf(task: AnyTask, node: string, { groups: { init } }: Program): readonly When[] {
  return init.steps.filter((step) => step.task === task && step.node === node)
    .flatMap(({ gates }) => gates.flatMap((gate) => init.steps[gate]?.condition ?? []));
}

/** What a computed value's last bits may depend on. */
function environmentReasons(saved: Progress["saved"]): readonly string[] {
  const now = environment();
  return (["deno", "arch"] as const).filter((key) =>
    (saved?.environment[key] ?? now[key]) !== now[key]
  )
    .map((key) => `it is made with ${key} ${now[key]}, and was with ${saved?.environment[key]}`);
}

function paramReasons(
  param: ParamRef<unknown>,
  { params }: Program,
  saved: Progress["saved"],
): readonly string[] {
  const now = paramValue(param, params);
  const before = saved?.params[param.name];
  if (before === undefined || Object.is(before, now)) return [];
  return [`param ${param.name} is ${now}, and was ${before} (--param ${param.name}=${before})`];
}
