/**
 * Loads an epoch for a script, as a run from it would start.
 *
 * @module
 */
import { endAll } from "./end_all.ts";
import { paramValue } from "../../dsl/mod.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import { ResourcePool } from "../session/resources.ts";
import type { Scope } from "../session/scope.ts";
import type { Session } from "../session/session.ts";
import { declareBlobs, fillNewBlobs } from "./prepare.ts";
import { type JobRequest, mustMatch, recompile } from "./recompile.ts";
import { deriveBlobs } from "./run_derived.ts";
import { noteStamp } from "./stamps.ts";
import { Progress } from "./state.ts";

/** What is loaded, and where. */
export interface LoadRequest extends JobRequest {
  /** The name under which the job is saved. */
  readonly name: string;
  /** What is to hold it. */
  readonly session: Session;
  /** The epoch. */
  readonly epoch: EpochRef;
  /** Stops it. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a session hold what a run from an epoch starts with: what is saved, migrated where that is due, new
 * blobs with their initial values, and what is derived, made again. No attempt is taken.
 *
 * @throws {JobChangedError} Where the job cannot hold what was saved.
 * @throws {DerivedChangedError} Where a derived blob is not what it was, and has to be.
 */
export async function loadEpoch(request: LoadRequest): Promise<void> {
  const { session, checkpoints, name, epoch, signal = new AbortController().signal } = request;
  const { archive } = checkpoints.engine;
  await archive.open(name, []);
  const on = { signal };
  const { manifest, recompiled } = await archive.reading(epoch, async (manifest) => {
    const recompiled = await recompile(request, manifest, { by: manifest, over: [] }, undefined);
    const { program, migrations: map } = recompiled;
    // What later epochs would come to matters to those who run them.
    mustMatch({ ...request, allowChange: true }, recompiled);
    await session.run(declareBlobs(program, false), on);
    await session.run(checkpoints.engine.loadTask(manifest, { map }), on);
    return { manifest, recompiled };
  });
  const { program, description, seed, migrations: { made } } = recompiled;
  await session.run(fillNewBlobs(program, manifest), on);
  const { run } = manifest;
  const progress = new Progress(program, seed, run.branch, { epoch: manifest.epoch, run });
  const pool = new ResourcePool(
    (param) => paramValue(param, program.params),
    signal,
    (key, stamp) => noteStamp(progress.stamps, key, stamp, session.events),
  );
  try {
    const wanted = program.derived;
    const derived = { ...request, signal, epoch: manifest, description, progress, made, wanted };
    await deriveBlobs(derived, initScope(request, progress, pool, signal));
  } catch (error) {
    await endAll(error, request.session.events, [() => pool.close()]);
    throw error;
  }
  await pool.close();
}

/** What the tasks of init know, where no run is under way. */
function initScope(
  { name, session }: LoadRequest,
  progress: Progress,
  resources: ResourcePool,
  signal: AbortSignal,
): Scope {
  const { program, seed, branch, cursors } = progress;
  return {
    ...{ name, job: program.job, phase: "init", epoch: 0, attempt: 0, branch, seed, cursors },
    ...{ params: program.params, signal, resources, events: session.events },
    stopReason: () => signal.aborted ? signal.reason : undefined,
    saved: () => Promise.reject(new Error("unreachable: what derives reads no saved epochs")),
    checkReads: program.plan.check === "reads",
  };
}
