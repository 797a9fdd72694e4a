/**
 * Other ways to read a blob than the value that stands on the task's own node.
 *
 * @module
 */
import {
  type BlobRef,
  type By,
  type FromView,
  type GatherView,
  type OptionalView,
  type PreviousView,
  type SavedView,
  token,
} from "./token.ts";

/**
 * Reads the value from before the group, wherever the task stands in it; in the epoch group that is
 * the last epoch's. A copy is kept where a task of the group changes the blob in place.
 *
 * @example
 * ```ts
 * import { blob, previous, task } from "tidemark";
 *
 * const loss = blob<number>("loss");
 * const step = task("step", { reads: { last: previous(loss, Infinity) }, writes: { loss } })
 *   .run(({ last }) => ({ loss: Math.min(last, 10) / 2 }));
 * ```
 */
export function previous<T>(blob: BlobRef<T>): PreviousView<T | undefined>;
/** Reads the value from before the group, or a fallback where there is none. */
export function previous<T>(blob: BlobRef<T>, fallback: NoInfer<T>): PreviousView<T>;
export function previous<T>(blob: BlobRef<T>, fallback?: T): PreviousView<T | undefined> {
  return token({ kind: "previous", blob, fallback });
}

/** Reads a blob that may not be set: `undefined` then. */
export function optional<T>(blob: BlobRef<T>): OptionalView<T | undefined> {
  return token({ kind: "optional", blob });
}

/** Reads a copy of another node's blob. */
export function from<T>(node: string, blob: BlobRef<T>): FromView<T> {
  return token({ kind: "from", node, blob });
}

/**
 * Reads copies of a blob from several nodes, in the order of `nodes`.
 *
 * @example
 * ```ts
 * import { blob, gather, nodes, task } from "tidemark";
 *
 * const part = blob<number>("part");
 * const total = blob<number>("total");
 * const sum = task("sum", { reads: { parts: gather(nodes("worker", 3), part) }, writes: { total } })
 *   .run(({ parts }) => ({ total: parts.reduce((a, b) => a + b, 0) }));
 * ```
 */
export function gather<T>(nodes: readonly string[], blob: BlobRef<T>): GatherView<readonly T[]> {
  return token({ kind: "gather", nodes: Object.freeze([...nodes]), blob });
}

/**
 * Reads a blob as it was in the best saved epoch of the current line, by a partial load. An epoch that is
 * damaged is not looked at, and said; with `onDamaged: "stop"` it fails the task. What was saved before a
 * migration of the plan is given as that makes it; a value of another kind than declared fails the task. The
 * numbers by which epochs are compared are those that each has saved, whatever a migration makes of them.
 *
 * @example
 * ```ts
 * import { blob, saved, task } from "tidemark";
 *
 * const weights = blob<Float32Array>("weights");
 * const accuracy = blob<number>("accuracy");
 * const report = task("report", { reads: { best: saved(weights, { max: accuracy }) } })
 *   .run(({ best }, { log }) => log(`${best.length} weights`));
 * ```
 */
export function saved<T>(blob: BlobRef<T>, by: By): SavedView<T> {
  return token({ kind: "saved", blob, by: Object.freeze({ ...by }) });
}

/**
 * The names of `count` nodes: `name_0`, `name_1` …
 *
 * @throws {RangeError} Where `count` is no whole number from 0 on.
 */
export function nodes(name: string, count: number): readonly string[] {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`Cannot name ${count} nodes "${name}": give a whole number from 0 on`);
  }
  return Object.freeze(Array.from({ length: count }, (_, index) => `${name}_${index}`));
}
