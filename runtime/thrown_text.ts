/**
 * What was thrown, in words.
 *
 * @module
 */

/** What was thrown, in one line. */
export function thrownText(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : valueText(thrown);
}

/** What was thrown, by its message alone. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : valueText(thrown);
}

/** What was thrown and is no error, in words; also where it cannot be made a text. */
export function valueText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value that has no text";
  }
}
