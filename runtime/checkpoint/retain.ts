/**
 * Removes the checkpoints that a plan does not keep.
 *
 * @module
 */
import { DEFAULT_NODE } from "../../dsl/access.ts";
import { metricOf } from "../../dsl/check/inventory.ts";
import { type Keep, parseDuration } from "../../dsl/mod.ts";
import {
  type Attempt,
  type CheckpointFacts,
  type CheckpointStore,
  DamagedError,
  formatRef,
  judgeRetention,
  type KeepRule,
  type ManifestRef,
} from "../../storage/mod.ts";

/** What rules need to know of the checkpoints seen so far, so that each manifest is read once. */
export class FactsCache {
  readonly #facts = new Map<string, CheckpointFacts | "damaged">();

  /** The facts of a checkpoint, where they were read. */
  get(ref: ManifestRef): CheckpointFacts | "damaged" | undefined {
    return this.#facts.get(formatRef(ref));
  }

  /** Takes in what is known already. */
  set(ref: ManifestRef, facts: CheckpointFacts): void {
    this.#facts.set(formatRef(ref), { createdAtMs: facts.createdAtMs, metrics: facts.metrics });
  }

  /** Reads the facts of those not seen before, and forgets those that are gone. */
  async update(store: CheckpointStore, refs: readonly ManifestRef[]): Promise<void> {
    const names = new Set(refs.map(formatRef));
    for (const name of this.#facts.keys()) if (!names.has(name)) this.#facts.delete(name);
    for (const ref of refs) {
      if (this.#facts.has(formatRef(ref))) continue;
      try {
        this.set(ref, await store.readManifest(ref));
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        this.#facts.set(formatRef(ref), "damaged");
      }
    }
  }
}

/**
 * Removes what a plan's rules do not keep; gives what was removed.
 *
 * @throws {FencedError} Where a later attempt has taken over.
 */
export async function retain(
  store: CheckpointStore,
  attempt: Attempt,
  keep: readonly Keep[],
  cache: FactsCache,
  inUse: readonly ManifestRef[],
): Promise<readonly ManifestRef[]> {
  const lines = await store.history();
  const rules = keep.map(ruleOf);
  const needsFacts = rules.some(({ rule }) => rule === "best" || rule === "younger");
  const refs = [...lines.line, ...lines.sides.flatMap((side) => side.refs)];
  if (needsFacts) await cache.update(store, refs);
  const { verdicts } = judgeRetention(rules, {
    ...lines,
    facts: (ref) => cache.get(ref),
    nowMs: Date.now(),
    inUse,
  });
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
