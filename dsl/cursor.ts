/**
 * Cursors: the next items of a list, epoch by epoch.
 *
 * @module
 */
import { type BlobRef, type CursorRef, type ParamRef, type ResourceRef, token } from "./token.ts";

/** What a cursor takes. */
export interface CursorOptions<T> {
  /** The list: a blob or a resource with a length. */
  readonly over: BlobRef<T> | ResourceRef<T>;
  /** How many items each epoch takes; the last slice may be shorter. */
  readonly take: number | ParamRef<number>;
  /** Takes them in an order shuffled from the job's seed, the same after any resume. */
  readonly shuffle?: boolean;
  /** Starts again at the epoch after the end, in a new order where it shuffles. */
  readonly wrap?: boolean;
}

/** The type of a list's items. */
export type ItemOf<T> = T extends ArrayLike<infer E> ? E : never;

/**
 * Declares a cursor: all tasks of an epoch that read it see the same slice, and its position is
 * saved, so that a resume takes the next items and no others.
 *
 * It advances when the epoch commits. Past the end its slices are empty; `drained(cursor)` is the
 * stop condition for that.
 *
 * @example
 * ```ts
 * import { blob, cursor, drained } from "tidemark";
 *
 * const days = blob<string[]>("days", { immutable: true });
 * const week = cursor("week", { over: days, take: 7 });
 * const done = drained(week);
 * ```
 */
export function cursor<T extends ArrayLike<unknown>>(
  name: string,
  options: CursorOptions<T>,
): CursorRef<ItemOf<T>> {
  return token({
    kind: "cursor",
    name,
    over: options.over,
    take: options.take,
    shuffle: options.shuffle ?? false,
    wrap: options.wrap ?? false,
  });
}
