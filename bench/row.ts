/** What a row of the benchmarks is: a function of its own, that gives figures and goals. */

import type { Figures } from "./stats.ts";

/** What a row measures with. */
export interface Bench {
  /** A folder of the row's own, which is removed after it. */
  readonly folder: string;
  /** The size of the large blob, in bytes: 1 GiB, unless another is given. */
  readonly bytes: number;
  /** How many rounds count. */
  readonly rounds: number;
  /** Lets go of memory that nothing holds, so that a round does not pay for the one before. */
  readonly collect: () => void;
  /** Says how far it is. */
  readonly log: (text: string) => void;
}

/** A goal, and what came of it. */
export interface Goal {
  /** What was to be reached, as in `"at least 0.9 × dd"`. */
  readonly goal: string;
  /** What was measured, in words. */
  readonly measured: string;
  /** Whether it is met; `undefined` where it cannot be told here. */
  readonly isMet: boolean | undefined;
  /** Where it is missed, what bounds it. */
  readonly bound?: string;
}

/** Figures that belong beside each other. */
export interface Chart {
  /** What they are. */
  readonly title: string;
  /** The unit of the figures, as in `"s"`. */
  readonly unit: string;
  /** They. */
  readonly figures: readonly Figures[];
}

/** What a row gives. */
export interface Outcome {
  /** Its goals. */
  readonly goals: readonly Goal[];
  /** Its figures. */
  readonly charts: readonly Chart[];
  /** How it was measured, and what else to know. */
  readonly notes: readonly string[];
}

/** A row of the benchmarks. */
export interface Row {
  /** The work, as a heading. */
  readonly title: string;
  /** Measures it. */
  readonly measure: (bench: Bench) => Promise<Outcome>;
}
