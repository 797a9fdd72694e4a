/**
 * Blobs: the named typed values that tasks read and write, and checkpoints keep.
 *
 * @module
 */
import type { Codec, NeedsCodec, Plain } from "./plain.ts";
import { type BlobRef, token } from "./token.ts";

/** How a blob behaves. */
export interface BlobOptions<T> {
  /**
   * Its value before any task has run. Each node gets a copy of what this gives, by the codec where there
   * is one; `initial` still owns the original, which is never disposed of.
   */
  readonly initial?: () => T;
  /** Drops it after the group that wrote it, and never saves it. */
  readonly scratch?: boolean;
  /** Set once, by `initial` or an init task; a task that would change it later is a build error. */
  readonly immutable?: boolean;
  /** How it is saved and restored; a type that is not plain needs one. */
  readonly codec?: Codec<T>;
  /** See {@linkcode DerivedBlobOptions}. */
  readonly derived?: false;
}

/** How a blob behaves that is not saved, but made again from what it was made of. */
export interface DerivedBlobOptions<T> {
  /**
   * Never saved: what a checkpoint holds of it is a digest. On each resume the init task that wrote it runs
   * again, before any task that may read it, and must come to the same value; where it does not, the resume
   * ends with a `DerivedChangedError`. Cheaper than saving what is large and quickly made or read again.
   *
   * Just one init task may write it on a node. That task reads only what no later task changes (params,
   * resources, other derived blobs, blobs that nothing writes after it), and writes nothing but derived blobs.
   */
  readonly derived: true;
  /** It is never changed in any case. */
  readonly immutable?: boolean;
  /** How its values are told from each other, and copied to other nodes; a type that is not plain needs one. */
  readonly codec?: Codec<T>;
  /** What makes it is a task. */
  readonly initial?: undefined;
  /** It lasts as long as the job. */
  readonly scratch?: false;
}

/** How a blob behaves whose type is not plain. */
export interface CodecBlobOptions<T> extends BlobOptions<T> {
  /** How it is saved and restored. */
  readonly codec: Codec<T>;
}

/** How a derived blob behaves whose type is not plain. */
export interface DerivedCodecBlobOptions<T> extends DerivedBlobOptions<T> {
  /** How its values are told from each other, and copied to other nodes. */
  readonly codec: Codec<T>;
}

/**
 * Declares a blob: a named typed value, one on each node whose tasks use it.
 *
 * Its type must be plain (numbers, strings, typed arrays, Dates, bigints, and arrays, Maps, Sets and
 * objects of these) or have a codec; the compiler checks it, and each save checks the value.
 *
 * @example
 * ```ts
 * import { blob } from "tidemark";
 *
 * const weights = blob<Float32Array>("weights");
 * const total = blob("total", { initial: () => 0 });
 * const batch = blob<string[]>("batch", { scratch: true });
 * const images = blob<Uint8Array>("images", { derived: true }); // read anew on each resume
 * ```
 */
export function blob<T>(
  name: string,
  options: CodecBlobOptions<T> | DerivedCodecBlobOptions<T>,
): BlobRef<T>;
/** Declares a blob of a plain type. */
export function blob<T>(
  name: [T] extends [Plain<T>] ? string : NeedsCodec<T>,
  options?: BlobOptions<T> | DerivedBlobOptions<T>,
): BlobRef<T>;
export function blob<T>(
  name: string | NeedsCodec<T>,
  options: BlobOptions<T> | DerivedBlobOptions<T> = {},
): BlobRef<T> {
  return token({
    kind: "blob",
    name,
    scratch: options.scratch ?? false,
    immutable: options.immutable ?? false,
    derived: options.derived ?? false,
    initial: options.initial,
    codec: options.codec,
  });
}
