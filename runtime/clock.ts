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
