/**
 * Judges by retention rules what is saved, as far as it is not damaged.
 *
 * @module
 */
import type { RetentionOptions } from "./checkpoint_options.ts";
import type { FactsReader } from "./facts_reader.ts";
import type { History } from "./history.ts";
import { manifestName, type ManifestRef } from "./layout.ts";
import { Pace } from "./pace.ts";
import type { PinnedEpoch } from "./pins.ts";
import {
  type CheckpointFacts,
  judgeRetention,
  type KeepRule,
  type RetentionPlan,
} from "./retention.ts";

/** What is saved, and how to learn of it. */
export interface SavedToJudge {
  /** What there is. */
  readonly history: History;
  /** What is pinned. */
  readonly pinned: readonly PinnedEpoch[];
  /** What manifests say. */
  readonly facts: FactsReader;
  /** Throws where a checkpoint is damaged. */
  readonly check: (ref: ManifestRef) => Promise<void>;
}

/**
 * Judges which checkpoints stay. Those that stay for their place among others are looked at first: one
 * that is damaged is not counted, and makes room for the next.
 *
 * Manifests are read where a rule asks for what they say, and of those that are looked at. Where nothing
 * goes, nothing needs to be.
 *
 * @throws {StoreError} Where reading fails, which is no damage.
 */
export async function judgeSaved(
  rules: readonly KeepRule[],
  { history, pinned, facts, check }: SavedToJudge,
  options: RetentionOptions,
): Promise<RetentionPlan> {
  const known = await readFacts(rules, history.manifests, facts, options);
  const { looksAtAll = false, full = false, inUse = [], nowMs = Date.now() } = options;
  const input = {
    ...{ line: history.line, sides: history.sides, attempts: history.attempts },
    ...{ pinned, inUse, nowMs },
    facts: (ref: ManifestRef) => known.get(manifestName(ref)),
    packBytes: (pack: string) => facts.packBytes(pack),
  };
  const looked = new Set<string>();
  const pace = new Pace();
  for (;;) {
    const plan = judgeRetention(rules, input);
    if (!looksAtAll && plan.verdicts.every(({ keep }) => keep)) return plan;
    let isNew = false;
    for (const { ref, keep, isCounted } of plan.verdicts) {
      const name = manifestName(ref);
      if (!(looksAtAll ? keep : isCounted) || looked.has(name)) continue;
      looked.add(name);
      await pace.turn();
      if (known.get(name) === "damaged" || !await facts.isDamaged(ref, check, full)) continue;
      known.set(name, "damaged");
      isNew = true;
    }
    // Each round finds another one damaged, or is the last.
    if (!isNew) return plan;
  }
}

/** What the rules ask for. */
async function readFacts(
  rules: readonly KeepRule[],
  manifests: readonly ManifestRef[],
  facts: FactsReader,
  options: RetentionOptions,
): Promise<Map<string, CheckpointFacts | "damaged">> {
  const known = new Map<string, CheckpointFacts | "damaged">();
  const pace = new Pace();
  if (rules.some(({ rule }) => rule !== "last" && rule !== "every")) {
    for (const ref of manifests) {
      await pace.turn();
      known.set(manifestName(ref), await facts.of(ref, options));
    }
  }
  if (rules.some(({ rule }) => rule === "size")) {
    facts.trim();
    for (const one of known.values()) {
      await pace.turn();
      if (one !== "damaged") await facts.look(one.packs, options);
    }
  }
  return known;
}
