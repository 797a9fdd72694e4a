/**
 * Text as terminals and logs take it.
 *
 * @module
 */

// deno-lint-ignore no-control-regex -- finding control characters is what these are for
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -~])/g;
// deno-lint-ignore no-control-regex -- the same
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g;
const NO_WIDTH = /^[\p{Mark}\p{Format}]$/u;
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})$/u;
const SIMPLE = /^[ -~]*$/;

/** One line of a text, without control characters: each run of them becomes a space. */
export function oneLine(text: string): string {
  return text.replace(ESCAPES, "").replace(CONTROLS, " ").trimEnd();
}

/** The lines of a text, without control characters. */
export function cleanLines(text: string): string[] {
  return text.replace(ESCAPES, "").split(/\r?\n/).map(oneLine);
}

/** A text cut to fit a number of a terminal's columns. */
export function fit(text: string, columns: number): string {
  if (SIMPLE.test(text)) {
    return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
  }
  let used = 0;
  let end = 0;
  let cut = 0;
  for (const character of text) {
    used += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
    if (used > columns) return `${text.slice(0, cut)}…`;
    end += character.length;
    if (used < columns) cut = end;
  }
  return text;
}

/** A size as a person reads it, from bytes. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The length of the longest of some texts, of which there may be any number; 0 where there is none. */
export function longest(texts: Iterable<string>): number {
  let most = 0;
  for (const { length } of texts) most = Math.max(most, length);
  return most;
}

/** The most names of a kind that are shown. */
const MOST_SHOWN = 10;

/** Names, indented, each on a line of its own; of very many the first. */
export function shown(names: readonly string[]): string[] {
  const lines = names.slice(0, MOST_SHOWN).map((name) => `  ${name}`);
  const more = names.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}

/** A number of things, in words. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
