/**
 * Loads the epoch that a run goes on from, where the job may go on.
 *
 * @module
 */
import { DamagedError, formatRef, type Manifest, type ManifestRef } from "../../storage/mod.ts";
import type { Target } from "../checkpoint/locate.ts";
import { BlobTypeError } from "../checkpoint/errors.ts";
import { DamagedStartError } from "./damaged_start_error.ts";
import type { Program } from "../program.ts";
import { declareBlobs, fillNewBlobs } from "./prepare.ts";
import { mustMatch, recompile, type Recompiled } from "./recompile.ts";
import type { RunRequest } from "./run_request.ts";
import type { Unfinished } from "./unfinished.ts";

/** Says what has changed in a job that goes on, or throws where it may not. */
export function admit(
  request: RunRequest,
  recompiled: Recompiled,
  { notices, warnings }: Words,
): void {
  mustMatch(request, recompiled);
  const { epoch, changes, notSeen } = recompiled.difference;
  for (const { what, why, verdict } of changes) {
    const said = `changed since epoch ${epoch}: ${what}: ${why}`;
    if (verdict === "harmless") notices.push(said);
    else warnings.push(said);
  }
  if (notSeen.length > 0) notices.push(`not seen: ${notSeen.join(", ")}`);
}

/** What is to be said about a start. */
export interface Words {
  /** What differs from before. */
  readonly notices: string[];
  /** What is to be said even where little is. */
  readonly warnings: string[];
}

/** What a run goes on from, loaded. */
export interface LoadedEpoch {
  /** The epoch's manifest. */
  readonly manifest: Manifest;
  /** Its name. */
  readonly ref: ManifestRef;
  /** The job as it goes on. */
  readonly recompiled: Recompiled;
  /** The last phase that is recorded after the epoch, where it can be read. */
  readonly last: ManifestRef | undefined;
}

/** Loads the target's epoch; where it is damaged, says so and takes the nearest good one before. */
export async function loadNewestGood(
  request: RunRequest,
  target: Target,
  early: Program,
  unfinished: Unfinished | undefined,
  words: Words,
): Promise<LoadedEpoch> {
  const { checkpoints: { engine } } = request;
  const refs = [...target.refs];
  let newest: DamagedError | undefined;
  for (let ref = refs.pop();; ref = refs.pop()) {
    if (ref === undefined) {
      throw new DamagedError(engine.archive.place, "an epoch that is not damaged", "none");
    }
    let at = ref;
    try {
      if (ref.phase === "epoch") {
        return {
          ...await loadEpoch(request, { ref, by: ref, unfinished }, words),
          last: undefined,
        };
      }
      // The phases are judged by their epoch's blobs, and go on from their own.
      await engine.archive.verify(ref);
      const of = refs.findLast((other) => other.phase === "epoch");
      if (of === undefined) continue;
      at = of;
      return { ...await loadEpoch(request, { ref: of, by: ref, unfinished }, words), last: ref };
    } catch (error) {
      // Where an epoch is damaged, no phase after it can be gone on from either.
      if (at !== ref) refs.splice(refs.indexOf(at));
      const next = refs.at(-1);
      if (!(error instanceof DamagedError) || target.isNamed) throw error;
      newest ??= error;
      const { place } = engine.archive;
      if (next === undefined) throw nothingIntact(newest, place);
      if (early.plan.onDamaged === "stop") throw toStop(error, at, next, place);
      const { object, expected, found } = error;
      words.warnings.push(
        `checkpoint ${formatRef(at)} is damaged, so that the job goes back to ${
          formatRef(next)
        }: ` +
          `"${object}" should have ${expected}, but has ${found}. Nothing of it is removed; ` +
          `verify --full says what else is damaged`,
      );
    }
  }
}

function nothingIntact(newest: DamagedError, place: string): DamagedStartError {
  const where =
    `No epoch that is saved at ${place} can be gone on from, all are damaged; the newest`;
  const next =
    "verify --full says what is damaged: bring it back from a copy, or start anew with " +
    "--fresh, which deletes nothing";
  return new DamagedStartError(newest, where, next);
}

function toStop(
  error: DamagedError,
  at: ManifestRef,
  before: ManifestRef,
  place: string,
): DamagedStartError {
  const where = `Checkpoint ${
    formatRef(at)
  } at ${place} is damaged, and the plan's onDamaged is "stop"`;
  const next = `Bring it back from a copy, or go back with resume --from ${before.epoch}`;
  return new DamagedStartError(error, where, next);
}

/** Loads an epoch; `by` is the last state behind it. */
async function loadEpoch(
  request: RunRequest,
  { ref, by, unfinished }: {
    readonly ref: ManifestRef;
    readonly by: ManifestRef;
    readonly unfinished: Unfinished | undefined;
  },
  { notices }: Words,
): Promise<Omit<LoadedEpoch, "last">> {
  const { checkpoints: { engine }, session } = request;
  const manifest = await engine.archive.read(ref);
  const recompiled = await recompile(request, manifest, by, unfinished);
  const { program } = recompiled;
  // A job that had ended may have nothing to do, whatever has changed.
  if (manifest.run.stop === undefined) mustMatch(request, recompiled);
  await session.run(declareBlobs(program, false));
  try {
    const isLazy = program.plan.load === "lazy";
    await session.run(engine.loadTask(ref, { map: recompiled.migrations, isLazy }));
  } catch (error) {
    if (error instanceof BlobTypeError) mustMatch(request, recompiled);
    throw error;
  }
  await session.run(fillNewBlobs(program, manifest));
  notices.push(...recompiled.notices);
  return { manifest, ref, recompiled };
}
