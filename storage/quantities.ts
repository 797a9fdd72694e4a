/**
 * Sizes and spans of time as whoever wrote a rule may have written them.
 *
 * @module
 */

/** In the largest unit in which it has at most one decimal. */
function exactly(value: number, units: readonly (readonly [string, number])[]): string | undefined {
  for (const [unit, size] of units) {
    const count = value / size;
    if (count >= 1 && count === Number(count.toFixed(1))) return `${count}${unit}`;
  }
  return undefined;
}

/** A size: `1.5 GiB`, or `1000 bytes`. */
export function sizeText(bytes: number): string {
  return exactly(bytes, [[" GiB", 2 ** 30], [" MiB", 2 ** 20], [" KiB", 2 ** 10]]) ??
    `${bytes} bytes`;
}

/** A span of time, from milliseconds: `6h`, or `1500ms`. */
export function spanText(ms: number): string {
  return exactly(ms, [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000]]) ??
    `${ms}ms`;
}
