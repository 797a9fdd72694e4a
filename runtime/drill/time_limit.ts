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
    const own = this.#ownMs === undefined
      ? ""
      : ` (the first, which nobody kills, took ${seconds(this.#ownMs)})`;
    const last = said.trim().split("\n").slice(-3).join(" / ").slice(-500);
    return new HungProcessError(
      `it had not ended after ${seconds(this.ms)}${own}, and was ended as one that hangs` +
        `${last === "" ? "" : `; it said last: ${last}`}. Look for what it waits for that is not ` +
        `there after a resume; or give it longer, as in --limit 10m`,
    );
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`;
}
