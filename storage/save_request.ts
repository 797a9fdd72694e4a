/**
 * What a save takes and gives.
 *
 * @module
 */
import type { ManifestRef, SavedPhase } from "./layout.ts";
import type { AttemptInfo } from "./line.ts";
import type { BlobToSave, Manifest, RunState } from "./manifest.ts";
import type { Durability, Store, StoreOptions } from "./store.ts";

/** What is saved. */
export interface SaveRequest {
  /** The epoch; 0 after init. */
  readonly epoch: number;
  /** What was finished. */
  readonly phase: SavedPhase;
  /** The state from which this one was reached: what this attempt saved last, or started from. */
  readonly parent: ManifestRef | undefined;
  /** What the run knows beside its blobs. */
  readonly run: RunState;
  /** Numbers to judge it by, as `node/blob`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** All blobs, by node and name. Their memory must not change before the save resolves. */
  readonly nodes: Record<string, Readonly<Record<string, BlobToSave>>>;
  /** Whether blocks are copied out of packs that are mostly empty, as when older manifests are removed. */
  readonly reclaim?: boolean;
  /** As of {@linkcode CommitRequest}. */
  readonly onAside?: (() => void) | undefined;
  /** When it is saved, in milliseconds since 1970; now where not given. */
  readonly createdAtMs?: number;
}

/** What one node took part with. */
export interface NodeReport {
  /** The node. */
  readonly node: string;
  /** How many bytes of blobs were written or read; those carried over are not. */
  readonly bytes: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** A save that is committed and acknowledged. */
export interface Saved {
  /** What was committed. */
  readonly manifest: Manifest;
  /** What was done for each node. */
  readonly reports: readonly NodeReport[];
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** What an attempt needs of its store. */
export interface AttemptContext {
  /** The store. */
  readonly store: Store;
  /** The job; none without one. */
  readonly job: string | undefined;
  /** What saves must outlive. */
  readonly durability: Durability;
  /** Where all attempts start from. */
  readonly attempts: (options: StoreOptions) => Promise<readonly AttemptInfo[]>;
  /** What is known of manifests: of those that are saved it is noted, so that they need not be read again. */
  readonly facts: {
    /** The packs that a manifest names. */
    packsOf(ref: ManifestRef): Promise<readonly string[]>;
    /** Takes note of a manifest that was saved. */
    saved(manifest: Manifest): void;
    /** Forgets manifests and packs that are gone. */
    forget(names: readonly string[]): void;
  };
}

/** What else is recorded of an attempt's start. */
export interface RecordOptions extends StoreOptions {
  /** The attempt with which a person began the branch it is on. */
  readonly branch?: number | undefined;
  /** The removals of the history by which its parent was chosen, read once the attempt was there. */
  readonly removals?: readonly string[] | undefined;
}
