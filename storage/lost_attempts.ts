/**
 * Where attempts belong whose records are lost, as what they have saved tells.
 *
 * @module
 */
import { CheckpointNotFoundError, DamagedError } from "./errors.ts";
import { comparePosition, isSameRef, type ManifestRef } from "./layout.ts";
import type { AttemptInfo } from "./line.ts";
import type { Manifest } from "./manifest.ts";

/** Reads one manifest, checked. */
type ReadManifest = (ref: ManifestRef) => Promise<Manifest>;

/** What an attempt has saved, oldest first. */
export function savedBy(
  attempt: number,
  manifests: readonly ManifestRef[],
): readonly ManifestRef[] {
  return manifests.filter((ref) => ref.attempt === attempt).sort(comparePosition);
}

/** Attempts that have saved something, and of which nothing is known; oldest first. */
export function unrecordedIn(
  known: readonly AttemptInfo[],
  manifests: readonly ManifestRef[],
): readonly number[] {
  const found = new Set(known.map(({ attempt }) => attempt));
  const saved = new Set(manifests.map(({ attempt }) => attempt));
  return [...saved].filter((attempt) => !found.has(attempt)).sort((a, b) => a - b);
}

/** Where an attempt starts from by the first thing it saved, which says so too; nothing where none can be read. */
export async function attemptByManifest(
  attempt: number,
  own: readonly ManifestRef[],
  readManifest: ReadManifest,
): Promise<AttemptInfo | undefined> {
  const { first, isRead } = await firstOf(attempt, own, readManifest);
  if (first === undefined && !isRead) return undefined;
  return { attempt, isStarted: true, parent: first?.parent, branch: first?.run.branch };
}

/**
 * Places attempts none of whose records is left, as far as they were here for sure: others have gone on from
 * what they saved, or what they saved first begins from a state that is there, of the same job. Anything else
 * may have been put there by anybody.
 */
export async function placeLost(
  known: readonly AttemptInfo[],
  manifests: readonly ManifestRef[],
  readManifest: ReadManifest,
): Promise<readonly AttemptInfo[]> {
  const lost = new Set(unrecordedIn(known, manifests));
  const placed: AttemptInfo[] = [];
  if (lost.size === 0) return placed;
  const next = [...known];
  for (let info = next.pop(); info !== undefined; info = next.pop()) {
    const attempt = info.parent?.attempt;
    if (attempt === undefined || !lost.delete(attempt)) continue;
    const found = await attemptByManifest(attempt, savedBy(attempt, manifests), readManifest);
    if (found === undefined) continue;
    placed.push(found);
    next.push(found);
  }
  const here = new Set([...known, ...placed].map(({ attempt }) => attempt));
  for (const attempt of lost) {
    const { first } = await firstOf(attempt, savedBy(attempt, manifests), readManifest);
    const parent = first?.parent;
    if (first === undefined || parent === undefined || !here.has(parent.attempt)) continue;
    if (!manifests.some((ref) => isSameRef(ref, parent))) continue;
    if ((await unlessUnreadable(readManifest(parent)))?.job !== first.job) continue;
    here.add(attempt);
    placed.push({ attempt, isStarted: true, parent, branch: first.run.branch });
  }
  return placed;
}

/** The first of an attempt's manifests that can be read and does not go on from its own; and whether any can be. */
async function firstOf(
  attempt: number,
  own: readonly ManifestRef[],
  readManifest: ReadManifest,
): Promise<{ readonly first: Manifest | undefined; readonly isRead: boolean }> {
  let isRead = false;
  for (const ref of own) {
    const manifest = await unlessUnreadable(readManifest(ref));
    if (manifest === undefined) continue;
    if (manifest.parent?.attempt !== attempt) return { first: manifest, isRead: true };
    isRead = true;
  }
  return { first: undefined, isRead };
}

/** Nothing of a manifest that is damaged, or may have been removed meanwhile. */
async function unlessUnreadable(reading: Promise<Manifest>): Promise<Manifest | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CheckpointNotFoundError || error instanceof DamagedError) return undefined;
    throw error;
  }
}
