/** What retention may remove. */

import {
  type AttemptInfo,
  computeLines,
  formatRef,
  type Manifest,
  type ManifestRef,
} from "../../storage/mod.ts";
import { type Keep, keepLast, keepYounger } from "tidemark";
import { isSameRef } from "../../storage/layout.ts";

/** What the plan keeps. */
export interface Kept {
  /** So many of the last epochs of each line. */
  readonly last: number;
  /** What is younger than this, in milliseconds. */
  readonly youngerMs: number;
}

/** The rules that keep that. */
export function keepOf({ last, youngerMs }: Kept): readonly [Keep, ...Keep[]] {
  return youngerMs > 0 ? [keepLast(last), keepYounger(`${youngerMs}ms`)] : [keepLast(last)];
}

/** A save, from its commit on. */
export interface Commit {
  readonly ref: ManifestRef;
  readonly manifest: Manifest;
  /** Whether a newer attempt was there when it was committed. */
  isFenced: boolean;
  isAcknowledged: boolean;
  isRemoved: boolean;
}

/** What a removal that is written down was decided on. */
export interface Removal {
  readonly refs: readonly ManifestRef[];
  /** Why the plan would not have let it go, by the name of the save. */
  readonly wrong: ReadonlyMap<string, string>;
  /** The newer attempts that had chosen their parents before, so that nothing must go for it. */
  readonly voidBy: readonly number[];
}

/** A moment at which somebody is about to remove. */
export interface Moment {
  /** The saves that are there, and that nobody else is removing. */
  readonly there: readonly Commit[];
  /** The attempts. */
  readonly attempts: readonly AttemptInfo[];
  /** What the plan keeps. */
  readonly kept: Kept;
  /** When it is. */
  readonly atMs: number;
}

/**
 * Why the plan would keep what is to be removed now, by the names of saves. What fenced attempts commit
 * meanwhile shapes side lines anew, and nobody need have seen it.
 */
export function judgeRemoval(
  moment: Moment,
  going: readonly ManifestRef[],
): ReadonlyMap<string, string> {
  const { there } = moment;
  const wrong = judgeAmong(moment, going);
  const others = judgeAmong({ ...moment, there: there.filter(({ isFenced }) => !isFenced) }, going);
  for (const { ref, isFenced } of there) {
    const name = formatRef(ref);
    if (!isFenced && !others.has(name)) wrong.delete(name);
  }
  return wrong;
}

function judgeAmong(
  { there, attempts, kept, atMs }: Moment,
  going: readonly ManifestRef[],
): Map<string, string> {
  const wrong = new Map<string, string>();
  const made = new Map(there.map(({ ref, manifest }) => [formatRef(ref), manifest.createdAtMs]));
  const { line, sides } = computeLines(attempts, there.map(({ ref }) => ref));
  for (const refs of [line, ...sides.map(({ refs }) => refs)]) {
    for (const ref of refs) {
      if (!going.some((other) => isSameRef(ref, other))) continue;
      // Where the job has gone on from an epoch, the phases that had followed it are nothing to go on from.
      const hasEpoch = refs.some(({ epoch, phase }) => phase === "epoch" && epoch === ref.epoch);
      if (refs !== line && !hasEpoch) continue;
      const newer = new Set(
        refs.filter((other) => other.epoch > ref.epoch).map(({ epoch }) => epoch),
      );
      const ageMs = atMs - (made.get(formatRef(ref)) ?? 0);
      if (newer.size < kept.last) {
        wrong.set(formatRef(ref), `only ${newer.size} of its line are newer`);
      }
      if (ageMs < kept.youngerMs) wrong.set(formatRef(ref), `it was ${ageMs} ms old`);
    }
  }
  return wrong;
}
