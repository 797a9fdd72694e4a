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

/** The damage that an error tells of; any other error is thrown. */
export function toDamage(error: unknown): Damage {
  const isDamage = error instanceof DamagedError || error instanceof UnsupportedVersionError;
  if (!isDamage) throw error;
  return { object: error.object, problem: error.message, blobs: [] };
}
