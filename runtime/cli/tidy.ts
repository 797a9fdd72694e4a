/**
 * The commands that remove something: `prune` and `repair`.
 *
 * @module
 */
import { formatRef } from "../../storage/mod.ts";
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import { prune, repair } from "../checkpoint/tidy.ts";
import type { Keeping } from "./keeping.ts";
import { toJson } from "./json.ts";
import { describeKeep } from "./plan_words.ts";
import { count, formatBytes, shown } from "./text.ts";
import { doubtfulText, oldLogsText } from "./verify.ts";

/** What these commands need. */
export interface Tidying extends Keeping {
  /** What they work with. */
  readonly engine: CheckpointEngine;
}

/** Removes what the plan does not keep, or says what that is. */
export async function pruneSaved(
  { engine, archive, job, program: { plan }, args, output }: Tidying,
): Promise<number> {
  await archive.open(job, []);
  const { dryRun, sideLines, full } = args;
  const { verdicts, unmet, removed } = await prune(engine, plan.keep ?? [], {
    ...{ dryRun, sideLines, full },
  });
  const names = removed.map(formatRef);
  if (args.json) {
    const { place } = archive;
    const stay = verdicts.length - removed.length;
    output.out(`${toJson({ place, dryRun, removed: names, stay, unmet }, 2)}\n`);
    return 0;
  }
  const rules = plan.keep === undefined ? "all" : plan.keep.map(describeKeep).join(", ");
  const verb = dryRun ? "would remove" : "removed";
  const beside = sideLines ? ", and nothing beside the current line" : "";
  const lines = [`${archive.place}: keep ${rules}${beside}`];
  if (names.length === 0) lines.push("nothing is to be removed");
  else lines.push(`${verb} ${count(names.length, "state")}:`, ...shown(names));
  lines.push(...unmet.map((message) => `note: ${message}`));
  output.out(`${lines.join("\n")}\n`);
  return 0;
}

/** Removes garbage, or says what there is; gives 1 where something is damaged, as `verify` does. */
export async function repairSaved(
  { engine, archive, job, args, output }: Tidying,
): Promise<number> {
  await archive.open(job, []);
  const { dryRun } = args;
  const { report } = await repair(engine, { dryRun });
  const { garbage, garbageBytes, logs, leftovers, removals, damaged } = report;
  const code = damaged.length > 0 ? 1 : 0;
  if (args.json) {
    const { place } = archive;
    const found = { garbage, garbageBytes, doubtful: report.doubtful, logs, leftovers, removals };
    output.out(`${toJson({ place, dryRun, ...found, damaged: damaged.length }, 2)}\n`);
    return code;
  }
  const verb = dryRun ? "would remove" : "removed";
  const lines: string[] = [];
  if (garbage.length > 0) {
    const bytes = formatBytes(garbageBytes);
    lines.push(`${verb} ${count(garbage.length, "pack")} that nothing needs (${bytes})`);
  }
  if (logs.length > 0) lines.push(`${verb} ${oldLogsText(logs)}`);
  if (leftovers.length > 0) {
    lines.push(`${verb} ${count(leftovers.length, "temporary file")} of killed writes`);
  }
  if (removals.length > 0) {
    lines.push(`${dryRun ? "would finish" : "finished"} ${count(removals.length, "removal")}`);
  }
  if (report.doubtful.length > 0) lines.push(doubtfulText(report));
  if (lines.length === 0) lines.push("there is nothing to remove");
  if (damaged.length > 0) {
    lines.push(
      `${count(damaged.length, "object")} damaged, which repair leaves as it is: see verify`,
    );
  }
  output.out(lines.map((line) => `${archive.place}: ${line}\n`).join(""));
  return code;
}
