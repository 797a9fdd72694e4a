/**
 * Loads the epoch that a run goes on from, where the job may go on.
 *
 * @module
 */
import type { Manifest, ManifestRef } from "../../storage/mod.ts";
import type { Target } from "../checkpoint/locate.ts";
import { BlobTypeError } from "../checkpoint/errors.ts";
import { type Candidate, goBack } from "./go_back.ts";
import { sinceText } from "../change/since.ts";
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
  const { changes, notSeen } = recompiled.difference;
  const since = sinceText(recompiled.difference);
  for (const { what, why, verdict } of changes) {
    const said = `changed since ${since}: ${what}: ${why}`;
    if (verdict === "harmless") notices.push(said);
    else warnings.push(said);
  }
  if (notSeen.length > 0) notices.push(`not seen: ${notSeen.join("; ")}`);
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
  const { archive } = request.checkpoints.engine;
  const { warnings } = words;
  const going = { archive, target, onDamaged: early.plan.onDamaged, warnings };
  return await goBack(going, async ({ ref, by }) => ({
    ...await loadEpoch(request, { ref, by, unfinished }, words),
    last: by === ref ? undefined : by,
  }));
}

/** Loads an epoch. */
async function loadEpoch(
  request: RunRequest,
  { ref, by, unfinished }: Candidate & { readonly unfinished: Unfinished | undefined },
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
