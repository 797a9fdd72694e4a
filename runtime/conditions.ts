/**
 * Judges stop conditions, and keeps what they must remember.
 *
 * @module
 */
import { DEFAULT_NODE } from "../dsl/access.ts";
import { metricOf } from "../dsl/check/inventory.ts";
import { conditionTokens } from "../dsl/access.ts";
import { countOf } from "../dsl/layout.ts";
import { type Condition, type CursorRef, parseDuration, type Plateau } from "../dsl/mod.ts";
import { ConditionError } from "./errors.ts";
import type { Cursors } from "./session/cursors.ts";
import { holds, type Source } from "./session/read.ts";

/** The best value of a plateau so far, and when it was seen. */
export interface PlateauState {
  /** The best value. */
  readonly best: number;
  /** The epoch that had it. */
  readonly epoch: number;
}

/** What conditions remember, by what they watch. */
export type ConditionState = Readonly<Record<string, PlateauState>>;

/** What conditions are judged on. */
export interface Judged {
  /** The blobs and params. */
  readonly source: Source;
  /** The epoch that has just ended. */
  readonly epoch: number;
  /** The time that finished epochs took, in milliseconds. */
  readonly elapsedMs: number;
  /** The cursors, advanced. */
  readonly cursors: Cursors;
  /** The nodes on which tasks of the epoch group read a cursor. */
  readonly cursorNodes: (cursor: CursorRef<unknown>) => Iterable<string>;
}

/** The stop conditions of a run. */
export class StopConditions {
  #state: Record<string, PlateauState>;

  /** Goes on from what was saved. */
  constructor(
    /** The conditions; any of them stops. */
    readonly conditions: readonly Condition[],
    saved: ConditionState = {},
  ) {
    this.#state = { ...saved };
  }

  /** What the conditions remember, to be saved. */
  get state(): ConditionState {
    return { ...this.#state };
  }

  /** The first condition that holds, in words; `undefined` where none does. */
  async judge(judged: Judged): Promise<string | undefined> {
    for (const condition of this.conditions) await this.#remember(condition, judged);
    for (const condition of this.conditions) {
      if (await this.#holds(condition, judged)) return describeCondition(condition, judged);
    }
    return undefined;
  }

  /** Takes an epoch into what plateaus remember. Taking the same epoch again changes nothing. */
  async #remember(condition: Condition, judged: Judged): Promise<void> {
    if ("conditions" in condition) {
      for (const inner of condition.conditions) await this.#remember(inner, judged);
    }
    if (condition.of !== "plateau") return;
    const { blob, node = DEFAULT_NODE, direction } = metricOf(condition.by);
    const workspace = judged.source.workspace(node);
    await workspace.arrive(blob.name);
    const value = workspace.get(blob.name);
    if (typeof value !== "number") return;
    const key = plateauKey(condition);
    const known = this.#state[key];
    if (Number.isNaN(value)) {
      // It is worse than any number, and the epochs without an improvement count from here.
      const best = direction === "max" ? -Infinity : Infinity;
      if (known === undefined) this.#state[key] = { best, epoch: judged.epoch };
      return;
    }
    const gain = known === undefined
      ? Infinity
      : direction === "max"
      ? value - known.best
      : known.best - value;
    if (gain > condition.minDelta || known === undefined) {
      this.#state[key] = { best: value, epoch: judged.epoch };
    }
  }

  async #holds(condition: Condition, judged: Judged): Promise<boolean> {
    const { params } = judged.source.scope;
    switch (condition.of) {
      case "epochs":
        return judged.epoch >= countOf(condition.count, params);
      case "elapsed":
        return judged.elapsedMs >= parseDuration(condition.duration);
      case "drained":
        return judged.cursors.isDrained(condition.cursor, judged.cursorNodes(condition.cursor));
      case "plateau": {
        const known = this.#state[plateauKey(condition)];
        return known !== undefined &&
          judged.epoch - known.epoch >= countOf(condition.epochs, params);
      }
      case "when":
        try {
          return await holds(judged.source, condition, DEFAULT_NODE);
        } catch (error) {
          throw new ConditionError(describeCondition(condition, judged), judged.epoch, error);
        }
      case "not":
      case "all":
      case "any": {
        const results = [];
        for (const inner of condition.conditions) results.push(await this.#holds(inner, judged));
        if (condition.of === "not") return !results[0];
        return condition.of === "all" ? results.every(Boolean) : results.some(Boolean);
      }
    }
  }
}

function plateauKey({ by, minDelta }: Plateau): string {
  const { blob, node = DEFAULT_NODE, direction } = metricOf(by);
  return `plateau ${direction} ${node}/${blob.name} ${minDelta}`;
}

/** A condition in words. */
export function describeCondition(
  condition: Condition,
  judged?: Pick<Judged, "source">,
): string {
  const count = (of: Parameters<typeof countOf>[0]): string =>
    judged === undefined && typeof of === "object"
      ? `param ${of.name}`
      : String(countOf(of, judged?.source.scope.params ?? {}));
  switch (condition.of) {
    case "epochs":
      return `epochs(${count(condition.count)})`;
    case "elapsed":
      return `elapsed(${condition.duration})`;
    case "drained":
      return `drained(${condition.cursor.name})`;
    case "plateau": {
      const { blob, direction } = metricOf(condition.by);
      return `plateau(${direction} ${blob.name}, ${count(condition.epochs)} epochs)`;
    }
    case "when": {
      const names = conditionTokens(condition)
        .map((token) => "name" in token ? token.name : token.blob.name);
      return `when(${names.join(", ")})`;
    }
    default:
      return `${condition.of}(${
        condition.conditions.map((c) => describeCondition(c, judged)).join(", ")
      })`;
  }
}
