/**
 * What a manifest says: the state of a job at the end of an epoch or a phase.
 *
 * @module
 */
import type { ManifestRef } from "./layout.ts";
import type { EncodedValue, ValueType } from "./value/mod.ts";

/** The size of a block; the last one of a blob may be shorter. */
export const BLOCK_BYTES = 256 * 1024;
/** Blobs of up to this size lie in the manifest itself … */
export const INLINE_BYTES = 4 * 1024;
/** … as long as they have no more than this together. */
export const INLINE_TOTAL_BYTES = 64 * 1024;
/** The largest manifest that is written or read. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Where a block lies. */
export interface BlockRef {
  /** The name of its pack. */
  readonly pack: string;
  /** Where its payload begins there, behind the head of its byte string. */
  readonly offset: number;
  /** The payload's size. */
  readonly length: number;
  /** The payload's CRC-32 (ISO-HDLC, as in zlib). */
  readonly crc32: number;
}

/** A blob that was not set. */
export interface AbsentBlob {
  /** Always `true`. */
  readonly absent: true;
}

/** A blob that was set: what it is, and where its bytes are. */
export interface PresentBlob {
  /** What its bytes stand for. */
  readonly type: ValueType;
  /** Whether what is saved was made by the blob's own codec. */
  readonly codec: boolean;
  /** The size of its bytes. */
  readonly bytes: number;
  /** The bytes themselves, where there are few. */
  readonly inline?: Uint8Array;
  /** Their blocks in order, where they are not inline. */
  readonly blocks?: readonly BlockRef[];
}

/** What a manifest says of a blob. */
export type BlobEntry = AbsentBlob | PresentBlob;

/** A blob as a save takes it. */
export type BlobToSave =
  /** A value, encoded; where those of its blocks lie that earlier manifests hold; and which of these are written again. */
  | {
    readonly encoded: EncodedValue;
    readonly codec: boolean;
    readonly known?: readonly (BlockRef | undefined)[];
    readonly copies?: ReadonlySet<BlockRef>;
  }
  /** The same as an earlier manifest has it; its blocks are not written again, but for those copied. */
  | { readonly carry: BlobEntry; readonly copies?: ReadonlyMap<BlockRef, Uint8Array> }
  /** Not set. */
  | AbsentBlob;

/** Where a cursor stands. */
export interface SavedCursor {
  /** The index of its next item. */
  readonly position: number;
  /** How often it has wrapped. */
  readonly pass: number;
  /** How long its list was when last seen; `-1` before. */
  readonly length: number;
}

/** What values may depend on beside the job. */
export interface SavedEnvironment {
  /** Deno's version. */
  readonly deno: string;
  /** The CPU family. */
  readonly arch: string;
  /** Tidemark's version. */
  readonly tidemark: string;
}

/** Digests of blobs that are not saved, by node and name; `null` where one was not set. */
export type SavedDigests = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** What a run knows beside its blobs. */
export interface RunState {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** The attempt with which a person began this branch. */
  readonly branch: number;
  /** The values of all params. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
  /** The time that finished epochs took, over all attempts of the line, in milliseconds. */
  readonly elapsedMs: number;
  /** The stop condition that held, in words. */
  readonly stop?: string;
  /** What stop conditions remember: any values that can be saved. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** Where cursors stand, by node and name. */
  readonly cursors: Readonly<Record<string, Readonly<Record<string, SavedCursor>>>>;
  /** The stamps of resources: any values that can be saved. */
  readonly stamps: Readonly<Record<string, unknown>>;
  /**
   * The digests of derived blobs, by node and name: their SHA-256 in hexadecimal digits (`digestValue`), or
   * `null` where one was not set.
   */
  readonly derived?: SavedDigests;
  /**
   * The names of all migrations that the state has gone through, or had no need of, as the job that made it
   * anew had them already; `null` where nobody could tell. Missing in what was saved before it was recorded.
   */
  readonly migrated?: readonly string[] | null;
  /** What values may depend on. */
  readonly environment: SavedEnvironment;
}

/** A manifest, checked. */
export interface Manifest extends ManifestRef {
  /** The version of the format. */
  readonly version: number;
  /** The job; none for checkpoints that were made without a job. */
  readonly job: string | undefined;
  /** The state from which this one was reached; none for the first. */
  readonly parent: ManifestRef | undefined;
  /** When it was written, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** What the run knew beside its blobs. */
  readonly run: RunState;
  /** Numbers to judge it by, as `node/blob`; `NaN` where a blob was. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The blobs, by node and name. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, BlobEntry>>>>;
  /** The packs that its blocks lie in. */
  readonly packs: readonly string[];
}

/** The size of what was saved of a blob; 0 where it was not set. */
export function blobBytes(entry: BlobEntry): number {
  return "absent" in entry ? 0 : entry.bytes;
}
