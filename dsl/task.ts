/**
 * Tasks: functions with their inputs and outputs declared.
 *
 * @module
 */
import type { When } from "./condition.ts";
import type { Context, Retry } from "./context.ts";
import type { Duration } from "./duration.ts";
import type { Awaitable } from "./plain.ts";
import {
  frozenTokens,
  type Inputs,
  type None,
  type Reads,
  token,
  type Updates,
  type Values,
  type Writes,
} from "./token.ts";

/** What a task uses and how it runs. Keys are the task's own names for the tokens. */
export interface Declaration<R, U, W> {
  /** Read, and never changed. */
  readonly reads?: R;
  /** Read and changed in place; a value returned under its key replaces it. */
  readonly updates?: U;
  /** Set to what is returned under its key. */
  readonly writes?: W;
  /** Runs the task only where this holds; its blobs otherwise stay as they are. */
  readonly if?: When;
  /** Tasks of the same group that must have ended before, beside those that list order asks for. */
  readonly after?: readonly AnyTask[];
  /** How often it is tried; each try starts from the same state. */
  readonly retry?: Retry;
  /** How long one try may take. */
  readonly timeout?: Duration;
  /**
   * What stands for the task's code when a resume asks whether it was edited: the text of its function,
   * and what that calls, then do not count. Change it when what the task computes changes.
   */
  readonly version?: string | number;
}

/** Any declaration, as the compiler of jobs sees it. */
export interface AnyDeclaration {
  /** See {@linkcode Declaration}. */
  readonly reads: Reads;
  /** See {@linkcode Declaration}. */
  readonly updates: Writes;
  /** See {@linkcode Declaration}. */
  readonly writes: Writes;
  /** See {@linkcode Declaration}. */
  readonly if: When | undefined;
  /** See {@linkcode Declaration}. */
  readonly after: readonly AnyTask[];
  /** See {@linkcode Declaration}. */
  readonly retry: Retry | undefined;
  /** See {@linkcode Declaration}. */
  readonly timeout: Duration | undefined;
  /** See {@linkcode Declaration}. */
  readonly version: string | number | undefined;
}

/** Any task, whatever its types. */
export interface AnyTask {
  /** Which kind of step it is. */
  readonly kind: "task";
  /** Its name, unique in the job. */
  readonly name: string;
  /** What it uses and how it runs. */
  readonly declaration: AnyDeclaration;
  /** Its function. */
  readonly body: (inputs: never, context: Context) => unknown;
}

/** A task: what it is given and what it gives, in its type. Make one with {@linkcode task}. */
export interface Task<in I, out O> extends AnyTask {
  /** In the types only. */
  readonly "~run": (inputs: I, context: Context) => Awaitable<O>;
}

/** `void` where nothing has to be returned. */
export type MayBeVoid<W> = [keyof W] extends [never] ? void : never;

/** What the compiler shows for a key that is returned but not declared. */
export interface NotInWritesOrUpdates<K> {
  /** The key that is neither in `writes` nor in `updates`. */
  readonly "~key": K;
}

/** Refuses returned keys `X` that `D` does not declare; `then` keeps a promise from passing. */
export type Only<X extends PropertyKey, D> =
  & { readonly then?: never }
  & { readonly [K in X]?: unknown }
  & { readonly [K in Exclude<X, keyof D | keyof Promise<unknown>>]: NotInWritesOrUpdates<K> };

/** What a task's function may return: all of `writes`, any of `updates`, nothing else. */
export type Outputs<U, W, X extends PropertyKey> =
  | MayBeVoid<W>
  | (Values<W> & Partial<Values<U>> & Only<X, W & U>);

/** A task that lacks its function, and so is no step yet: `.run(…)` makes it one. */
export interface TaskWithoutRun<R, U, W> {
  /** Not a step yet: `.run(…)` is missing. */
  readonly kind: "task without .run(…)";
  /** The task's name. */
  readonly name: string;
  /** Gives the task its function. */
  run<X extends PropertyKey = never>(
    // `Promise`, not `PromiseLike`: only so does the compiler compare what an async function resolves to.
    body: (inputs: Inputs<R, U>, context: Context) => Outputs<U, W, X> | Promise<Outputs<U, W, X>>,
  ): Task<Inputs<R, U>, Values<W & U>>;
}

/**
 * Declares a task: what it `reads`, `updates` and `writes`, then, in a second call, its function.
 *
 * The declaration gives the types of the function's inputs and result, the order of tasks, and
 * which blobs can have changed. The function gets the inputs under the declaration's keys and
 * returns an object with all keys of `writes`.
 *
 * @example
 * ```ts
 * import { blob, param, task } from "tidemark";
 *
 * const rate = param("rate", 0.5);
 * const weights = blob<Float32Array>("weights");
 * const loss = blob<number>("loss");
 * const train = task("train", { reads: { rate }, updates: { weights }, writes: { loss } })
 *   .run(({ rate, weights }) => {
 *     weights[0] = (weights[0] ?? 0) - rate;
 *     return { loss: Math.abs(weights[0]) };
 *   });
 * ```
 */
export function task<R extends Reads = None, U extends Updates = None, W extends Writes = None>(
  name: string,
  declaration: Declaration<R, U, W> = {},
): TaskWithoutRun<R, U, W> {
  return token({
    kind: "task without .run(…)",
    name,
    run: (body: AnyTask["body"]) =>
      token({
        kind: "task",
        name,
        body,
        declaration: Object.freeze({
          ...declaration, // a mistyped key too, for the build to name
          reads: frozenTokens(declaration.reads),
          updates: frozenTokens(declaration.updates),
          writes: frozenTokens(declaration.writes),
          if: declaration.if,
          after: Object.freeze([...declaration.after ?? []]),
          retry: declaration.retry,
          timeout: declaration.timeout,
          version: declaration.version,
        }),
      }),
  });
}
