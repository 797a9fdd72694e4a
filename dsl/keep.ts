/**
 * Which checkpoints are kept.
 *
 * @module
 */
import type { Duration } from "./duration.ts";
import { type By, token } from "./token.ts";

/** A rule that keeps some checkpoints. What any rule keeps is kept, and always the newest. */
export type Keep =
  | { readonly keep: "last"; readonly count: number }
  | { readonly keep: "every"; readonly epochs: number }
  | { readonly keep: "best"; readonly by: By; readonly count: number }
  | { readonly keep: "younger"; readonly than: Duration };

/** Keeps the last `count` checkpoints. */
export function keepLast(count: number): Keep {
  return token({ keep: "last", count });
}

/** Keeps the checkpoints of every `epochs`th epoch. */
export function keepEvery(epochs: number): Keep {
  return token({ keep: "every", epochs });
}

/** Keeps the best `count` checkpoints by a number; `NaN` is never best, and of equals the newest is better. */
export function keepBest(by: By, count: number = 1): Keep {
  return token({ keep: "best", by: Object.freeze({ ...by }), count });
}

/** Keeps the checkpoints that are younger than this. */
export function keepYounger(than: Duration): Keep {
  return token({ keep: "younger", than });
}
