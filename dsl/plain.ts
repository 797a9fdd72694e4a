/**
 * Which values can be saved as they are, and codecs for those that cannot.
 *
 * @module
 */

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** The values at the ends of a plain value: everything that is kept exactly and holds nothing else. */
export type Leaf =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | Date
  | ArrayBuffer
  | DataView
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float16Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/**
 * `T` with everything that cannot be saved turned to `never`: a type is plain when it is assignable
 * to this of itself. Arrays, Maps, Sets and plain objects of plain values are plain.
 */
export type Plain<T> = T extends Leaf ? T
  : T extends ((...args: never) => unknown) | symbol | PromiseLike<unknown> ? never
  : T extends ReadonlyMap<infer K, infer V> ? ReadonlyMap<Plain<K>, Plain<V>>
  : T extends ReadonlySet<infer E> ? ReadonlySet<Plain<E>>
  : T extends readonly (infer E)[] ? { readonly [I in number]: Plain<E> }
  : { [K in keyof T]: Plain<T[K]> };

/** What the compiler asks for when a blob's type is not plain: `blob(name, { codec })`. */
export interface NeedsCodec<T> {
  /** The type that cannot be saved as it is. */
  readonly "~notPlain": T;
}

/** What the compiler asks for when a value that must be plain is not. */
export interface NotPlain<T> {
  /** The type that cannot be saved as it is. */
  readonly "~notPlain": T;
}

/** All values whose type says something; `unknown` is not assignable to it. */
export type NotUnknown = Leaf | object;

/**
 * `unknown` where `T` is plain, so that `T & MustBePlain<T>` is `T`; else something nothing is.
 *
 * Where `T` could not be inferred because something else is wrong, that is what is to be reported.
 */
export type MustBePlain<T> = unknown extends T ? NotUnknown
  : [T] extends [Plain<T>] ? unknown
  : NotPlain<T>;

/** Turns a value that is not plain into one that is, and back. Make one with {@linkcode codec}. */
export interface Codec<in out T> {
  /** To a plain value; may be asynchronous. */
  readonly encode: (value: T) => Awaitable<unknown>;
  /** From what `encode` gave; the result stands for the same state. */
  readonly decode: (plain: never) => Awaitable<T>;
  /** Frees a value that the runtime no longer needs. */
  readonly dispose: ((value: T) => void) | undefined;
}

/** Any codec, whatever it is for. */
export interface AnyCodec {
  /** See {@linkcode Codec}. */
  readonly encode: (value: never) => Awaitable<unknown>;
  /** See {@linkcode Codec}. */
  readonly decode: (plain: never) => Awaitable<unknown>;
  /** See {@linkcode Codec}. */
  readonly dispose: ((value: never) => void) | undefined;
}

/** What {@linkcode codec} is given. */
export interface CodecOptions<T, P> {
  /** To a plain value; may be asynchronous. */
  readonly encode: (value: T) => Awaitable<P> & MustBePlain<P>;
  /** From what `encode` gave, with its type; may be asynchronous. */
  readonly decode: (plain: P) => Awaitable<T>;
  /**
   * Frees a value that the runtime no longer needs: one that a load or `feed` replaces, one that a session
   * holds when it is closed, and a copy that it made for a task (of `previous`, `from` or `gather`), once
   * the task's group has ended, unless the task returned that copy as a blob. A value that a task replaces
   * by returning another is the task's own to free.
   */
  readonly dispose?: (value: T) => void;
}

/**
 * Declares how a value that is not plain is saved and restored.
 *
 * What `encode` gives is copied before the next task runs. `decode(encode(value))` must behave as
 * `value` does: that is what makes a resume exact.
 *
 * @example
 * ```ts
 * import { blob, codec } from "tidemark";
 *
 * class Counter {
 *   constructor(public count: number) {}
 * }
 * const counter = blob("counter", {
 *   codec: codec({
 *     encode: (value: Counter) => ({ count: value.count }),
 *     decode: ({ count }) => new Counter(count),
 *   }),
 * });
 * ```
 */
export function codec<T, P>(options: CodecOptions<T, P>): Codec<T> {
  const { encode, decode, dispose } = options;
  return Object.freeze({ encode, decode: decode as Codec<T>["decode"], dispose });
}
