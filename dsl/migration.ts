/**
 * Migrations: what becomes of blobs that were saved in another form than the job has now.
 *
 * @module
 */
import { type AnyTask, type Outputs, task } from "./task.ts";
import { type AnyBlob, type Inputs, type None, token } from "./token.ts";

/** Blobs by a migration's own names. */
export type MigratedBlobs = Readonly<Record<string, AnyBlob>>;

/** What a migration reads and writes. */
export interface MigrationDeclaration<R, W> {
  /** Blobs as they were saved; their names are those that they were saved under. */
  readonly reads: R;
  /** Blobs as the job has them now, or as a later migration reads them. */
  readonly writes: W;
}

/** What a migration's function is given beside the old values. */
export interface MigrationContext {
  /** The node whose blobs it is given. */
  readonly node: string;
  /** The epoch that was saved. */
  readonly epoch: number;
}

/** Maps old blobs to new ones. Make one with {@linkcode migration}. */
export interface Migration {
  /** What it is. */
  readonly kind: "migration";
  /**
   * Its name, unique in the job, which must stay: what comes of an epoch that is saved after it is never given
   * it again, and under another name it would be another migration.
   */
  readonly name: string;
  /** What it reads and writes, and its function, as those of a task. */
  readonly task: AnyTask;
}

/** A migration that lacks its function: `.run(…)` makes it one. */
export interface MigrationWithoutRun<R, W> {
  /** Not a migration yet: `.run(…)` is missing. */
  readonly kind: "migration without .run(…)";
  /** Gives the migration its function. */
  run<X extends PropertyKey = never>(
    body: (
      old: Inputs<R>,
      context: MigrationContext,
    ) => Outputs<None, W, X> | Promise<Outputs<None, W, X>>,
  ): Migration;
}

/**
 * Declares a migration, for the plan's `migrate`: a resume from an epoch that was saved before gives its
 * function the old values, on each node that has any of them, or reads none, and where what it makes is
 * wanted, be it by a later one; and the job goes on with what it returns.
 * Where it fails, or returns what cannot be saved, nothing is changed.
 *
 * What it reads and the job no longer has is gone from then on. Migrations run in the order of the plan,
 * each once on a line: what an epoch has gone through it says itself, also where a script saves it again, or
 * another job begins with it. So one may be taken out of the plan and put back. A node that holds again what
 * one alone reads, and nothing of what it writes, as the job was run there without it, is given it again.
 * Leave them there as long as older epochs are to be resumed from, or read: what `saved(…)` reads of an older
 * epoch goes through those that its blob comes out of, given what that epoch has; where one fails, so does
 * the task that reads.
 *
 * Where nobody can tell whether an epoch has gone through one (a script has saved what it did not load, or a
 * node holds what it reads and only some of what it writes), it is not run: a `MigrationError` says so, and
 * that `--migrated` (`migrated` of a `JobRunner`) says it.
 *
 * @example
 * ```ts
 * import { blob, migration } from "tidemark";
 *
 * const layers = blob<Float32Array[]>("layers");
 * const split = migration("split", {
 *   reads: { weights: blob<Float32Array>("weights") }, // as it was saved
 *   writes: { layers },
 * }).run(({ weights }) => ({ layers: [weights.slice(0, 10), weights.slice(10)] }));
 * ```
 */
export function migration<R extends MigratedBlobs = None, W extends MigratedBlobs = None>(
  name: string,
  declaration: MigrationDeclaration<R, W>,
): MigrationWithoutRun<R, W> {
  const { reads, writes } = declaration;
  return token({
    kind: "migration without .run(…)",
    run: (body: AnyTask["body"]) => {
      const untyped = task(name, { reads: { ...reads } as None, writes: { ...writes } as None });
      return token({ kind: "migration", name, task: untyped.run(body as never) });
    },
  });
}
