/**
 * Compiles a job for what was saved of it, and compares it with what it was.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";
import type { JobDescription, Manifest } from "../../storage/mod.ts";
import { OF_MODULES } from "../change/compare.ts";
import { describeJob } from "../change/describe.ts";
import { droppedMigrations, type RecordedJob } from "../change/dropped_migrations.ts";
import { madeAgain } from "../change/saved_blobs.ts";
import {
  changesSince,
  checkChanges,
  describedIn,
  type FormerJob,
  isRefused,
  type JobDifference,
} from "../change/since.ts";
import { type SavedSettings, savedSettings } from "../checkpoint/saved_settings.ts";
import type { Phase } from "../events.ts";
import { compile, type Program } from "../program.ts";
import type { Candidate } from "./go_back.ts";
import { hasOtherSettings, isEdited, isJudgedAlike } from "./another.ts";
import { type Migrations, migrationsOf } from "./migrate.ts";
import { type ParamEffects, paramEffects } from "./param_effects.ts";
import type { RunRequest } from "./run_request.ts";
import {
  checkSaved,
  type GivenSettings,
  type Params,
  resolveSettings,
  type Settings,
} from "./settings.ts";
import type { Unfinished } from "./unfinished.ts";

/** What of a run's request says what the job is. */
export type JobRequest = Pick<
  RunRequest,
  "job" | "params" | "seed" | "uploader" | "sources" | "allowChange" | "migrated" | "checkpoints"
>;

/** A job as it goes on from a saved epoch. */
export interface Recompiled {
  /** The job compiled with the saved values of params, but for those given now. */
  readonly program: Program;
  /** What it is. */
  readonly description: JobDescription;
  /** What differs from when it was saved. */
  readonly difference: JobDifference;
  /** The seed. */
  readonly seed: number;
  /** What is made of the saved blobs. */
  readonly migrations: Migrations;
  /** Whether a person has made another job of it, in its code, its params or its seed, to go on at a phase. */
  readonly isAnother: (phase: Phase) => boolean;
  /** Whether a stop condition that held when it was saved is asked the same now, of the same blobs. */
  readonly isJudgedAlike: boolean;
  /** What nobody can tell, in words. */
  readonly warnings: readonly string[];
  /** What comes of params that are others than before. */
  readonly effects: ParamEffects;
  /** Where its settings come from, in words. */
  readonly notices: readonly string[];
}

/**
 * Compiles a job to go on from an epoch; `by` is the last state behind it, and `over` are those that are
 * damaged. Its attempt says what the job was, or the one that began there since, where that saved nothing.
 *
 * @throws {JobError} Where the job does not allow a value that was saved.
 */
export async function recompile(
  request: JobRequest,
  manifest: Manifest,
  { by, over }: Pick<Candidate, "by" | "over">,
  unfinished: Unfinished | undefined,
): Promise<Recompiled> {
  const { sources, checkpoints: { engine } } = request;
  const store = await engine.archive.store();
  // What a start was made with that saved nothing is newer than what is saved.
  const saved = await savedSettings(store, manifest);
  const settings = unfinished ?? manifest.run;
  const asked = unfinished === undefined ? othersThan(manifest, saved) : undefined;
  const { program, notices: said, seed } = compileAsSaved(request, settings, asked);
  const description = describeJob(program, sources);
  const then = { description: await describedIn(store, by.attempt), attempt: undefined };
  const last = unfinished?.description === undefined ? then : unfinished;
  const migrations = await migrationsOf(program, manifest, { store, said: request.migrated });
  const { made } = migrations;
  const damaged = await Promise.all(
    [...new Set(over.map(({ attempt }) => attempt))].map(async (attempt) => ({
      attempt,
      description: await describedIn(store, attempt),
    })),
  );
  const since = (before: FormerJob, later: readonly RecordedJob[]): JobDifference => {
    const found = changesSince({ program, description, made }, before, manifest, by);
    const dropped = droppedMigrations(program, manifest, migrations.migrated, later);
    return { ...found, changes: [...dropped, ...found.changes] };
  };
  const sinceSaved = since(then, damaged);
  const sinceLast = since(last, unfinished === undefined ? damaged : [unfinished, ...damaged]);
  // Who takes an edit back that had to be allowed has what was saved, and need not have that allowed too.
  const isTakenBack = isRefused(sinceLast, false) && !isRefused(sinceSaved, false);
  const difference = isTakenBack ? sinceSaved : sinceLast;
  const taken = migrations.notice === undefined ? [] : [migrations.notice];
  const notices = [...said, ...taken, ...madeAgain(program, made, difference.changes)];
  const isAnother = (phase: Phase): boolean =>
    hasOtherSettings({ program, seed }, settings) || isEdited(description, last.description, phase);
  const { params } = manifest.run;
  const isAlike = made.size === 0 &&
    isJudgedAlike(program, description, { description: then.description, params });
  return {
    ...{ program, description, difference, migrations, isAnother, notices, seed },
    isJudgedAlike: isAlike,
    effects: paramEffects(request.job, program, params),
    warnings: [
      ...unfinished === undefined && saved.isLost ? [settingsLost(manifest)] : [],
      ...unfinished !== undefined && mayHaveUsed(program, difference) ? [USED_AS_IT_IS] : [],
    ],
  };
}

/** What a fork was asked to be other than the epoch that it begins with. */
function othersThan({ run }: Manifest, { params, seed }: SavedSettings): GivenSettings {
  const others = Object.entries(params).filter(([name, value]) =>
    !Object.is(run.params[name], value)
  );
  return { params: Object.fromEntries(others), seed: seed === run.seed ? undefined : seed };
}

/** Whether tasks that are recorded may have used code that was edited since, which is not theirs. */
function mayHaveUsed({ plan: { grain } }: Program, { changes }: JobDifference): boolean {
  return grain === "task" &&
    changes.some(({ why, verdict }) => verdict !== "harmless" && OF_MODULES.includes(why));
}

const USED_AS_IT_IS =
  "what tasks have finished since the last save is used as it is, though code beside them was edited, which " +
  "they may have used; a task that is given another version does it again";

function settingsLost({ epoch, attempt }: Manifest): string {
  return `the record of attempt ${attempt} is damaged or lost: if epoch ${epoch} is what a fork began with, ` +
    `nobody can tell which --param and --seed it was given, and those of the epoch are taken where none is given ` +
    `now. To have what it was given, stop it, and resume with --from ${epoch}@a${attempt} and that`;
}

/**
 * Compiles a job with the saved values of params, those of its shape first, but for those that a fork was
 * asked to have, and those given now.
 */
export function compileAsSaved(
  { job, params, seed, uploader }: Pick<JobRequest, "job" | "params" | "seed" | "uploader">,
  saved: { readonly params: Params; readonly seed: number },
  asked?: GivenSettings,
): { readonly program: Program } & Omit<Settings, "params"> {
  const before = { ...saved.params, ...asked?.params };
  checkSaved(job, Object.values(job.shape), before, params);
  const bare = compile(job, { params: { ...shapeParams(job, before), ...params } });
  checkSaved(job, bare.declaredParams.values(), before, params);
  const settings = resolveSettings({ params, seed }, saved, bare.declaredParams, asked);
  const program = compile(job, { params: settings.params, upload: uploader !== undefined });
  return { program, seed: settings.seed, notices: settings.notices };
}

/**
 * Throws where a job may not go on as it is.
 *
 * @throws {JobChangedError} Where it may not.
 */
export function mustMatch(request: JobRequest, { program, difference }: Recompiled): void {
  const mayChange = request.allowChange || program.plan.onChange === "allow";
  checkChanges(difference, { mayChange, place: request.checkpoints.engine.archive.place });
}

/** The saved values of the params that the job's shape depends on. */
function shapeParams(job: Job, saved: Params): Params {
  const names = new Set(Object.values(job.shape).map((param) => param.name));
  return Object.fromEntries(Object.entries(saved).filter(([name]) => names.has(name)));
}
