/**
 * Judges stop conditions, and keeps what they must remember.
 *
 * @module
 */
import { DEFAULT_NODE } from "../dsl/access.ts";
import { metricOf } from "../dsl/check/inventory.ts";
import { conditionTokens } from "../dsl/access.ts";
import { countOf } from "../dsl/layout.ts";
import {
  type Condition,
  type CursorRef,
  type ParamValue,
  parseDuration,
  type Plateau,
  type When,
} from "../dsl/mod.ts";
import { DamagedError } from "../storage/mod.ts";
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

/** What conditions are judged on where no blobs are there. */
export interface JudgedWithoutBlobs extends Omit<Judged, "source"> {
  /** The params. */
  readonly params: Readonly<Record<string, ParamValue>>;
}

/** What can be told of conditions without blobs. */
export interface ForeseenStop {
  /** The first that certainly holds, in words. */
  readonly holds: string | undefined;
  /** Where none does: those that hold or not by what blobs have, in words. */
  readonly open: readonly string[];
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
    const known = { ...judged, params: judged.source.scope.params };
    for (const condition of this.conditions) {
      const answers = new Map<When, boolean>();
      for (const when of whensOf(condition)) answers.set(when, await ask(when, judged));
      if (this.#holds(condition, known, answers)) return describeCondition(condition, known.params);
    }
    return undefined;
  }

  /**
   * What can be told without blobs of an epoch that was judged before. Only `when` asks for them: what a
   * plateau has seen is remembered, and one that is new begins with that epoch.
   */
  foresee(known: JudgedWithoutBlobs): ForeseenStop {
    const open: string[] = [];
    for (const condition of this.conditions) {
      const holds = this.#holds(condition, known, new Map());
      const words = describeCondition(condition, known.params);
      if (holds === true) return { holds: words, open: [] };
      if (holds === undefined) open.push(words);
    }
    return { holds: undefined, open };
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

  /** Whether a condition holds; `undefined` where that depends on what has no answer. */
  #holds(
    condition: Condition,
    known: JudgedWithoutBlobs,
    answers: ReadonlyMap<When, boolean>,
  ): boolean | undefined {
    const { params } = known;
    switch (condition.of) {
      case "epochs":
        return known.epoch >= countOf(condition.count, params);
      case "elapsed":
        return known.elapsedMs >= parseDuration(condition.duration);
      case "drained":
        return known.cursors.isDrained(condition.cursor, known.cursorNodes(condition.cursor));
      case "plateau": {
        const seen = this.#state[plateauKey(condition)];
        return seen !== undefined && known.epoch - seen.epoch >= countOf(condition.epochs, params);
      }
      case "when":
        return answers.get(condition);
      case "not":
      case "all":
      case "any": {
        const results = condition.conditions.map((inner) => this.#holds(inner, known, answers));
        const decides = condition.of !== "all";
        if (condition.of === "not") return results[0] === undefined ? undefined : !results[0];
        if (results.includes(decides)) return decides;
        return results.includes(undefined) ? undefined : !decides;
      }
    }
  }
}

/** What of a condition reads blobs. */
export function whensOf(condition: Condition): readonly When[] {
  if (condition.of === "when") return [condition];
  return "conditions" in condition ? condition.conditions.flatMap(whensOf) : [];
}

/** Whether what reads blobs holds now. */
async function ask(condition: When, { source, epoch }: Judged): Promise<boolean> {
  try {
    return await holds(source, condition, DEFAULT_NODE);
  } catch (error) {
    // What is loaded late is found damaged here; the condition is as it should be.
    if (error instanceof DamagedError) throw error;
    const { params } = source.scope;
    throw new ConditionError(describeCondition(condition, params), epoch, error);
  }
}

function plateauKey({ by, minDelta }: Plateau): string {
  const { blob, node = DEFAULT_NODE, direction } = metricOf(by);
  return `plateau ${direction} ${node}/${blob.name} ${minDelta}`;
}

/** A condition in words; params by their values, where these are given. */
export function describeCondition(
  condition: Condition,
  params?: Readonly<Record<string, ParamValue>>,
): string {
  const count = (of: Parameters<typeof countOf>[0]): string =>
    params === undefined && typeof of === "object"
      ? `param ${of.name}`
      : String(countOf(of, params ?? {}));
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
        condition.conditions.map((c) => describeCondition(c, params)).join(", ")
      })`;
  }
}
