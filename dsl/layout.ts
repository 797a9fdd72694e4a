/**
 * Lays a group out: its tasks on their nodes, in list order, with what each must wait for.
 *
 * @module
 */
import {
  type Access,
  accessesOf,
  conditionTokens,
  DEFAULT_NODE,
  taskReads,
  taskWrites,
} from "./access.ts";
import type { When } from "./condition.ts";
import type { Replica } from "./context.ts";
import type { Problem } from "./errors.ts";
import type { Group, Step } from "./group.ts";
import { orderSteps } from "./order.ts";
import { paramValue } from "./param.ts";
import type { AnyTask } from "./task.ts";
import type { ParamRef, ParamValue } from "./token.ts";

/** Where a step stands in the groups around it, from the outermost. */
export interface Frame {
  /** A number of the group's own. */
  readonly group: number;
  /** Which of its steps. */
  readonly branch: number;
  /** How its steps stand to each other. */
  readonly mode: Group["mode"];
}

/** A task on a node, the condition of a group, or the point between two steps of a sequence. */
export interface PlacedStep {
  /** Its place in the list. */
  readonly index: number;
  /** What it is. */
  readonly kind: "task" | "gate" | "barrier";
  /** A name that no other step of the group has: `train@main`, `train@main#2` in a second repeat. */
  readonly id: string;
  /** The node it runs on. */
  readonly node: string;
  /** The task, of a task. */
  readonly task: AnyTask | undefined;
  /** The condition, of a gate. */
  readonly condition: When | undefined;
  /** Which turn of the repeats around it this is: `""`, `"#2"`, `"#2.0"`. */
  readonly round: string;
  /** Which replica it is. */
  readonly replica: Replica;
  /** The gates that must hold for it to run. */
  readonly gates: readonly number[];
  /** What it reads. */
  readonly reads: readonly Access[];
  /** What it may change. */
  readonly writes: readonly Access[];
  /** The steps that must have ended before it starts: all stand earlier, but for a cycle by `after`. */
  readonly dependsOn: readonly number[];
  /** The groups around it. */
  readonly frames: readonly Frame[];
}

/** A group laid out, and what is wrong with its order. */
export interface Layout {
  /** Its steps in list order. */
  readonly steps: readonly PlacedStep[];
  /** Conflicts inside `parallel`, cycles, and tasks to wait for that are not there. */
  readonly problems: readonly Problem[];
}

/** The most steps that a group may unroll to. */
export const MOST_STEPS = 100_000;

/** The most groups: a repeat of one task has one for each turn, beside those around it. */
const MOST_GROUPS = 2 * MOST_STEPS;

/** A step as {@linkcode orderSteps} takes it. */
export type UnorderedStep = Omit<PlacedStep, "dependsOn"> & { readonly waits: readonly number[] };

interface Place {
  readonly node: string;
  readonly replica: Replica;
  readonly round: string;
  readonly gates: readonly number[];
  readonly frames: readonly Frame[];
  readonly waits: readonly number[];
}

/** Params by name. */
export type ParamValues = Readonly<Record<string, ParamValue>>;

/** The number that a count, or a param for it, stands for. */
export function countOf(count: number | ParamRef<number>, params: ParamValues): number {
  return typeof count === "number" ? count : Number(paramValue(count, params));
}

/**
 * Lays steps out in list order.
 *
 * @throws {RangeError} Where they unroll to more than {@linkcode MOST_STEPS}, or a `repeat` has no count.
 */
export function layOut(steps: readonly Step[], params: ParamValues): Layout {
  const walk = new Walk(params);
  walk.all(steps, "group", {
    node: DEFAULT_NODE,
    replica: { index: 0, count: 1 },
    round: "",
    gates: [],
    frames: [],
    waits: [],
  });
  return orderSteps(walk.placed);
}

class Walk {
  readonly placed: UnorderedStep[] = [];
  #groups = 0;

  constructor(readonly params: ParamValues) {}

  /** Places steps beside or after each other; returns nothing: what follows waits by list order. */
  all(steps: readonly Step[], mode: Group["mode"], place: Place): void {
    const group = this.#newGroup();
    let waits = place.waits;
    steps.forEach((step, branch) => {
      const from = this.placed.length;
      this.#step(step, { ...place, waits, frames: [...place.frames, { group, branch, mode }] });
      if (mode === "sequence" && branch < steps.length - 1) {
        waits = this.#barrier(from, place, waits);
      }
    });
  }

  #step(step: Step, place: Place): void {
    if (step.kind === "task") {
      const { node, round } = place;
      this.#add({
        ...place,
        kind: "task",
        id: `${step.name}@${node}${round}`,
        task: step,
        condition: undefined,
        reads: taskReads(step, node),
        writes: taskWrites(step, node),
      });
      return;
    }
    if (step.nodes === undefined) return this.#group(step, place);
    const count = step.nodes.length;
    const group = this.#newGroup();
    step.nodes.forEach((node, index) => {
      const replica = step.replicated ? { index, count } : place.replica;
      const frames = [...place.frames, { group, branch: index, mode: "group" as const }];
      this.#group(step, { ...place, node, replica, frames });
    });
  }

  #group(step: Group, place: Place): void {
    const inside = step.if === undefined ? place : this.#gate(step.if, place);
    if (step.times === undefined) return this.all(step.steps, step.mode, inside);
    const times = countOf(step.times, this.params);
    if (!Number.isInteger(times) || times < 0) {
      throw new RangeError(`Cannot repeat ${times} times: give a whole number`);
    }
    for (let turn = 0; turn < times; turn++) {
      const round = `${inside.round}${inside.round === "" ? "#" : "."}${turn}`;
      this.all(step.steps, step.mode, { ...inside, round });
    }
  }

  #gate(condition: When, place: Place): Place {
    const index = this.#add({
      ...place,
      kind: "gate",
      id: `if@${place.node}${place.round}-${this.placed.length}`,
      task: undefined,
      condition,
      reads: conditionTokens(condition).flatMap((token) => accessesOf(token, place.node)),
      writes: [],
    });
    return { ...place, gates: [...place.gates, index] };
  }

  /** What comes next in a sequence waits for all of the branch that began at `from`. */
  #barrier(from: number, place: Place, waits: readonly number[]): readonly number[] {
    const branch = this.placed.slice(from).map((step) => step.index);
    if (branch.length <= 1) return branch.length === 0 ? waits : branch;
    return [this.#add({
      ...place,
      kind: "barrier",
      id: `then-${this.placed.length}`,
      task: undefined,
      condition: undefined,
      reads: [],
      writes: [],
      waits: branch,
    })];
  }

  /** A number of its own; empty groups inside each other place nothing, and are bounded too. */
  #newGroup(): number {
    if (this.#groups >= MOST_GROUPS) throw tooMany(MOST_GROUPS, "groups");
    return this.#groups++;
  }

  #add(step: Omit<UnorderedStep, "index">): number {
    const index = this.placed.length;
    if (index >= MOST_STEPS) throw tooMany(MOST_STEPS, "steps");
    this.placed.push({ ...step, index, waits: [...step.waits, ...step.gates] });
    return index;
  }
}

function tooMany(most: number, what: string): RangeError {
  return new RangeError(`a group unrolls to more than ${most} ${what}`);
}
