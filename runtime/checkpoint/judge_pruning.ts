/**
 * Which checkpoints go when somebody prunes.
 *
 * @module
 */
import {
  type Asked,
  type CheckpointStore,
  formatRef,
  keptByPins,
  type ManifestRef,
  type RetentionPlan,
} from "../../storage/mod.ts";

/** What pruning takes out, and why the rest stays. */
export interface Pruning extends RetentionPlan {
  /** What goes. */
  readonly removed: readonly ManifestRef[];
}

const ONLY_SIDES =
  "nothing of the current line can be gone on from, so that what lies beside it stays";

/**
 * Judges what goes. What is damaged is not counted, and stays; where nothing of the current line is good,
 * all that lies beside it stays too.
 *
 * @param inUse What stays whatever the rules say, beside the newest state of the current line.
 */
export async function judgePruning(
  store: CheckpointStore,
  { rules, sideLines, full }: Extract<Asked, { what: "prune" }>,
  inUse: readonly ManifestRef[] = [],
): Promise<Pruning> {
  const { line, sides, attempts } = await store.history();
  const newest = line.at(-1);
  const stays = newest === undefined ? inUse : [...inUse, newest];
  const plan = await store.judge(rules, { inUse: stays, looksAtAll: true, full });
  const isGood = plan.verdicts.slice(0, line.length).some(({ isCounted }) => isCounted);
  // What is in use stays with the phases after it too.
  const isSpared = keptByPins(sideLines ? [...await store.pins(), ...inUse] : [], attempts);
  const beside = new Set(
    (sideLines && isGood ? sides.flatMap(({ refs }) => refs) : [])
      .filter((ref) => !isSpared(ref))
      .map(formatRef),
  );
  const unmet = sideLines && !isGood && sides.length > 0 ? [...plan.unmet, ONLY_SIDES] : plan.unmet;
  const removed = plan.verdicts
    .filter(({ ref, keep }) => !keep || beside.has(formatRef(ref)))
    .map(({ ref }) => ref);
  return { ...plan, unmet, removed };
}
