/**
 * Loads the state that a run goes on from, where the job may go on.
 *
 * @module
 */
import type { Manifest, ManifestRef } from "../../storage/mod.ts";
import type { Target } from "../checkpoint/locate.ts";
import { BlobTypeError } from "../checkpoint/errors.ts";
import { StoppedError } from "../errors.ts";
import type { CheckpointTask, Session } from "../session/session.ts";
import { noteLoading } from "./died_loading.ts";
import { type Candidate, goBack } from "./go_back.ts";
import { sinceText } from "../change/since.ts";
import type { Program } from "../program.ts";
import { judge } from "./judge.ts";
import { type Migrations, migrationsOf } from "./migrate.ts";
import { declareBlobs, fillNewBlobs } from "./prepare.ts";
import { mustMatch, recompile, type Recompiled } from "./recompile.ts";
import type { RunRequest } from "./run_request.ts";
import { Progress } from "./state.ts";
import { endedBy } from "./stops.ts";
import type { Unfinished } from "./unfinished.ts";

/** Says what has changed in a job that goes on, or throws where it may not. */
export function admit(
  request: RunRequest,
  recompiled: Recompiled,
  { notices, warnings }: Words,
): void {
  mustMatch(request, recompiled);
  const { changes, notSeen } = recompiled.difference;
  const since = sinceText(recompiled.difference);
  for (const { what, why, verdict } of changes) {
    const said = `changed since ${since}: ${what}: ${why}`;
    if (verdict === "harmless") notices.push(said);
    else warnings.push(said);
  }
  warnings.push(...recompiled.warnings, ...recompiled.effects.vain);
  if (notSeen.length > 0) notices.push(`not seen: ${notSeen.join("; ")}`);
}

/** Says of a job that has nothing to do that it is not the one that has done it. */
export function sayFinished({ difference }: Recompiled, { warnings }: Words): void {
  if (difference.changes.every(({ verdict }) => verdict === "harmless")) return;
  warnings.push(
    `the job is not what it was at ${sinceText(difference)}, and is finished all the same: ` +
      `plan --resume says how it differs`,
  );
}

/** What is to be said about a start. */
export interface Words {
  /** What differs from before. */
  readonly notices: string[];
  /** What is to be said even where little is. */
  readonly warnings: string[];
}

/** What a run goes on from, loaded, and judged under the plan as it is now. */
export interface LoadedEpoch {
  /** The epoch's manifest. */
  readonly manifest: Manifest;
  /** Its name. */
  readonly ref: ManifestRef;
  /** The job as it goes on. */
  readonly recompiled: Recompiled;
  /** The state beside the blobs; it says whether a stop condition holds. */
  readonly progress: Progress;
  /** The last phase that is recorded after the epoch, loaded too; none where a further epoch is to be run. */
  readonly ended: LoadedPhase | undefined;
}

/** A phase after the last epoch, loaded. */
export interface LoadedPhase {
  /** Its name. */
  readonly ref: ManifestRef;
  /** The migrations that it has gone through since it was saved. */
  readonly migrations: Migrations;
}

/** Loads the target's last state; where it is damaged, says so and takes the nearest good one before. */
export async function loadNewestGood(
  request: RunRequest,
  target: Target,
  early: Program,
  unfinished: Unfinished | undefined,
  warnings: string[],
): Promise<LoadedEpoch> {
  const { archive } = request.checkpoints.engine;
  return await goBack({ archive, target, onDamaged: early.plan.onDamaged, warnings }, {
    epoch: (candidate) => loadEpoch(request, candidate, unfinished),
    phase: (loaded, phase) => loadPhase(request, loaded, phase),
  });
}

/** Loads an epoch, and judges the stop conditions on it. */
async function loadEpoch(
  request: RunRequest,
  candidate: Candidate,
  unfinished: Unfinished | undefined,
): Promise<LoadedEpoch> {
  const { checkpoints: { engine }, session } = request;
  const { ref } = candidate;
  const manifest = await engine.archive.read(ref);
  const recompiled = await recompile(request, manifest, candidate, unfinished);
  const { program, seed } = recompiled;
  const { run, epoch } = manifest;
  // A job that had ended may have nothing to do, whatever has changed.
  if (run.stop === undefined) mustMatch(request, recompiled);
  await session.run(declareBlobs(program, false));
  try {
    await loadState(request, { program, manifest, ref, map: recompiled.migrations });
  } catch (error) {
    if (error instanceof BlobTypeError) mustMatch(request, recompiled);
    throw error;
  }
  const progress = new Progress(program, seed, run.branch, { epoch, run });
  progress.migrated = recompiled.migrations.migrated;
  progress.stop = epoch === 0 ? undefined : await judge(session, progress);
  return { manifest, ref, recompiled, progress, ended: undefined };
}

/** Loads the phase after the last epoch, where no further epoch is to be run. */
async function loadPhase(
  request: RunRequest,
  loaded: LoadedEpoch,
  ref: ManifestRef,
): Promise<LoadedEpoch> {
  if (loaded.progress.stop === undefined) return loaded;
  const { archive } = request.checkpoints.engine;
  const { program } = loaded.recompiled;
  const manifest = await archive.read(ref);
  const source = { store: await archive.store(), said: request.migrated };
  const migrations = await migrationsOf(program, manifest, source);
  loaded.progress.migrated = migrations.migrated;
  await loadState(request, { program, manifest, ref, map: migrations });
  return { ...loaded, ended: { ref, migrations } };
}

/** What is to be loaded, and for which job. */
interface Saved {
  readonly program: Program;
  readonly manifest: Manifest;
  readonly ref: ManifestRef;
  readonly map: Migrations;
}

/**
 * Makes the session hold what was saved, and what is new since. A run that is told to stop reads no further,
 * unless it has an attempt, which notes the stop, or may find that nothing is left to do.
 *
 * @throws {StoppedError} Where it was told to stop.
 */
async function loadState(request: RunRequest, saved: Saved): Promise<void> {
  const { checkpoints: { engine }, session, behind, signal } = request;
  const { program, manifest, ref, map } = saved;
  const isFirst = behind === undefined;
  if (isFirst) await noteLoading(request, ref, program.plan);
  const isLazy = program.plan.load === "lazy" && isFirst;
  const load = engine.loadTask(manifest, { map, isLazy, signal });
  if (isFirst && manifest.run.stop === undefined) {
    await loadUnlessStopped(session, load, manifest.epoch, signal);
  } else await session.run(load);
  await session.run(fillNewBlobs(program, manifest));
}

async function loadUnlessStopped(
  session: Session,
  load: CheckpointTask<void>,
  epoch: number,
  signal: AbortSignal,
): Promise<void> {
  const isEarly = signal.aborted;
  try {
    await session.run(load, { signal });
  } catch (error) {
    const stop = endedBy(error, signal);
    if (!(stop instanceof StoppedError)) throw error;
    if (!isEarly) {
      const message =
        `the run was told to stop while epoch ${epoch} was being loaded, and has run nothing. ` +
        `If that takes longer than a start is given, the job never gets on: give it more time ` +
        `(--stop-after), or have large blobs read when they are first needed (load: "lazy")`;
      session.events.emit({ type: "notice", level: "warning", message });
    }
    throw new StoppedError(stop.reason, { cause: error }, epoch);
  }
}
