/**
 * The clock that Tidemark itself looks at while tasks run.
 *
 * It is taken when the module is loaded: whoever watches or replaces the global one, as the drill and
 * users' tests do, sees what tasks ask, and not every look of ours.
 *
 * @module
 */

/** Milliseconds that only go forward, as of `performance.now()`. */
export const monotonicMs: () => number = performance.now.bind(performance);

/** Milliseconds since 1970, as of `Date.now()`. */
export const epochMs: () => number = Date.now.bind(Date);

/** A time in words, from milliseconds since 1970; that of a crafted record may be none. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "an unknown time" : date.toISOString();
}
