/**
 * Removes the checkpoints that a plan does not keep.
 *
 * @module
 */
import { DEFAULT_NODE } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import { type Keep, parseDuration } from "../../dsl/mod.ts";
import type { Attempt, CheckpointStore, KeepRule, ManifestRef } from "../../storage/mod.ts";

/**
 * Removes what a plan's rules do not keep; gives what was removed.
 *
 * @throws {FencedError} Where a later attempt has taken over; then nothing is removed.
 */
export async function retain(
  store: CheckpointStore,
  attempt: Attempt,
  keep: readonly Keep[],
  inUse: readonly ManifestRef[],
): Promise<readonly ManifestRef[]> {
  const { verdicts } = await store.judge(keep.map(ruleOf), { inUse });
  const gone = verdicts.filter((verdict) => !verdict.keep).map(({ ref }) => ref);
  if (gone.length > 0) await attempt.remove(gone);
  return gone;
}

function ruleOf(keep: Keep): KeepRule {
  switch (keep.keep) {
    case "last":
      return { rule: "last", n: keep.count };
    case "every":
      return { rule: "every", n: keep.epochs };
    case "younger":
      return { rule: "younger", ms: parseDuration(keep.than) };
    case "best": {
      const { blob, node = DEFAULT_NODE, direction } = metricOf(keep.by);
      return { rule: "best", metric: `${node}/${blob.name}`, direction, n: keep.count };
    }
  }
}
