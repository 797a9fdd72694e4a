/**
 * Whether what an earlier attempt has recorded is of use to a run.
 *
 * @module
 */
import type { AppliedMigration, LogHead } from "../../storage/mod.ts";

/** Which migrations a state goes through as a run begins with it. */
export interface StateMigrations {
  /** Those that make any blobs, in turn. */
  readonly applied: readonly AppliedMigration[];
  /** Whether it had gone through one when it was saved. */
  readonly isDone: (name: string) => boolean;
}

/** What a run is like, as far as what was recorded before depends on it. */
export interface WorkUser {
  /** The branch whose work it may use. */
  readonly branch: number;
  /** Its seed. */
  readonly seed: number;
  /** The migrations of the state that it starts from. */
  readonly migrations: StateMigrations;
  /**
   * Whether derived blobs are others than those that an attempt has recorded, if it has; missing where they
   * are not made again yet, so that nobody knows.
   */
  readonly hasOtherDerived?: (recorded: LogHead["derived"]) => boolean;
}

/** What becomes of what was recorded. */
export interface WorkVerdict {
  /** Whether it is used; then params and code are compared task by task. */
  readonly isUsable: boolean;
  /** Why not, as what follows "what tasks have done"; none where it is of another branch. */
  readonly why?: string;
}

/** Judges what was recorded under a head. */
export function judgeWork(
  { branch, seed, derived, migrated = [] }: LogHead,
  user: WorkUser,
): WorkVerdict {
  const { applied, isDone } = user.migrations;
  if (branch !== user.branch) return { isUsable: false };
  // Those that the state itself has gone through since are in what was saved, and so in both.
  const then = migrated.filter(({ name }) => !isDone(name));
  if (!isSame(then, applied)) {
    const how = then.length === 0
      ? "blobs in their old form"
      : "blobs that migrations made otherwise";
    return { isUsable: false, why: `may have read ${how}` };
  }
  // What was done since with the same derived blobs as now counts, whatever they were before.
  if (user.hasOtherDerived?.(derived)) {
    return { isUsable: false, why: "may have read derived blobs that are others now" };
  }
  return seed === user.seed ? { isUsable: true } : { isUsable: false, why: `had the seed ${seed}` };
}

function isSame(a: readonly AppliedMigration[], b: readonly AppliedMigration[]): boolean {
  return a.length === b.length &&
    a.every(({ name, code }, index) => name === b[index]?.name && code === b[index]?.code);
}
