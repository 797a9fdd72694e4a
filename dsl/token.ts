/**
 * What tasks and conditions name: the kinds of token, and the types they stand for.
 *
 * Tokens are frozen plain values. `"~value"` exists in the types only.
 *
 * @module
 */
import type { AnyCodec, Awaitable, Codec } from "./plain.ts";

/** The type of an empty declaration. */
export type None = Record<never, never>;

/** Whatever a task or condition may read; `T` is the type of what it is given. */
export interface Readable<out T> {
  /** Which kind of token it is. */
  readonly kind: string;
  /** In the types only. */
  readonly "~value": T;
}

/** A named typed value of a node's workspace. Make one with `blob`. */
export interface BlobRef<in out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "blob";
  /** Its name: with the node, its identity. */
  readonly name: string;
  /** Dropped after the group that wrote it, and never saved. */
  readonly scratch: boolean;
  /** Set once, by `initial` or an init task, and never changed. */
  readonly immutable: boolean;
  /** Never saved: the init task that wrote it makes it again on each resume. */
  readonly derived: boolean;
  /** Its value before any task has run. */
  readonly initial: (() => T) | undefined;
  /** How it is saved, where its type is not plain. */
  readonly codec: Codec<T> | undefined;
}

/** Any blob, whatever its type. */
export interface AnyBlob {
  /** Which kind of token it is. */
  readonly kind: "blob";
  /** Its name. */
  readonly name: string;
  /** See {@linkcode BlobRef}. */
  readonly scratch: boolean;
  /** See {@linkcode BlobRef}. */
  readonly immutable: boolean;
  /** See {@linkcode BlobRef}. */
  readonly derived: boolean;
  /** See {@linkcode BlobRef}. */
  readonly initial: (() => unknown) | undefined;
  /** See {@linkcode BlobRef}. */
  readonly codec: AnyCodec | undefined;
}

/** A blob whose value can be changed in place: not a number, a string, a boolean … */
export interface AnyMutable extends AnyBlob {
  /** In the types only. */
  readonly "~value": object;
}

/** What a param can be. */
export type ParamValue = number | boolean | string;

/** A typed setting. Make one with `param`. */
export interface ParamRef<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "param";
  /** Its name, as in `--param name=value`. */
  readonly name: string;
  /** Its value where nothing else is given. */
  readonly default: ParamValue;
  /** The least value of a number. */
  readonly min: number | undefined;
  /** The greatest value of a number. */
  readonly max: number | undefined;
  /** Whether a number must be whole. */
  readonly integer: boolean;
  /** The only values it can have. */
  readonly choices: readonly string[] | undefined;
}

/** What is opened at each start and never saved. Make one with `resource`. */
export interface ResourceRef<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "resource";
  /** Its name. */
  readonly name: string;
  /** What `open` is given. */
  readonly reads: ResourceReads;
  /** Opens it. */
  readonly open: (inputs: never, context: ResourceContext) => Awaitable<T>;
  /** Closes it. */
  readonly close: ((value: never) => Awaitable<void>) | undefined;
  /** A plain value that says which input it is. */
  readonly stamp: ((value: never) => Awaitable<unknown>) | undefined;
}

/** What a resource's `open` may read. */
export type ResourceReads = Readonly<Record<string, ParamRef<unknown> | ResourceRef<unknown>>>;

/** What a resource's `open` is given beside its inputs. */
export interface ResourceContext {
  /** Aborted when the run stops. */
  readonly signal: AbortSignal;
  /** The node it is opened for. */
  readonly node: string;
}

/** The items of one epoch from a cursor. */
export interface Slice<out T> {
  /** The index of the first item, in the order in which the cursor takes them. */
  readonly start: number;
  /** One past the index of the last. */
  readonly end: number;
  /** The items. */
  readonly items: readonly T[];
}

/** Takes the next items of a list in each epoch. Make one with `cursor`. */
export interface CursorRef<out T> extends Readable<Slice<T>> {
  /** Which kind of token it is. */
  readonly kind: "cursor";
  /** Its name. */
  readonly name: string;
  /** The list it takes from. */
  readonly over: AnyBlob | ResourceRef<unknown>;
  /** How many items an epoch takes. */
  readonly take: number | ParamRef<number>;
  /** Whether they are taken in a shuffled order, the same after any resume. */
  readonly shuffle: boolean;
  /** Whether it starts again after the end, with a new order where it shuffles. */
  readonly wrap: boolean;
}

/** The value of a blob from before the group. Make one with `previous`. */
export interface PreviousView<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "previous";
  /** The blob. */
  readonly blob: AnyBlob;
  /** What is read where the blob is not set. */
  readonly fallback: unknown;
}

/** A blob that may not be set. Make one with `optional`. */
export interface OptionalView<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "optional";
  /** The blob. */
  readonly blob: AnyBlob;
}

/** A blob of another node. Make one with `from`. */
export interface FromView<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "from";
  /** The node. */
  readonly node: string;
  /** The blob. */
  readonly blob: AnyBlob;
}

/** A blob of several nodes. Make one with `gather`. */
export interface GatherView<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "gather";
  /** The nodes, in the order of the values. */
  readonly nodes: readonly string[];
  /** The blob. */
  readonly blob: AnyBlob;
}

/** A blob of the best saved epoch. Make one with `saved`. */
export interface SavedView<out T> extends Readable<T> {
  /** Which kind of token it is. */
  readonly kind: "saved";
  /** The blob. */
  readonly blob: AnyBlob;
  /** Which epoch is the best. */
  readonly by: By;
}

/** A number to be the best by, with its direction. */
export type By =
  | { readonly max: BlobRef<number> | FromView<number> }
  | { readonly min: BlobRef<number> | FromView<number> };

/** Any token that can be read, as the compiler of jobs sees it. */
export type AnyToken =
  | AnyBlob
  | ParamRef<unknown>
  | ResourceRef<unknown>
  | CursorRef<unknown>
  | PreviousView<unknown>
  | OptionalView<unknown>
  | FromView<unknown>
  | GatherView<unknown>
  | SavedView<unknown>;

/** Any token that can be read, with its type. */
export type AnyReadable = AnyToken & { readonly "~value": unknown };

/** What a task reads: its own names for tokens, or lists of them. */
export type Reads = Readonly<Record<string, AnyReadable | readonly AnyReadable[]>>;

/** What a task writes. */
export type Writes = Readonly<Record<string, AnyBlob | readonly AnyBlob[]>>;

/** What a task changes in place. */
export type Updates = Readonly<Record<string, AnyMutable | readonly AnyMutable[]>>;

/** The type that a token, or a list of tokens, stands for. */
export type ValueOf<R> = R extends { readonly "~value": infer T } ? T
  : R extends readonly unknown[] ? { [I in keyof R]: ValueOf<R[I]> }
  : never;

/** What a task is given for what it reads and updates. */
export type Inputs<R, U = None> = { readonly [K in keyof (R & U)]: ValueOf<(R & U)[K]> };

/** What a condition is given: a value for one token, an object for several. */
export type Given<R> = R extends AnyReadable ? ValueOf<R>
  : { readonly [K in keyof R]: ValueOf<R[K]> };

/** The values of a declaration's tokens. */
export type Values<D> = { [K in keyof D]: ValueOf<D[K]> };

/** Freezes what a constructor made, and gives it its public type. */
export function token<T>(value: object): T {
  return Object.freeze(value) as T;
}

/** A copy of a declaration's part that nothing can change, its lists included. */
export function frozenTokens<P extends Reads | Writes>(part: P | undefined): P {
  const copies = Object.entries(part ?? {}).map(([key, token]) =>
    [key, Array.isArray(token) ? Object.freeze([...token]) : token] as const
  );
  return Object.freeze(Object.fromEntries(copies)) as P;
}
