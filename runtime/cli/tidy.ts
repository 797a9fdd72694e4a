/**
 * The commands that remove something: `prune` and `repair`.
 *
 * @module
 */
import { parseDuration } from "../../dsl/mod.ts";
import { formatRef, type StoreReport } from "../../storage/mod.ts";
import type { AskOutcome } from "../checkpoint/ask_holder.ts";
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import { prune, repair } from "../checkpoint/tidy.ts";
import { holderText } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import { EXIT } from "./exit.ts";
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
  const pruned = await prune(engine, plan.keep ?? [], {
    ...{ dryRun, sideLines, full, waitMs: waitOf(args), readsLate: plan.load === "lazy" },
  });
  const { verdicts, unmet, removed, asked, left = [] } = pruned;
  const names = removed.map(formatRef);
  const still = left.map(formatRef);
  if (args.json) {
    const { place } = archive;
    const stay = verdicts.length - removed.length;
    output.out(
      `${
        toJson({
          place,
          dryRun,
          ...askedData(asked, left.length),
          removed: names,
          left: still,
          stay,
          unmet,
        }, 2)
      }\n`,
    );
    return codeOf(asked, args, left.length);
  }
  const rules = plan.keep === undefined ? "all" : plan.keep.map(describeKeep).join(", ");
  const verb = isYetToGo(dryRun, asked)
    ? "would remove"
    : asked === undefined
    ? "removed"
    : "gone since, for that or by the job's own plan:";
  const beside = sideLines ? ", and nothing beside the current line" : "";
  const lines = [
    `${archive.place}: keep ${rules}${beside}`,
    ...askedLines(asked, args, { count: left.length, what: "state" }),
  ];
  if (names.length > 0) lines.push(`${verb} ${count(names.length, "state")}:`, ...shown(names));
  else lines.push(asked === undefined ? "nothing is to be removed" : "nothing has gone");
  lines.push(...unmet.map((message) => `note: ${message}`));
  output.out(`${lines.join("\n")}\n`);
  return codeOf(asked, args, left.length);
}

/** Removes garbage, or says what there is; gives 1 where something is damaged, as `verify` does. */
export async function repairSaved(
  { engine, archive, job, args, output }: Tidying,
): Promise<number> {
  await archive.open(job, []);
  const { dryRun } = args;
  const { report, asked, left = 0, spared = 0 } = await repair(engine, {
    dryRun,
    waitMs: waitOf(args),
  });
  const { garbage, doubtful, logs, leftovers, removals, damaged } = report;
  const code = codeOf(asked, args, left) || (damaged.length > 0 ? 1 : 0);
  if (args.json) {
    const { place } = archive;
    const { garbageBytes } = report;
    const found = { garbage, garbageBytes, doubtful, logs, leftovers, removals };
    const all = {
      place,
      dryRun,
      ...askedData(asked, left),
      ...found,
      left,
      spared,
      damaged: damaged.length,
    };
    output.out(`${toJson(all, 2)}\n`);
    return code;
  }
  const lines = [
    ...askedLines(asked, args, { count: left, what: "object" }),
    ...garbageLines(report, wordsOf(dryRun, asked)),
  ];
  if (spared > 0) {
    lines.push(`${count(spared, "temporary file")} left, as somebody may be writing there`);
  }
  if (damaged.length > 0) {
    lines.push(
      `${count(damaged.length, "object")} damaged, which repair leaves as it is: see verify`,
    );
  }
  output.out(lines.map((line) => `${archive.place}: ${line}\n`).join(""));
  return code;
}

/** What is said of garbage. */
interface Words {
  readonly remove: string;
  readonly finish: string;
  readonly nothing: string;
}

function wordsOf(dryRun: boolean, asked: AskOutcome | undefined): Words {
  const nothing = "there is nothing to remove";
  if (isYetToGo(dryRun, asked)) return { remove: "would remove", finish: "would finish", nothing };
  if (asked === undefined) return { remove: "removed", finish: "finished", nothing };
  // Nobody can tell what of it the job would have removed unasked.
  const since = "since, for that or by what the job does itself:";
  return { remove: `gone ${since}`, finish: `finished ${since}`, nothing: "nothing has gone" };
}

function garbageLines(
  report: StoreReport,
  { remove: verb, finish, nothing }: Words,
): readonly string[] {
  const { garbage, garbageBytes, doubtful, logs, leftovers, removals } = report;
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
    lines.push(`${finish} ${count(removals.length, "removal")}`);
  }
  if (doubtful.length > 0) lines.push(doubtfulText(report));
  if (lines.length === 0) lines.push(nothing);
  return lines;
}

/** How long to wait for whoever holds the job, in milliseconds. */
function waitOf({ wait }: Arguments): number | undefined {
  return wait === undefined ? undefined : parseDuration(wait);
}

/** Whether what is told of is still there. */
function isYetToGo(dryRun: boolean, asked: AskOutcome | undefined): boolean {
  return dryRun || asked?.isGone === false;
}

/** What was to go by an ask that is gone, and is still there. */
interface Left {
  readonly count: number;
  readonly what: string;
}

/** Who was asked, and what came of it. */
function askedLines(
  asked: AskOutcome | undefined,
  { wait }: Arguments,
  left: Left,
): readonly string[] {
  if (asked === undefined) return [];
  const who = holderText(asked.holder);
  if (asked.isGone && left.count === 0) {
    return [`asked ${who}, which holds the job, and it is done`];
  }
  if (asked.isGone) {
    const still = `${count(left.count, left.what)} that should have gone ${
      left.count === 1 ? "is" : "are"
    } still there`;
    return [
      `asked ${who}, which holds the job; it dropped that undone, or as it could not do all of it ` +
      `(what it printed says why): ${still}; ask again, or once it has ended`,
    ];
  }
  const when = "it does so with its next save; if it ends before, ask again";
  if (wait === undefined) return [`asked ${who}, which holds the job: ${when}`];
  return [`asked ${who}, which holds the job, and it was not done in ${wait}: ${when}`];
}

function askedData(
  asked: AskOutcome | undefined,
  left: number,
): Readonly<Record<string, unknown>> {
  if (asked === undefined) return { asked: false };
  return { asked: true, done: asked.isGone && left === 0, holder: asked.holder };
}

/** An ask that waits is not done yet, and one that was dropped with something left has failed. */
function codeOf(asked: AskOutcome | undefined, { wait }: Arguments, left: number): number {
  if (left > 0) return EXIT.failed;
  return asked?.isGone === false && wait !== undefined ? EXIT.stopped : EXIT.finished;
}
