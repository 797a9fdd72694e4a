/**
 * Says how a resume would go, without starting it.
 *
 * @module
 */
import { Inventory } from "../../dsl/check/inventory.ts";
import type { JobDifference } from "../change/since.ts";
import type { CheckpointEngine } from "../checkpoint/engine.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import { unrecordedWarnings } from "../checkpoint/unrecorded.ts";
import { JobChangedError } from "../change/errors.ts";
import { holderText } from "../errors.ts";
import { compile, type Program } from "../program.ts";
import {
  foreseeDerived,
  type ForeseenGroup,
  type ForeseenTask,
  foreseeTasks,
} from "./foresee_tasks.ts";
import { readUnfinished } from "./unfinished.ts";
import type { Phase } from "../events.ts";
import { goBack } from "./go_back.ts";
import { foreseeStop } from "./judge.ts";
import type { ManifestRef } from "../../storage/mod.ts";
import type { StateMigrations } from "../journal/judge_work.ts";
import { migrationsOf } from "./migrate.ts";
import { type JobRequest, mustMatch, recompile, type Recompiled } from "./recompile.ts";
import { nextPhase } from "./start.ts";
import { Progress } from "./state.ts";

/** How a resume would go. */
export interface Course {
  /** The phase with which it would begin; none where it would run nothing. */
  readonly phase: Phase | undefined;
  /** What it would throw; none where it would go on, or has nothing to do. */
  readonly refusal: JobChangedError | undefined;
}

/** What has changed in a job since an epoch was saved, and how a resume would go. */
export interface JobChanges extends JobDifference, Course {
  /** The place. */
  readonly place: string;
  /** What is damaged, so that a resume goes back. */
  readonly warnings: readonly string[];
  /** Where the values of params and the seed come from, where not from the code alone. */
  readonly settings: readonly string[];
  /** The stop condition that held then, in words. */
  readonly stop: string | undefined;
  /** The stop condition that holds now, so that no further epoch would be run, in words. */
  readonly holds: string | undefined;
  /** The stop conditions that nobody can judge without blobs, in words; none where another holds. */
  readonly notJudged: readonly string[];
  /**
   * How it would go instead where a condition that is not judged holds, or does not; none where all are
   * judged. One is taken to hold where it did then, and asks the same of the same blobs, and not else.
   */
  readonly otherwise: Course | undefined;
  /** The tasks that would run again before all others, as what they have written is derived. */
  readonly derived: readonly ForeseenTask[];
  /** What it would do first; nothing where it would run nothing. */
  readonly first: ForeseenGroup | undefined;
}

/**
 * Compares a job with what it was when the epoch was saved that a user means, and says how it would go
 * on. Where that is damaged, as far as records and the sizes of packs show, it is the nearest one before.
 *
 * @param isFork Whether another job would go on with the epoch, which has run no phase behind it. It names the epoch, as
 * what is forked is that one and no other in its place.
 */
export async function foreseeResume(
  request: JobRequest,
  from: EpochRef,
  isFork = false,
): Promise<JobChanges> {
  const { archive } = request.checkpoints.engine;
  const target = await archive.locate(from);
  if (target === undefined) throw new Error("unreachable: locate gives an epoch");
  // What a start has changed that saved nothing since is what the job is, but for a new branch.
  const unfinished = target.isBranch
    ? undefined
    : await readUnfinished(await archive.store(), target.history, target.refs.at(-1));
  const warnings = [
    ...isFork ? [] : await heldWarnings(request.checkpoints.engine),
    ...target.isNamed ? [] : unrecordedWarnings(target.history),
  ];
  const { onDamaged } = compile(request.job, { params: request.params }).plan;
  const { by, over, manifest } = await goBack(
    { archive, onDamaged, warnings, target },
    {
      epoch: async ({ ref, by, over }) => {
        await archive.verify(ref);
        return { by, over, manifest: await archive.read(ref) };
      },
      phase: (loaded) => Promise.resolve(loaded),
    },
  );
  const recompiled = await recompile(request, manifest, { by, over }, unfinished);
  const { difference, notices: settings, program, seed } = recompiled;
  const { run, epoch } = manifest;
  const { holds, open } = foreseeStop(new Progress(program, seed, run.branch, { epoch, run }));
  const last = isFork ? "epoch" : by.phase;
  // A job that has done all it had to is as it may be, as long as its blobs can be loaded.
  const isLoadable = difference.changes.every(({ verdict }) => verdict !== "impossible");
  const course = (phase: Phase | undefined): Course => {
    const isFinished = phase === undefined && last !== "epoch" && run.stop !== undefined;
    return {
      phase,
      refusal: isFinished && isLoadable ? undefined : refusalOf(request, recompiled),
    };
  };
  const ends = course(nextPhase(program, last));
  const goesOn = course("epoch");
  const isOpen = holds === undefined && open.length > 0;
  const isHeld = run.stop !== undefined && open.includes(run.stop) && recompiled.isJudgedAlike;
  const isEnd = holds !== undefined || isHeld;
  const foreseen = isEnd ? ends : goesOn;
  const otherwise = isOpen ? isEnd ? goesOn : ends : undefined;
  const { phase } = foreseen;
  const migrations = phase === "epoch" || isFork
    ? recompiled.migrations
    : await migrationsAt(request, recompiled, by);
  const branch = target.isBranch ? -1 : unfinished?.branch ?? run.branch;
  const { description } = recompiled;
  const start = { program, description, by, manifest, phase, user: { branch, seed, migrations } };
  const first = await foreseeTasks(request.checkpoints.engine, start);
  warnings.push(...first?.lost ?? []);
  const derived = foreseeDerived({ program, manifest, phase }, recompiled.migrations.made);
  if (phase !== undefined) warnings.push(...recompiled.warnings, ...recompiled.effects.vain);
  if (derived.length > 0) warnings.push(...recompiled.effects.derived);
  return {
    ...difference,
    ...{ place: archive.place, warnings, settings, stop: run.stop, holds, notJudged: open },
    ...{ ...foreseen, otherwise, derived, first },
    notSeen: [...difference.notSeen, ...stampsOf(program)],
  };
}

/** That somebody else has the job, whom a start would not get it from. */
async function heldWarnings({ holding }: CheckpointEngine): Promise<readonly string[]> {
  const holder = await holding.holder();
  if (holder === undefined || holder.pid === Deno.pid) return [];
  return [
    `${
      holderText(holder)
    }, works on the job: beside it a start is refused (exit code 76), or takes the job ` +
    `over with --take-over`,
  ];
}

/** The migrations that the last state behind an epoch goes through. */
async function migrationsAt(
  { checkpoints: { engine: { archive } }, migrated }: JobRequest,
  { program, migrations }: Recompiled,
  by: ManifestRef,
): Promise<StateMigrations> {
  if (by.phase === "epoch" || program.plan.migrate === undefined) return migrations;
  const source = { store: await archive.store(), said: migrated };
  return await migrationsOf(program, await archive.read(by), source);
}

/** What keeps the job from going on. */
function refusalOf(request: JobRequest, recompiled: Recompiled): JobChangedError | undefined {
  try {
    mustMatch(request, recompiled);
    return undefined;
  } catch (error) {
    if (!(error instanceof JobChangedError)) throw error;
    return error;
  }
}

/** The stamps of a job, which nobody knows before what has them is opened. */
function stampsOf({ shape }: Program): readonly string[] {
  return [...new Inventory(shape, {}).resources]
    .filter(({ stamp }) => stamp !== undefined)
    .map(({ name }) => `the stamp of resource "${name}" (compared when a task first needs it)`);
}
