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
  type Verdict,
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
 * that is damaged is not counted, and makes room for the next. Where many are damaged, others are looked
 * at ahead of their turn, so that it takes few rounds; what was found before is known from the start.
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
  for (const ref of history.manifests) {
    if (facts.wasDamaged(ref)) known.set(manifestName(ref), "damaged");
  }
  const looked = new Set<string>();
  const pace = new Pace();
  /** Looks at those that were not looked at; gives how many of them are damaged, and the last that is. */
  const look = async (verdicts: readonly Verdict[]) => {
    let damaged = 0;
    let last: Verdict | undefined;
    for (const verdict of verdicts) {
      const name = manifestName(verdict.ref);
      if (looked.has(name)) continue;
      looked.add(name);
      await pace.turn();
      if (known.get(name) === "damaged") continue;
      if (!await facts.isDamaged(verdict.ref, check, full)) continue;
      known.set(name, "damaged");
      damaged++;
      last = verdict;
    }
    return { damaged, last };
  };
  let found = 0;
  for (;;) {
    const plan = judgeRetention(rules, input);
    if (!looksAtAll && plan.verdicts.every(({ keep }) => keep)) return plan;
    const chosen = await look(
      plan.verdicts.filter(({ keep, isCounted }) => looksAtAll ? keep : isCounted),
    );
    // Each round finds another one damaged, or is the last.
    if (chosen.last === undefined) return plan;
    found += chosen.damaged;
    const isLooked = ({ ref }: Verdict) => looked.has(manifestName(ref));
    found += (await look(ahead(plan.verdicts, chosen.last, found, isLooked))).damaged;
  }
}

/**
 * As many as were found damaged, so that rounds grow: of those that were not looked at the nearest before
 * one that is damaged, which mostly are next, and then any.
 */
function ahead(
  verdicts: readonly Verdict[],
  damaged: Verdict,
  most: number,
  isLooked: (verdict: Verdict) => boolean,
): readonly Verdict[] {
  const at = verdicts.indexOf(damaged);
  const next: Verdict[] = [];
  for (let step = 1; step < verdicts.length && next.length < most; step++) {
    const verdict = verdicts.at(at - step);
    if (verdict !== undefined && !isLooked(verdict)) next.push(verdict);
  }
  return next;
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
