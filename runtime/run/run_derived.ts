/**
 * The derived blobs of one run: followed from its start on, and made again where it goes on.
 *
 * @module
 */
import type { CheckpointStore, JobDescription, ManifestRef } from "../../storage/mod.ts";
import { compareParts, type JobChange } from "../change/compare.ts";
import { describedIn } from "../change/since.ts";
import { derive } from "../derived/derive.ts";
import { DerivedBlobs } from "../derived/derived_blobs.ts";
import { DerivedChangedError } from "../derived/errors.ts";
import { blobsToDerive } from "../derived/steps.ts";
import { reasonsOf } from "../derived/reasons.ts";
import type { PlacedBlob } from "../program.ts";
import type { Scope } from "../session/scope.ts";
import type { RunRequest } from "./run_request.ts";
import type { Start } from "./start.ts";
import { StoppedError } from "../errors.ts";
import { noteEarlyStop } from "./early_stop.ts";
import { endAll } from "./end_all.ts";
import { endedBy } from "./stops.ts";
import type { Progress } from "./state.ts";

/** How the job differs from what it was when an epoch was saved, whatever it was at starts since. */
async function changesAfter(
  store: CheckpointStore,
  epoch: ManifestRef | undefined,
  now: JobDescription,
): Promise<readonly JobChange[]> {
  const before = epoch === undefined ? undefined : await describedIn(store, epoch.attempt);
  if (before?.parts === undefined || now.parts === undefined) return [];
  return compareParts(before.parts, now.parts);
}

/** What derived blobs are followed for. */
export interface DerivedRequest extends Pick<RunRequest, "session" | "signal" | "allowChange"> {
  /** Where the job's checkpoints are. */
  readonly checkpoints: RunRequest["checkpoints"];
  /** The epoch that they belong to; none at a fresh start. */
  readonly epoch: ManifestRef | undefined;
  /** What the job is. */
  readonly description: JobDescription;
  /** The state beside the blobs. */
  readonly progress: Progress;
  /** The blobs that migrations make of what was saved, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;
  /** Those that are made again now; nothing where the run starts anew. */
  readonly wanted: readonly PlacedBlob[] | undefined;
}

/**
 * Follows derived blobs, and makes again those that are wanted. `scope` is what the tasks of init know.
 *
 * @throws {DerivedChangedError} Where one is not what it was, and has to be.
 */
export async function deriveBlobs(
  { session, signal, allowChange, checkpoints, epoch, description, progress, made, wanted }:
    DerivedRequest,
  scope: Scope,
): Promise<DerivedBlobs> {
  const { program, derived: digests } = progress;
  const derived = new DerivedBlobs({
    ...{ digests, events: session.events, signal, isAgain: wanted !== undefined },
    mayChange: allowChange || program.plan.onChange === "allow",
    since: epoch === undefined
      ? "before the run was ended"
      : `when epoch ${epoch.epoch}@a${epoch.attempt} was saved`,
    reasons: async (task, node, changed) => {
      const store = await checkpoints.engine.archive.store();
      const changes = await changesAfter(store, epoch, description);
      return reasonsOf(task, node, progress, { changes, made, changed });
    },
  });
  if (wanted !== undefined && program.derived.length > 0) {
    await derive(session, { program, digests, wanted, scope: { ...scope, epoch: 0, derived } });
  }
  return derived;
}

/**
 * Follows the derived blobs of a run; where it goes on, it makes those again that are still to be read.
 *
 * @throws {DerivedChangedError} Where one is not what it was, and has to be.
 */
export async function deriveAtStart(
  request: RunRequest,
  start: Start,
  scope: Scope,
): Promise<DerivedBlobs> {
  const { mode, phase, epoch, description, progress, migrations: { made } } = start;
  const isAgain = mode === "resumed" && phase !== undefined;
  const wanted = isAgain ? blobsToDerive(progress.program, phase) : undefined;
  try {
    return await deriveBlobs({ ...request, epoch, description, progress, made, wanted }, scope);
  } catch (error) {
    const { checkpoints: { engine }, session: { events }, signal } = request;
    // With what was refused no later start is to go on.
    if (error instanceof DerivedChangedError) {
      await endAll(error, events, [() => engine.attempts.withdraw()]);
    } else if (endedBy(error, signal) instanceof StoppedError) {
      await endAll(error, events, [() => noteEarlyStop(request, start)]);
    }
    throw error;
  }
}
