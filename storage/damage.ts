/**
 * What is damaged, and what cannot be read for it.
 *
 * @module
 */
import { DamagedError, UnsupportedVersionError } from "./errors.ts";
import type { ManifestRef } from "./layout.ts";

/** A blob of a checkpoint. */
export interface BlobUse {
  /** The checkpoint. */
  readonly ref: ManifestRef;
  /** The node. */
  readonly node: string;
  /** The blob. */
  readonly blob: string;
}

/** Something that is not what was saved. */
export interface Damage {
  /** The object. */
  readonly object: string;
  /** What is wrong, in words. */
  readonly problem: string;
  /** The blobs that cannot be read for it, of all checkpoints that share it; none for a record. */
  readonly blobs: readonly BlobUse[];
}

/** Something of a version of the format that this one does not know, so that nobody knows it to be damaged. */
export interface Newer {
  /** The object. */
  readonly object: string;
  /** Its version. */
  readonly version: number;
}

/** What cannot be read, and why. */
export type Unreadable = Damage | Newer;

/** What cannot be read, as an error tells; any error that tells of nothing like it is thrown. */
export function toUnreadable(error: unknown): Unreadable {
  if (error instanceof UnsupportedVersionError) {
    return { object: error.object, version: error.version };
  }
  if (!(error instanceof DamagedError)) throw error;
  return { object: error.object, problem: error.message, blobs: [] };
}

/** Whether something is known to be damaged. */
export function isDamage(one: Unreadable): one is Damage {
  return "problem" in one;
}

/** Whether something is of a version that this one does not know. */
export function isNewer(one: Unreadable): one is Newer {
  return "version" in one;
}
