/**
 * Says how a resume would go, without starting it.
 *
 * @module
 */
import { Inventory } from "../../dsl/check/inventory.ts";
import type { JobDifference } from "../change/since.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import { JobChangedError } from "../change/errors.ts";
import type { Program } from "../program.ts";
import {
  foreseeDerived,
  type ForeseenGroup,
  type ForeseenTask,
  foreseeTasks,
} from "./foresee_tasks.ts";
import { readUnfinished } from "./unfinished.ts";
import { type JobRequest, mustMatch, recompile } from "./recompile.ts";

/** What has changed in a job since an epoch was saved. */
export interface JobChanges extends JobDifference {
  /** The place. */
  readonly place: string;
  /** Where the values of params and the seed come from, where not from the code alone. */
  readonly settings: readonly string[];
  /** The stop condition that held then; where it still does, a resume runs nothing. */
  readonly stop: string | undefined;
  /** The tasks that would run again before all others, as what they have written is derived. */
  readonly derived: readonly ForeseenTask[];
  /** What it would do first; nothing where it would run nothing. */
  readonly first: ForeseenGroup | undefined;
  /** What a resume would throw; none where it would go on. */
  readonly refusal: JobChangedError | undefined;
}

/** Compares a job with what it was when the epoch was saved that a user means. */
export async function foreseeResume(request: JobRequest, from: EpochRef): Promise<JobChanges> {
  const { archive } = request.checkpoints.engine;
  const target = await archive.locate(from);
  const refs = target?.refs ?? [];
  const epoch = refs.findLast((ref) => ref.phase === "epoch");
  const by = refs.at(-1);
  if (epoch === undefined || by === undefined) {
    throw new Error("unreachable: locate gives an epoch");
  }
  // What a start has changed that saved nothing since is what the job is, but for a new branch.
  const unfinished = target === undefined || target.isBranch
    ? undefined
    : await readUnfinished(await archive.store(), target.history, by);
  const manifest = await archive.read(epoch);
  const recompiled = await recompile(request, manifest, by, unfinished);
  const { difference, notices: settings, program } = recompiled;
  const { stop, seed, branch } = manifest.run;
  const first = await foreseeTasks(request.checkpoints.engine, {
    ...{ program, by, manifest },
    branch: target?.isBranch === true ? -1 : unfinished?.branch ?? branch,
    seed: request.seed ?? unfinished?.seed ?? seed,
  });
  const derived = foreseeDerived({ program, by, manifest }, recompiled.migrations.made);
  const notSeen = [...difference.notSeen, ...stampsOf(program)];
  const known = { ...difference, notSeen, settings, place: archive.place, stop, derived, first };
  try {
    mustMatch(request, recompiled);
    return { ...known, refusal: undefined };
  } catch (error) {
    if (!(error instanceof JobChangedError)) throw error;
    return { ...known, refusal: error };
  }
}

/** The stamps of a job, which nobody knows before what has them is opened. */
function stampsOf({ shape }: Program): readonly string[] {
  return [...new Inventory(shape, {}).resources]
    .filter(({ stamp }) => stamp !== undefined)
    .map(({ name }) => `the stamp of resource "${name}" (compared when a task first needs it)`);
}
