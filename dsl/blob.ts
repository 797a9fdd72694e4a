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
}

/** How a blob behaves whose type is not plain. */
export interface CodecBlobOptions<T> extends BlobOptions<T> {
  /** How it is saved and restored. */
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
 * ```
 */
export function blob<T>(name: string, options: CodecBlobOptions<T>): BlobRef<T>;
/** Declares a blob of a plain type. */
export function blob<T>(
  name: [T] extends [Plain<T>] ? string : NeedsCodec<T>,
  options?: BlobOptions<T>,
): BlobRef<T>;
export function blob<T>(
  name: string | NeedsCodec<T>,
  options: BlobOptions<T> = {},
): BlobRef<T> {
  return token({
    kind: "blob",
    name,
    scratch: options.scratch ?? false,
    immutable: options.immutable ?? false,
    initial: options.initial,
    codec: options.codec,
  });
}
