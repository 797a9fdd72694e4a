/**
 * How long a process of a drill may take.
 *
 * @module
 */
import { type Duration, parseDuration } from "../../dsl/mod.ts";

/** A process of a drill that did not end. */
export class HungProcessError extends Error {
  /** The class's name. */
  override readonly name: string = "HungProcessError";
}

/** A process may take so many times as long as an uninterrupted one, */
const TIMES = 10;
/** and this long in any case, in milliseconds. */
const LEAST_MS = 60_000;

/** The limit of all processes of one drill. */
export class TimeLimit {
  #ownMs: number | undefined;

  /** Takes a limit that a person has set; else it follows from the first run, which has none itself. */
  constructor(readonly given: Duration | undefined) {}

  /** It, in milliseconds. */
  get ms(): number {
    if (this.given !== undefined) return parseDuration(this.given);
    return this.#ownMs === undefined ? Infinity : Math.max(TIMES * this.#ownMs, LEAST_MS);
  }

  /** Takes note of how long a process took that was not to die; the first one counts. */
  took(ms: number): void {
    this.#ownMs ??= ms;
  }

  /** What is to be said of a process that was ended because it went on too long, and said this. */
  error(said: string): HungProcessError {
    const lines = said.trim().split("\n").slice(-3).join(" / ").slice(-500);
    const last = lines === "" ? "" : `; it said last: ${lines}`;
    const what = `it had not ended after ${seconds(this.ms)}`;
    return new HungProcessError(
      this.#ownMs === undefined
        ? `${what}, which is all that --limit gives it, and was ended${last}. Give it longer than the job ` +
          `takes, as in --limit 10m, or leave --limit out: then the first run takes as long as it needs, ` +
          `and the others up to ${TIMES} times as long`
        : `${what} (the first, which nobody kills, took ${
          seconds(this.#ownMs)
        }), and was ended as one ` +
          `that hangs${last}. Look for what it waits for that the first run did not wait for, such as ` +
          `something that is not there after a resume; or give it longer, as in --limit 10m`,
    );
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`;
}
