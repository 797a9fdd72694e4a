/**
 * Which checkpoints stay, and why.
 *
 * @module
 */
import { comparePosition, formatRef, type ManifestRef } from "./layout.ts";
import type { AttemptInfo, Lines } from "./line.ts";
import { keptByPins, type PinnedEpoch } from "./pins.ts";
import { sizeText, spanText } from "./quantities.ts";

/** A rule that keeps some checkpoints, as plain data. */
export type KeepRule =
  /** The last `n` epochs. */
  | { readonly rule: "last"; readonly n: number }
  /** Every `n`th epoch; epoch 0 is none. */
  | { readonly rule: "every"; readonly n: number }
  /** The best `n` epochs by a metric (`node/blob`). `NaN` is never best; of equals the newest is better. */
  | {
    readonly rule: "best";
    readonly metric: string;
    readonly direction: "max" | "min";
    readonly n: number;
  }
  /** Those written less than `ms` milliseconds ago. */
  | { readonly rule: "younger"; readonly ms: number }
  /** One in each stretch of `ms` milliseconds: the first, and each that is so much younger than the last kept, or older. */
  | { readonly rule: "interval"; readonly ms: number }
  /** The newest, as many as take at most so many bytes together on disk: of the current line, and then of the others. */
  | { readonly rule: "size"; readonly bytes: number };

/** What rules need to know of a checkpoint. */
export interface CheckpointFacts {
  /** When it was written, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Its numbers, as `node/blob`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The size of its manifest. */
  readonly manifestBytes: number;
  /** The packs that it needs. */
  readonly packs: readonly string[];
}

/** What is judged. */
export interface RetentionInput extends Lines {
  /** The facts of a checkpoint, where a rule asks for them; `"damaged"` where it is known to be so. */
  readonly facts: (ref: ManifestRef) => CheckpointFacts | "damaged" | undefined;
  /** The time now, in milliseconds since 1970. */
  readonly nowMs: number;
  /** A pack's size, where a rule asks for it. */
  readonly packBytes?: (pack: string) => number;
  /** Those pinned by hand, with the phases after them; they always stay. */
  readonly pinned?: readonly PinnedEpoch[];
  /** Where attempts start from, which tells of what other attempts saved whether it comes after a pinned epoch. */
  readonly attempts?: readonly AttemptInfo[];
  /** Those in use, such as the one just resumed from; they always stay. */
  readonly inUse?: readonly ManifestRef[];
}

/** What becomes of a checkpoint. */
export interface Verdict {
  /** Which. */
  readonly ref: ManifestRef;
  /** Whether it stays. */
  readonly keep: boolean;
  /** Why it stays; empty where it goes. */
  readonly reasons: readonly string[];
  /** Whether it stays for its place among others, so that another would were it damaged. */
  readonly isCounted: boolean;
}

/** The verdicts on all checkpoints, and the rules that could not be met in full. */
export interface RetentionPlan {
  /** One for each checkpoint, in the order of the lines. */
  readonly verdicts: readonly Verdict[];
  /** What rules ask for and cannot have, in words. */
  readonly unmet: readonly string[];
}

/**
 * Judges which checkpoints stay: those that any rule keeps, and always the newest of the current line
 * that is not known to be damaged, those in use, pinned ones, and damaged ones, which are not removed
 * unasked.
 *
 * A checkpoint is an epoch with the phases that follow it. Every side line is judged by the same
 * rules, by itself but for a size, so that nothing of an abandoned line is lost before the rules drop
 * it there; but phases there whose epoch is not, as where a finished job went on, are nothing to go on
 * from, and no rule keeps them. Without rules all stay.
 *
 * @example
 * ```ts
 * import { judgeRetention } from "tidemark/storage";
 * import { assertEquals } from "@std/assert";
 *
 * const line = [1, 2, 3].map((epoch) => ({ epoch, attempt: 1, phase: "epoch" as const }));
 * const { verdicts } = judgeRetention([{ rule: "last", n: 2 }], {
 *   ...{ line, sides: [], facts: () => undefined, nowMs: 0 },
 * });
 * assertEquals(verdicts.map(({ keep }) => keep), [false, true, true]);
 * ```
 */
export function judgeRetention(rules: readonly KeepRule[], input: RetentionInput): RetentionPlan {
  for (const rule of rules) checkRule(rule);
  const unmet: string[] = [];
  const isPinned = keptByPins(input.pinned ?? [], input.attempts ?? []);
  const spaces = new Map(rules.map((rule) => [rule, new Space()]));
  const lines = [input.line, ...input.sides.map(({ refs }) => refs)];
  const verdicts = lines.flatMap((refs, index) => {
    const line = new JudgedLine(refs, input, index === 0);
    if (rules.length === 0) line.keepAll("no rule drops it");
    for (const rule of rules) {
      const lacking = line.apply(rule, spaces.get(rule) ?? new Space());
      if (index === 0 && lacking !== undefined) unmet.push(lacking);
    }
    if (index === 0 && rules.length > 0) unmet.push(...line.notCounted());
    line.keepGiven(index === 0, isPinned);
    return line.verdicts();
  });
  return { verdicts, unmet };
}

/** What a size has been used up by so far, on all lines. */
class Space {
  readonly packs = new Set<string>();
  bytes = 0;
  isFull = false;
}

/** An epoch and the phases after it. */
interface Checkpoint {
  readonly epoch: number;
  readonly refs: ManifestRef[];
  readonly reasons: string[];
  readonly isDamaged: boolean;
  isCounted: boolean;
}

class JudgedLine {
  readonly #checkpoints: Checkpoint[] = [];
  /** Those that rules count. */
  readonly #good: readonly Checkpoint[];
  readonly #input: RetentionInput;

  constructor(refs: readonly ManifestRef[], input: RetentionInput, isCurrent: boolean) {
    this.#input = input;
    for (const ref of refs) {
      const last = this.#checkpoints.at(-1);
      if (last !== undefined && last.epoch === ref.epoch) last.refs.push(ref);
      else {
        const isDamaged = input.facts(ref) === "damaged";
        this.#checkpoints.push({
          ...{ epoch: ref.epoch, refs: [ref], reasons: [], isDamaged, isCounted: false },
        });
      }
    }
    this.#good = this.#checkpoints.filter(({ isDamaged, refs: [first] }) =>
      !isDamaged && (isCurrent || first?.phase === "epoch")
    );
  }

  keepAll(reason: string): void {
    for (const { reasons } of this.#checkpoints) reasons.push(reason);
  }

  /** What no rule counts, in words. */
  notCounted(): readonly string[] {
    const damaged = this.#checkpoints.filter(({ isDamaged }) => isDamaged);
    if (damaged.length === 0) return [];
    const names = damaged.flatMap(({ refs }) => refs.slice(0, 1).map(formatRef));
    return [`${names.join(", ")}: damaged, and so not counted (verify says how)`];
  }

  /** Keeps what stays under any rules. */
  keepGiven(isCurrent: boolean, isPinned: (ref: ManifestRef) => boolean): void {
    if (isCurrent) this.#count(this.#good.slice(-1), "the newest");
    const inUse = new Set(this.#input.inUse?.map(formatRef));
    for (const { refs, reasons, isDamaged } of this.#checkpoints) {
      if (isDamaged) reasons.push("damaged, which is not removed unasked");
      if (refs.some((ref) => inUse.has(formatRef(ref)))) reasons.push("in use");
      if (refs.some(isPinned)) reasons.push("pinned");
    }
  }

  /** Keeps what a rule keeps; gives what it lacks, in words. */
  apply(rule: KeepRule, space: Space): string | undefined {
    switch (rule.rule) {
      case "last":
        return this.#count(this.#good.slice(-rule.n), `among the last ${rule.n}`);
      case "every":
        return this.#keep(
          this.#good.filter(({ epoch }) => epoch > 0 && epoch % rule.n === 0),
          `every ${rule.n} epochs`,
        );
      case "younger":
        return this.#keep(
          this.#good.filter((one) => this.#ageMs(one) < rule.ms),
          `younger than ${spanText(rule.ms)}`,
        );
      case "interval":
        return this.#keepInterval(rule.ms);
      case "size":
        return this.#keepSize(rule.bytes, space);
      case "best":
        return this.#keepBest(rule);
    }
  }

  verdicts(): readonly Verdict[] {
    return this.#checkpoints.flatMap(({ refs, reasons, isCounted }) =>
      refs.map((ref) => ({ ref, keep: reasons.length > 0, reasons, isCounted }))
    );
  }

  #keepInterval(ms: number): undefined {
    const kept: Checkpoint[] = [];
    let lastMs = -Infinity;
    for (const one of this.#good) {
      // What cannot be told is kept.
      const atMs = this.#facts(one)?.createdAtMs ?? Infinity;
      // A clock that was set back begins another stretch: until it has caught up nothing would be kept.
      if (lastMs <= atMs && atMs - lastMs < ms) continue;
      kept.push(one);
      if (atMs < Infinity) lastMs = atMs;
    }
    return this.#count(kept, `the first in ${spanText(ms)}`);
  }

  #keepSize(mostBytes: number, space: Space): string | undefined {
    const { packBytes = () => 0 } = this.#input;
    const kept: Checkpoint[] = [];
    for (const one of space.isFull ? [] : this.#good.toReversed()) {
      for (const ref of one.refs) {
        const facts = this.#input.facts(ref);
        if (facts === undefined || facts === "damaged") continue;
        space.bytes += facts.manifestBytes;
        for (const pack of facts.packs) {
          if (!space.packs.has(pack)) space.bytes += packBytes(pack);
          space.packs.add(pack);
        }
      }
      space.isFull = space.bytes > mostBytes;
      if (space.isFull) break;
      kept.push(one);
    }
    const most = sizeText(mostBytes);
    this.#count(kept, `among the newest that take ${most}`);
    if (kept.length > 0 || this.#good.length === 0) return undefined;
    return `the newest checkpoint takes ${space.bytes} bytes, and it stays, where ${most} were to be enough`;
  }

  #keepBest({ metric, direction, n }: Extract<KeepRule, { rule: "best" }>): string | undefined {
    const sign = direction === "max" ? -1 : 1;
    const ranked = this.#good
      .map((one) => ({ one, value: this.#facts(one)?.metrics[metric] ?? NaN }))
      .filter(({ value }) => !Number.isNaN(value))
      .sort((a, b) => {
        if (a.value !== b.value) return a.value < b.value ? -sign : sign;
        return comparePosition(newestOf(b.one), newestOf(a.one));
      });
    const best = ranked.slice(0, n).map(({ one }) => one);
    this.#count(best, `among the best ${n} by ${metric} (${direction})`);
    if (best.length > 0 || this.#good.length === 0) return undefined;
    return `no checkpoint has a number in ${metric}, so that none is best by it`;
  }

  #keep(checkpoints: readonly Checkpoint[], reason: string): undefined {
    for (const { reasons } of checkpoints) reasons.push(reason);
  }

  /** Keeps some for their place among others. */
  #count(checkpoints: readonly Checkpoint[], reason: string): undefined {
    for (const checkpoint of checkpoints) checkpoint.isCounted = true;
    return this.#keep(checkpoints, reason);
  }

  #facts({ refs: [first] }: Checkpoint): CheckpointFacts | undefined {
    const facts = first === undefined ? undefined : this.#input.facts(first);
    return facts === "damaged" ? undefined : facts;
  }

  /** Its age; what cannot be told is young, and stays. */
  #ageMs(checkpoint: Checkpoint): number {
    const facts = this.#facts(checkpoint);
    return facts === undefined ? 0 : this.#input.nowMs - facts.createdAtMs;
  }
}

function newestOf({ refs, epoch }: Checkpoint): Pick<ManifestRef, "epoch" | "phase"> {
  return refs.at(-1) ?? { epoch, phase: "epoch" };
}

function checkRule(rule: KeepRule): void {
  const [name, value] = "n" in rule
    ? ["n", rule.n]
    : "ms" in rule
    ? ["ms", rule.ms]
    : ["bytes", rule.bytes];
  if (name === "n" ? Number.isSafeInteger(value) && value >= 1 : value >= 0) return;
  throw new RangeError(`Cannot keep by ${JSON.stringify(rule)}: "${name}" is ${value}`);
}
