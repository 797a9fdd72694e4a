/**
 * What a run knows beside its blobs, saved with every checkpoint.
 *
 * @module
 */
import { cloneValue, type RunState } from "../../storage/mod.ts";
import { type ConditionState, StopConditions } from "../conditions.ts";
import type { MigratedNames } from "../checkpoint/migrated.ts";
import { DerivedDigests } from "../derived/digests.ts";
import { type CursorPositions, Cursors } from "../session/cursors.ts";
import type { Program } from "../program.ts";
import type { Params } from "./settings.ts";

/** The version of Tidemark that is recorded in checkpoints. */
export const TIDEMARK_VERSION = "0.1.0";

/** The state of a run between epochs. */
export class Progress {
  /** The last finished epoch. */
  epoch = 0;
  /** The time that finished epochs took, over all attempts of the line, in milliseconds. */
  elapsedMs = 0;
  /** The condition that held after the last epoch, in words. */
  stop: string | undefined;
  /** The branch: the attempt with which a person began it. */
  branch: number;
  /** The positions of cursors. */
  cursors: Cursors;
  /** The stop conditions and what they remember. */
  conditions: StopConditions;
  /** The stamps of resources, by `node/name`. */
  readonly stamps = new Map<string, unknown>();
  /** The migrations that the blobs have gone through, or had no need of; `null` where nobody can tell. */
  migrated: MigratedNames;
  /** What is known of derived blobs. */
  readonly derived: DerivedDigests;
  /** What was saved; none at a fresh start. */
  readonly saved: RunState | undefined;
  #boundary = performance.now();

  /** Starts anew, or goes on from what was saved. */
  constructor(
    /** The job compiled. */
    readonly program: Program,
    /** The seed of all random numbers. */
    readonly seed: number,
    branch: number,
    saved?: { readonly epoch: number; readonly run: RunState },
  ) {
    const source = { job: program.job, seed };
    this.branch = branch;
    this.cursors = new Cursors(source, saved?.run.cursors as CursorPositions | undefined);
    this.conditions = new StopConditions(
      program.until,
      saved?.run.conditions as ConditionState | undefined,
    );
    this.saved = saved?.run;
    this.derived = new DerivedDigests(program.derived, saved?.run.derived);
    // What a job makes anew is in the form that its migrations lead to.
    this.migrated = saved === undefined
      ? (program.plan.migrate ?? []).map(({ name }) => name)
      : null;
    if (saved === undefined) return;
    this.epoch = saved.epoch;
    this.elapsedMs = saved.run.elapsedMs;
    this.stop = saved.run.stop;
    for (const [key, stamp] of Object.entries(saved.run.stamps)) this.stamps.set(key, stamp);
  }

  /** The time that epochs have taken so far, the running one too, in milliseconds. */
  get elapsedNowMs(): number {
    return this.elapsedMs + performance.now() - this.#boundary;
  }

  /** Counts also what an epoch that runs again is known to have taken before. */
  tookAtLeast(elapsedMs: number): void {
    this.elapsedMs = Math.max(this.elapsedMs, elapsedMs);
  }

  /** Starts the clock of an epoch. */
  startClock(): void {
    this.#boundary = performance.now();
  }

  /** Adds the time since the last boundary to the epochs' time. */
  advanceClock(): void {
    const now = performance.now();
    this.elapsedMs += now - this.#boundary;
    this.#boundary = now;
  }

  /** What is saved. Of stamps it has copies, each its own: one object may be the stamp of many resources. */
  save(): RunState {
    const { program, seed, elapsedMs, stop, branch } = this;
    const stamps = [...this.stamps].map(([key, stamp]) =>
      [key, cloneValue(stamp, `the stamp of resource ${key}`)] as const
    );
    const derived = this.derived.save();
    return {
      seed,
      branch,
      params: program.params as Params,
      elapsedMs,
      ...stop === undefined ? {} : { stop },
      conditions: { ...this.conditions.state },
      cursors: this.cursors.save(),
      stamps: Object.fromEntries(stamps),
      ...derived === undefined ? {} : { derived },
      migrated: this.migrated,
      environment: environment(),
    };
  }
}

/** The machine and versions that values may depend on. */
export function environment(): RunState["environment"] {
  return { deno: Deno.version.deno, arch: Deno.build.arch, tidemark: TIDEMARK_VERSION };
}
