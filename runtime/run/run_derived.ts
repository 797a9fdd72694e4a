/**
 * The derived blobs of one run: followed from its start on, and made again where it goes on.
 *
 * @module
 */
import { derive } from "../derived/derive.ts";
import { DerivedBlobs } from "../derived/derived_blobs.ts";
import { reasonsOf } from "../derived/reasons.ts";
import type { Scope } from "../session/scope.ts";
import type { RunRequest } from "./run_request.ts";
import type { Start } from "./start.ts";

/**
 * Follows a run's derived blobs; where it goes on from something saved, it makes them again. `scope` is what
 * the tasks of init know.
 *
 * @throws {DerivedChangedError} Where one is not what it was, and has to be.
 */
export async function deriveBlobs(
  { session, signal, allowChange }: RunRequest,
  { mode, phase, epoch, changes, progress }: Start,
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
    reasons: (task, node) => reasonsOf(task, node, progress, changes),
  });
  if (isAgain && phase !== undefined && program.derived.length > 0) {
    await derive(session, { program, digests, phase, scope: { ...scope, epoch: 0, derived } });
  }
  return derived;
}
