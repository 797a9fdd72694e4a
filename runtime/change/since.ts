/**
 * What has changed in a job since an epoch was saved.
 *
 * @module
 */
import {
  type CheckpointStore,
  DamagedError,
  formatRef,
  type JobDescription,
  type Manifest,
  type ManifestRef,
} from "../../storage/mod.ts";
import { JobChangedError } from "./errors.ts";
import type { Program } from "../program.ts";
import { compareParts, type JobChange } from "./compare.ts";
import { savedBlobChanges } from "./saved_blobs.ts";

/** What a job is, beside what it was when an epoch was saved. */
export interface JobDifference {
  /** The epoch, as in `"3@a1"`. */
  readonly epoch: string;
  /** The attempt that has begun there and saved nothing, since whose start it is; none where it is since the epoch. */
  readonly attempt: number | undefined;
  /** All that differs, judged. */
  readonly changes: readonly JobChange[];
  /** What could not be compared, in words. */
  readonly notSeen: readonly string[];
}

/** A job as it is now. */
export interface PresentJob {
  /** The job compiled. */
  readonly program: Program;
  /** What it is. */
  readonly description: JobDescription;
  /** The blobs that migrations make, as `node/blob`, with the migration that makes each. */
  readonly made: ReadonlyMap<string, string>;
}

/** What a job was. */
export interface FormerJob {
  /** What its attempt has recorded of it. */
  readonly description?: JobDescription | undefined;
  /** That attempt, where it has saved nothing since the epoch. */
  readonly attempt: number | undefined;
}

/** Compares a job with what it was; `by` is the last state behind the manifest. */
export function changesSince(
  { program, description, made }: PresentJob,
  { description: before, attempt }: FormerJob,
  manifest: Manifest,
  by: ManifestRef,
): JobDifference {
  const started = attempt === undefined ? undefined : before?.parts;
  const known = { before: before?.parts, started, now: description.parts, made };
  const blobs = savedBlobChanges(program, manifest, known);
  const common = { epoch: `${manifest.epoch}@a${manifest.attempt}`, attempt };
  const unseen = (of: JobDescription | undefined): string[] =>
    Object.keys(of?.parts?.["unseen"] ?? {});
  if (before === undefined) {
    const notSeen = [
      `what the job was then (attempt ${attempt ?? by.attempt} has not recorded it)`,
    ];
    return { ...common, changes: blobs, notSeen };
  }
  const now = unseen(description);
  const then = unseen(before).filter((name) => !now.includes(name));
  const when = attempt === undefined
    ? `${formatRef(by)} was saved`
    : `attempt ${attempt} was started`;
  const notSeen = [...now, ...then.map((name) => `${name} (when ${when})`)];
  if (before.sha256 === description.sha256) return { ...common, changes: blobs, notSeen };
  if (before.parts === undefined || description.parts === undefined) {
    return { ...common, changes: [TOO_LARGE, ...blobs], notSeen };
  }
  return {
    ...common,
    changes: [...compareParts(before.parts, description.parts), ...blobs],
    notSeen,
  };
}

const TOO_LARGE: JobChange = {
  what: "the job differs from what it was",
  why: "its description is too large to be kept, so that nobody can say in what",
  verdict: "to be allowed",
};

/** Since when a job is another, in words. */
export function sinceText({ epoch, attempt }: Pick<JobDifference, "epoch" | "attempt">): string {
  return attempt === undefined
    ? `epoch ${epoch}`
    : `attempt ${attempt} was started, which has saved nothing`;
}

/** Whether any of the changes is to be allowed, or impossible. */
export function isRefused({ changes }: JobDifference, mayChange: boolean): boolean {
  return changes.some(({ verdict }) =>
    verdict === "impossible" || verdict === "to be allowed" && !mayChange
  );
}

/**
 * Throws where a job may not go on.
 *
 * @throws {JobChangedError} Where a change is impossible, or is to be allowed and is not.
 */
export function checkChanges(
  difference: JobDifference,
  { mayChange, place }: { readonly mayChange: boolean; readonly place: string },
): void {
  const { epoch, changes, attempt } = difference;
  if (isRefused(difference, mayChange)) throw new JobChangedError(epoch, place, changes, attempt);
}

/** What an attempt's record says of its job; none where it is damaged, which `verify` reports. */
export async function describedIn(
  store: CheckpointStore,
  attempt: number,
): Promise<JobDescription | undefined> {
  try {
    return (await store.readAttempt(attempt))?.description;
  } catch (error) {
    if (error instanceof DamagedError) return undefined;
    throw error;
  }
}
