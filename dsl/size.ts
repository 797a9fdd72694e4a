/**
 * Sizes as users write them.
 *
 * @module
 */

/** A size: a number and its unit, a power of two, as in `"500 MiB"` or `"1.5 TiB"`. */
export type Size = `${number} ${"KiB" | "MiB" | "GiB" | "TiB"}`;

const UNITS: readonly string[] = ["KiB", "MiB", "GiB", "TiB"];

/**
 * The bytes of a size.
 *
 * @throws {RangeError} Where the text is not a number with a unit, or is over 2^53 bytes.
 *
 * @example
 * ```ts
 * import { parseSize } from "tidemark";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSize("1.5 KiB"), 1536);
 * ```
 */
export function parseSize(text: Size): number {
  const match = /^(\d+(?:\.\d+)?) (KiB|MiB|GiB|TiB)$/.exec(text);
  const unit = UNITS.indexOf(match?.[2] ?? "");
  const bytes = match === null ? NaN : Math.floor(Number(match[1]) * 1024 ** (unit + 1));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new RangeError(
    `Cannot parse size "${text}": write a number, a space and a unit (KiB, MiB, GiB, TiB), as in "20 GiB"`,
  );
}
