/**
 * Removes the checkpoints that a plan does not keep.
 *
 * @module
 */
import { DEFAULT_NODE } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import { type Keep, parseDuration, parseSize } from "../../dsl/mod.ts";
import type { Attempt, CheckpointStore, KeepRule, ManifestRef } from "../../storage/mod.ts";

/** What retention did. */
export interface Retained {
  /** What was removed. */
  readonly removed: readonly ManifestRef[];
  /** What rules ask for and cannot have, in words. */
  readonly unmet: readonly string[];
}

/**
 * Removes what a plan's rules do not keep.
 *
 * @throws {FencedError} Where a later attempt has taken over; then nothing is removed.
 */
export async function retain(
  store: CheckpointStore,
  attempt: Attempt,
  keep: readonly Keep[],
  inUse: readonly ManifestRef[],
): Promise<Retained> {
  const { verdicts, unmet } = await store.judge(keep.map(ruleOf), { inUse });
  const removed = verdicts.filter((verdict) => !verdict.keep).map(({ ref }) => ref);
  if (removed.length > 0) await attempt.remove(removed);
  return { removed, unmet };
}

/** A rule as the storage takes it. */
export function ruleOf(keep: Keep): KeepRule {
  switch (keep.keep) {
    case "last":
      return { rule: "last", n: keep.count };
    case "every":
      return { rule: "every", n: keep.epochs };
    case "younger":
      return { rule: "younger", ms: parseDuration(keep.than) };
    case "interval":
      return { rule: "interval", ms: parseDuration(keep.duration) };
    case "within":
      return { rule: "size", bytes: parseSize(keep.size) };
    case "best": {
      const { blob, node = DEFAULT_NODE, direction } = metricOf(keep.by);
      return { rule: "best", metric: `${node}/${blob.name}`, direction, n: keep.count };
    }
  }
}
