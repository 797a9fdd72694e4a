/**
 * What the operations of a checkpoint store take.
 *
 * @module
 */
import type { ManifestRef } from "./layout.ts";
import type { NodeReport } from "./save_request.ts";
import type { Durability, StoreOptions } from "./store.ts";

/** What opening takes. */
export interface CheckpointStoreOptions extends StoreOptions {
  /** The job whose checkpoints are there; that of the store where not given. */
  readonly job?: string;
  /** What saves must outlive; the strongest that the store can promise where not given. */
  readonly durability?: Durability;
}

/** What beginning an attempt takes. */
export interface BeginOptions extends StoreOptions {
  /** The attempt that it replaces: it is to be the very next one. */
  readonly behind?: number | undefined;
}

/** What reading blobs takes. */
export interface ReadBlobsOptions extends StoreOptions {
  /** Is told of each node once its blobs are read. */
  readonly onNode?: (report: NodeReport) => void;
}

/** What checking a checkpoint takes. */
export interface CheckOptions extends StoreOptions {
  /** Whether every byte is read and summed, and not only every pack looked for. */
  readonly full?: boolean;
}

/** What judging by retention rules takes. */
export interface RetentionOptions extends CheckOptions {
  /** Whether also those are looked at for damage in whose place no other would stay. */
  readonly looksAtAll?: boolean;
  /** The time now, in milliseconds since 1970; the clock's where not given. */
  readonly nowMs?: number;
  /** Those in use, which always stay. */
  readonly inUse?: readonly ManifestRef[];
}
