/**
 * The command `verify`.
 *
 * @module
 */
import {
  type Damage,
  FORMAT_VERSION,
  formatRef,
  type Holder,
  type StoreReport,
  verifyStore,
  type WaitingAsk,
} from "../../storage/mod.ts";
import { parseManifestName } from "../../storage/layout.ts";
import { askerText } from "../checkpoint/do_asks.ts";
import { isUntidy } from "../checkpoint/tidy.ts";
import { timeText } from "../clock.ts";
import { holderText } from "../errors.ts";
import type { Keeping } from "./keeping.ts";
import { toJson } from "./json.ts";
import { count, formatBytes, oneLine, shown } from "./text.ts";

/** Looks for damage; gives 1 where there is some, or what may be some to one who could read it. */
export async function verify({ archive, job, args, output }: Keeping): Promise<number> {
  const store = await archive.open(job, []);
  const holder = await store.store.holder?.();
  const { full } = args;
  const report = await verifyStore(store, { full });
  output.out(
    args.json ? `${toJson(data(report), 2)}\n` : verifyText(report, { full, holder }),
  );
  return report.damaged.length + report.newer.length > 0 ? 1 : 0;
}

function data({ good, bad, overtaken, damaged, ...rest }: StoreReport): unknown {
  const blobs = (damage: Damage) =>
    damage.blobs.map(({ ref, ...blob }) => ({ ...blob, from: formatRef(ref) }));
  return {
    ...rest,
    good: good.map(formatRef),
    bad: bad.map(formatRef),
    overtaken: overtaken.map(formatRef),
    damaged: damaged.map((damage) => ({ ...damage, blobs: blobs(damage) })),
  };
}

/** That packs stay because a manifest that cannot be read may name them, and what ends that. */
export function doubtfulText({ doubtful, newer }: StoreReport): string {
  const left = `${count(doubtful.length, "pack")} left alone, which a`;
  if (newer.length > 0) return `${left} manifest of a newer format version may name`;
  return `${left} damaged manifest may name: ` +
    `bring that back from a copy, or, where it lies beside the line, remove it with prune --side-lines`;
}

/** What was found, and what to do about it. */
export function verifyText(
  report: StoreReport,
  { full, holder }: { readonly full: boolean; readonly holder?: Holder | undefined },
): string {
  const { place, leftovers, good, bad, damaged, newer, garbage, logs, removals, asks, foreign } =
    report;
  const how = full
    ? `${formatBytes(report.checkedBytes)} read, summed and decoded`
    : "records and sizes looked at; --full reads and decodes all";
  const states = newer.filter(({ object }) => parseManifestName(object) !== undefined).length;
  const unknown = states === 0 ? "" : `, ${states} of a newer format version`;
  const lines = [
    `${place}: ${count(good.length, "state")} good, ${bad.length} damaged${unknown} (${how})`,
  ];
  for (const { problem, blobs } of damaged) {
    lines.push(`damaged: ${oneLine(problem).replace(/^Damaged: /, "")}`);
    lines.push(
      ...shown(
        blobs.map(({ ref, node, blob }) =>
          `${formatRef(ref)} needs it for blob ${blob} of node ${node}`
        ),
      ),
    );
  }
  for (const ref of report.overtaken) {
    lines.push(
      `${
        formatRef(ref)
      } lies on a side line, and is the last that attempt ${ref.attempt} saved: where another ` +
        `took the job over before that was acknowledged, it may lack packs`,
    );
  }
  lines.push(...newerLines(newer));
  if (bad.length > 0) {
    const next = states > 0
      ? "a resume goes back from what is damaged to the nearest epoch of its line that is not, and is refused " +
        "where that is of a newer version"
      : good.length > 0
      ? "a resume goes back to the nearest good epoch of its line"
      : "nothing good is left to go back to: bring back what is damaged from a copy, or start anew with --fresh";
    lines.push(`${next}; nothing damaged is removed unasked`);
    if (full) {
      lines.push(
        "what a plan keeps, and prune without --full, is judged by records and sizes: damage within a " +
          "pack is not seen there, and may count as an epoch that is kept",
      );
    }
  }
  if (garbage.length > 0) {
    const bytes = formatBytes(report.garbageBytes);
    lines.push(
      `garbage: ${
        count(garbage.length, "pack")
      } (${bytes}) of interrupted saves, which harms nobody`,
    );
  }
  if (report.doubtful.length > 0) lines.push(doubtfulText(report));
  if (logs.length > 0) lines.push(`left: ${oldLogsText(logs)}`);
  if (leftovers.length > 0) {
    lines.push(`left: ${count(leftovers.length, "temporary file")} of killed writes`);
  }
  if (removals.length > 0) {
    lines.push(
      `left: ${count(removals.length, "removal")} not finished`,
    );
  }
  const isLeft = isUntidy(report);
  if (isLeft && holder === undefined) lines.push("repair removes what is garbage or left");
  if (isLeft && holder !== undefined) {
    lines.push(
      `that may be what ${holderText(holder)}, is just writing; look again when it has ended`,
    );
  }
  if (asks.length > 0) lines.push(...asksText(asks, holder));
  if (foreign.length > 0) lines.push("not Tidemark's, left alone:", ...shown(foreign));
  lines.push(`packs take ${formatBytes(report.packBytes)}`);
  return `${lines.join("\n")}\n`;
}

/** What is of a newer version of the format, and what to do about it. */
function newerLines(newer: StoreReport["newer"]): readonly string[] {
  if (newer.length === 0) return [];
  return [
    `written by a newer Tidemark, and not looked at (this one knows format version ${FORMAT_VERSION}):`,
    ...shown(newer.map(({ object, version }) => oneLine(`${object}: version ${version}`))),
    "that is no damage: use the Tidemark that wrote it, or a newer one; with this one a resume that would " +
    "read any of it is refused, and goes back to nothing older",
  ];
}

/** Task logs that nobody goes on from, in words. */
export function oldLogsText(logs: readonly string[]): string {
  return `${count(logs.length, "object")} of task logs, of what led to an epoch that is saved`;
}

/** What was asked for, and who does it. */
function asksText(asks: readonly WaitingAsk[], holder: Holder | undefined): readonly string[] {
  const does = holder === undefined
    ? "it has ended: the next run, or repair, clears it away"
    : `${holderText(holder)}, does it with its next save`;
  return [
    `asked for, and not done yet (${does}):`,
    ...shown(asks.map(({ ask, problem }) => {
      if (ask === undefined) return oneLine(problem ?? "");
      const sideLines = ask.asked.what === "prune" && ask.asked.sideLines ? " --side-lines" : "";
      const at = timeText(ask.createdAtMs);
      return oneLine(`${ask.asked.what}${sideLines}, by ${askerText(ask)}, at ${at}`);
    })),
  ];
}
