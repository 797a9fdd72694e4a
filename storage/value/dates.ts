/**
 * Times in seconds, as CBOR has them.
 *
 * @module
 */

/** The milliseconds of a number of seconds. */
export function fromSeconds(seconds: number): number {
  return Math.round(seconds * 1000);
}

/**
 * The seconds from which {@linkcode fromSeconds} finds these milliseconds again, NaN for NaN;
 * `undefined` where there are none, which happens millennia away from now.
 */
export function exactSeconds(ms: number): number | undefined {
  const seconds = ms / 1000;
  return Object.is(fromSeconds(seconds), ms) ? seconds : undefined;
}
