/**
 * Which checkpoints are kept.
 *
 * @module
 */
import type { Duration } from "./duration.ts";
import type { Size } from "./size.ts";
import { type By, token } from "./token.ts";

/** A rule that keeps some checkpoints. What any rule keeps is kept, and always the newest. */
export type Keep =
  | { readonly keep: "last"; readonly count: number }
  | { readonly keep: "every"; readonly epochs: number }
  | { readonly keep: "best"; readonly by: By; readonly count: number }
  | { readonly keep: "younger"; readonly than: Duration }
  | { readonly keep: "interval"; readonly duration: Duration }
  | { readonly keep: "within"; readonly size: Size };

/**
 * Keeps the last `count` checkpoints of each line: a line that another one has left, as after `--fresh`,
 * keeps its last ones too.
 */
export function keepLast(count: number): Keep {
  return token({ keep: "last", count });
}

/**
 * Keeps the checkpoints of every `epochs`th epoch; or one in each stretch of a duration, the first and
 * each that is at least so much younger than the last one kept, or older, as a clock was set back.
 */
export function keepEvery(every: number | Duration): Keep {
  return typeof every === "number"
    ? token({ keep: "every", epochs: every })
    : token({ keep: "interval", duration: every });
}

/** Keeps the best `count` checkpoints by a number; `NaN` is never best, and of equals the newest is better. */
export function keepBest(by: By, count: number = 1): Keep {
  return token({ keep: "best", by: Object.freeze({ ...by }), count });
}

/** Keeps the checkpoints that are younger than this. */
export function keepYounger(than: Duration): Keep {
  return token({ keep: "younger", than });
}

/**
 * Keeps the newest checkpoints, as many as take at most this much on disk together: those of the current
 * line, and with what is left those of the others, the newest first. Rules add up: where this is to be the
 * limit, let it be the only one. The newest stays also where it alone takes more, which is then said.
 */
export function keepWithin(size: Size): Keep {
  return token({ keep: "within", size });
}
