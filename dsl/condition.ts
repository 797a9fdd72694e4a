/**
 * Conditions: when a job stops, and whether a task runs.
 *
 * @module
 */
import { isToken } from "./access.ts";
import type { Duration } from "./duration.ts";
import {
  type AnyReadable,
  type By,
  type CursorRef,
  frozenTokens,
  type Given,
  type ParamRef,
  type Reads,
  token,
} from "./token.ts";

/** Holds once this many epochs have run. */
export interface Epochs {
  /** What it is. */
  readonly kind: "condition";
  /** Which condition it is. */
  readonly of: "epochs";
  /** How many epochs. */
  readonly count: number | ParamRef<number>;
}

/** Holds where a predicate over blobs and params does. */
export interface When {
  /** What it is. */
  readonly kind: "condition";
  /** Which condition it is. */
  readonly of: "when";
  /** What the predicate is given: one token, or several by name. */
  readonly reads: AnyReadable | Reads;
  /** The predicate. */
  readonly holds: (values: never) => boolean;
}

/**
 * Holds once a cursor has given all its items on every node whose tasks read it, also those yet to begin.
 *
 * A list's length is what it was when a task read it last: a job that has ended so stays ended when its
 * list grows. Resume it from the epoch before its last one, to read the list again and go on.
 *
 * @example
 * ```ts
 * import { cursor, drained, resource } from "tidemark";
 *
 * const pages = resource("pages", { open: () => ["a", "b", "c"] });
 * const todo = cursor("todo", { over: pages, take: 2 });
 * const done = drained(todo);
 * ```
 */
export interface Drained {
  /** What it is. */
  readonly kind: "condition";
  /** Which condition it is. */
  readonly of: "drained";
  /** The cursor. */
  readonly cursor: CursorRef<unknown>;
}

/** Holds once a number has not improved for some epochs. */
export interface Plateau {
  /** What it is. */
  readonly kind: "condition";
  /** Which condition it is. */
  readonly of: "plateau";
  /** The number and its direction. */
  readonly by: By;
  /** For how many epochs it must not have improved. */
  readonly epochs: number | ParamRef<number>;
  /** By how much it must change to count as better. */
  readonly minDelta: number;
}

/** Holds once the job's finished epochs have taken this long, over all attempts of the line. */
export interface Elapsed {
  /** What it is. */
  readonly kind: "condition";
  /** Which condition it is. */
  readonly of: "elapsed";
  /** How long. */
  readonly duration: Duration;
}

/** Holds where any, all or none of others do. */
export interface Combined {
  /** What it is. */
  readonly kind: "condition";
  /** Which condition it is. */
  readonly of: "any" | "all" | "not";
  /** The others. */
  readonly conditions: readonly Condition[];
}

/** A condition. */
export type Condition = Epochs | When | Drained | Plateau | Elapsed | Combined;

/** How a plateau is judged. */
export interface PlateauOptions {
  /** For how many epochs the number must not have improved. */
  readonly epochs: number | ParamRef<number>;
  /** By how much it must change to count as better; 0 by default. */
  readonly minDelta?: number;
}

/** Holds once `count` epochs have run; also says how often to save, in a checkpoint plan. */
export function epochs(count: number | ParamRef<number>): Epochs {
  return token({ kind: "condition", of: "epochs", count });
}

/**
 * Holds where a predicate over blobs and params does.
 *
 * @example
 * ```ts
 * import { blob, param, when } from "tidemark";
 *
 * const loss = blob<number>("loss");
 * const goal = param("goal", 0.01);
 * const good = when({ loss, goal }, ({ loss, goal }) => loss < goal);
 * const tiny = when(loss, (loss) => loss < 1e-9);
 * ```
 */
export function when<const R extends AnyReadable | Reads>(
  reads: R,
  holds: (values: Given<R>) => boolean,
): When {
  // What is no object the build refuses by name.
  const isRecord = typeof reads === "object" && reads !== null && !isToken(reads);
  return token({
    kind: "condition",
    of: "when",
    reads: isRecord ? frozenTokens(reads) : reads,
    holds,
  });
}

/**
 * Holds once a cursor has given all its items on every node whose tasks read it, also those yet to begin.
 *
 * A list's length is what it was when a task read it last: a job that has ended so stays ended when its
 * list grows. Resume it from the epoch before its last one, to read the list again and go on.
 *
 * @example
 * ```ts
 * import { cursor, drained, resource } from "tidemark";
 *
 * const pages = resource("pages", { open: () => ["a", "b", "c"] });
 * const todo = cursor("todo", { over: pages, take: 2 });
 * const done = drained(todo);
 * ```
 */
export function drained(cursor: CursorRef<unknown>): Drained {
  return token({ kind: "condition", of: "drained", cursor });
}

/** Holds once a number has not improved for some epochs; `NaN` is no improvement. */
export function plateau(by: By, options: PlateauOptions): Plateau {
  const { epochs, minDelta } = options;
  return token({
    kind: "condition",
    of: "plateau",
    by: Object.freeze({ ...by }),
    epochs,
    minDelta: minDelta ?? 0,
  });
}

/** Holds once the job's finished epochs have taken this long, over all attempts of the line. */
export function elapsed(duration: Duration): Elapsed {
  return token({ kind: "condition", of: "elapsed", duration });
}

/** Holds where at least one of the conditions does. */
export function any(...conditions: readonly [Condition, ...Condition[]]): Combined {
  return token({ kind: "condition", of: "any", conditions: Object.freeze([...conditions]) });
}

/** Holds where all of the conditions do. */
export function all(...conditions: readonly [Condition, ...Condition[]]): Combined {
  return token({ kind: "condition", of: "all", conditions: Object.freeze([...conditions]) });
}

/** Holds where the condition does not. */
export function not(condition: Condition): Combined {
  return token({ kind: "condition", of: "not", conditions: Object.freeze([condition]) });
}
