/**
 * Resources: what a job needs and cannot save.
 *
 * @module
 */
import type { Awaitable, MustBePlain } from "./plain.ts";
import {
  type Inputs,
  type None,
  type ResourceContext,
  type ResourceReads,
  type ResourceRef,
  token,
} from "./token.ts";

/** How a resource is opened and closed. */
export interface ResourceOptions<T, R extends ResourceReads = None, S = undefined> {
  /** Params and other resources that `open` needs. */
  readonly reads?: R;
  /**
   * Opens it: once for each node and attempt, when a task first needs it. The task's timeout begins when
   * it is open; what opens slowly should listen to the context's `signal`, which is aborted when the run ends.
   */
  readonly open: (inputs: Inputs<R>, context: ResourceContext) => Awaitable<T>;
  /** Closes it, at the end of the run, whatever the end. */
  readonly close?: (value: T) => Awaitable<void>;
  /**
   * A plain value that says which input it is (a size, a date, a digest). It is saved with each
   * checkpoint, and compared where a resume opens the resource: another one is a warning that names both,
   * and the run goes on, as an input that has grown may be meant. Where another input is to stop the
   * job, derive a blob from it, which must come to the same again.
   */
  readonly stamp?: (value: T) => Awaitable<S> & MustBePlain<S>;
}

/**
 * Declares what is opened at each start, fresh or resumed, and never saved: a connection, a device,
 * a large data set that is read from elsewhere.
 *
 * @example
 * ```ts
 * import { resource } from "tidemark";
 *
 * const words = resource("words", {
 *   open: () => ["tide", "mark"],
 *   stamp: (list) => list.length,
 * });
 * ```
 */
export function resource<T, R extends ResourceReads = None, S = undefined>(
  name: string,
  options: ResourceOptions<T, R, S>,
): ResourceRef<T> {
  const { reads, open, close, stamp } = options;
  return token({ kind: "resource", name, reads: Object.freeze({ ...reads }), open, close, stamp });
}
