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
import { reasonsOf } from "../derived/reasons.ts";
import type { Scope } from "../session/scope.ts";
import type { RunRequest } from "./run_request.ts";
import type { Start } from "./start.ts";

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

/**
 * Follows a run's derived blobs; where it goes on from something saved, it makes them again. `scope` is what
 * the tasks of init know.
 *
 * @throws {DerivedChangedError} Where one is not what it was, and has to be.
 */
export async function deriveBlobs(
  { session, signal, allowChange, checkpoints }: RunRequest,
  { mode, phase, epoch, description, progress }: Start,
  scope: Scope,
): Promise<DerivedBlobs> {
  const { program, derived: digests } = progress;
  const isAgain = mode === "resumed";
  const derived = new DerivedBlobs({
    ...{ digests, events: session.events, signal, isAgain },
    mayChange: allowChange || program.plan.onChange === "allow",
    since: epoch === undefined
      ? "before the run was ended"
      : `when epoch ${epoch.epoch}@a${epoch.attempt} was saved`,
    reasons: async (task, node) => {
      const store = await checkpoints.engine.archive.store();
      const changes = await changesAfter(store, epoch, description);
      return reasonsOf(task, node, progress, changes);
    },
  });
  if (isAgain && phase !== undefined && program.derived.length > 0) {
    await derive(session, { program, digests, phase, scope: { ...scope, epoch: 0, derived } });
  }
  return derived;
}
