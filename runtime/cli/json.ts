/**
 * Shows a run as lines of JSON.
 *
 * @module
 */
import type { RunEvent } from "../events.ts";

/**
 * Anything as JSON. Numbers that JSON does not have are the strings `"NaN"`, `"Infinity"` and
 * `"-Infinity"`, bigints are strings, and what is not set is left out.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, inner) => {
      if (typeof inner === "number" && !Number.isFinite(inner)) return String(inner);
      return typeof inner === "bigint" ? String(inner) : inner;
    },
    indent,
  );
}

/** An event as a line of JSON. */
export function eventLine(event: RunEvent): string {
  // JSON escapes line feeds, but not the other line ends that some readers split at.
  return toJson(event).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
