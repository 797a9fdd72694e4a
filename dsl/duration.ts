/**
 * Lengths of time as users write them.
 *
 * @module
 */

/** A length of time: a number and its unit, as in `"250ms"`, `"1.5s"`, `"10m"`, `"2h"`, `"7d"`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest duration that is taken: a hundred years. */
const LONGEST_MS = 36_525 * 86_400_000;

/**
 * The milliseconds of a duration.
 *
 * @throws {RangeError} Where the text is not a number with a unit, is negative, or is over a hundred years.
 *
 * @example
 * ```ts
 * import { parseDuration } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDuration("1.5s"), 1500);
 * ```
 */
export function parseDuration(text: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const ms = match === null ? NaN : Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? NaN);
  if (!(ms <= LONGEST_MS)) {
    throw new RangeError(
      `Cannot parse duration "${text}": write a number and a unit (ms, s, m, h, d), as in "10m"`,
    );
  }
  return ms;
}

/** A duration as a person reads it, from milliseconds: `820 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  // Each bound is where the next unit's rounding begins: never "1000 ms" or "60.0 s".
  if (ms < 999.5) return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
