/**
 * The command `verify`.
 *
 * @module
 */
import { type Damage, formatRef, type StoreReport, verifyStore } from "../../storage/mod.ts";
import type { Keeping } from "./keeping.ts";
import { toJson } from "./json.ts";
import { formatBytes, oneLine } from "./text.ts";

/** Looks for damage; gives 1 where there is some. */
export async function verify({ archive, job, args, output }: Keeping): Promise<number> {
  const report = await verifyStore(await archive.open(job, []), { full: args.full });
  output.out(args.json ? `${toJson(data(report), 2)}\n` : verifyText(report, args.full));
  return report.damaged.length > 0 ? 1 : 0;
}

function data({ good, bad, damaged, ...rest }: StoreReport): unknown {
  const blobs = (damage: Damage) =>
    damage.blobs.map(({ ref, ...blob }) => ({ ...blob, from: formatRef(ref) }));
  return {
    ...rest,
    good: good.map(formatRef),
    bad: bad.map(formatRef),
    damaged: damaged.map((damage) => ({ ...damage, blobs: blobs(damage) })),
  };
}

/** The most names of a kind that are shown. */
const MOST_SHOWN = 10;

/** What was found, and what to do about it. */
export function verifyText(report: StoreReport, isFull: boolean): string {
  const { place, good, bad, damaged, garbage, removals, foreign } = report;
  const how = isFull
    ? `${formatBytes(report.checkedBytes)} read and summed`
    : "records and sizes looked at; --full reads every byte";
  const lines = [`${place}: ${count(good.length, "state")} good, ${bad.length} damaged (${how})`];
  for (const { object, problem, blobs } of damaged) {
    lines.push(`damaged: ${oneLine(problem)}`);
    lines.push(
      ...shown(
        blobs.map(({ ref, node, blob }) =>
          `${formatRef(ref)} needs it for blob ${blob} of node ${node}`
        ),
      ),
    );
    if (blobs.length === 0 && !object.startsWith("packs/")) {
      lines.push("  no blob is lost by this alone");
    }
  }
  if (bad.length > 0) {
    lines.push("a resume goes back to the nearest good epoch; nothing damaged is removed unasked");
  }
  if (garbage === undefined) lines.push("garbage cannot be told while a manifest cannot be read");
  else if (garbage.length > 0) {
    const bytes = formatBytes(report.garbageBytes);
    lines.push(
      `garbage: ${
        count(garbage.length, "pack")
      } (${bytes}) of interrupted saves, which harms nobody; the next run removes most of it`,
    );
  }
  if (removals.length > 0) {
    lines.push(
      `left: ${count(removals.length, "removal")} not finished; the next one finishes them`,
    );
  }
  if (foreign.length > 0) lines.push("not Tidemark's, left alone:", ...shown(foreign));
  lines.push(`packs take ${formatBytes(report.packBytes)}`);
  return `${lines.join("\n")}\n`;
}

function shown(names: readonly string[]): string[] {
  const lines = names.slice(0, MOST_SHOWN).map((name) => `  ${name}`);
  const more = names.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
