/**
 * Values that may be anything, as a job in plain JavaScript can give them.
 *
 * @module
 */

/** What an object has, of whatever types. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether it is an object, and no list. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list, or the one thing that it is. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** A value as a message shows it: what it is, not all that is in it. */
export function worded(value: unknown): string {
  if (isObject(value)) {
    const { kind, of, name } = value;
    const called = typeof name === "string" ? ` "${name}"` : "";
    return typeof kind === "string" ? `a ${of ?? kind}${called}` : "an object";
  }
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? `"${value.slice(0, 50)}"` : String(value).slice(0, 50);
}
