/**
 * Why a job that was edited does not go on.
 *
 * @module
 */
import type { JobChange } from "./compare.ts";

const VERDICTS = ["impossible", "to be allowed", "harmless"] as const;
const IMPOSSIBLE =
  "Map what is impossible with a migration (migrate in the plan), or make it again what it was; or start " +
  "anew with --fresh, which deletes nothing";
const ALLOW =
  "Go on with --allow-change (allowChange in a script, onChange in the plan); or start anew with --fresh, " +
  "which deletes nothing. A task that had a version when it was saved may be edited as long as that stays";

/** The job is not what it was when the epoch was saved from which it is to go on. */
export class JobChangedError extends Error {
  /** The class's name. */
  override readonly name: string = "JobChangedError";

  /** Lists all that differs, and says what can be done. */
  constructor(
    /** The epoch, as in `"3@a1"`. */
    readonly epoch: string,
    place: string,
    /** All that differs; at least one of it is not harmless. */
    readonly changes: readonly JobChange[],
    /** The attempt that has begun there and saved nothing, since whose start it differs; none where it is since the epoch. */
    readonly attempt?: number | undefined,
  ) {
    const listed = VERDICTS.flatMap((verdict) =>
      changes.filter((change) => change.verdict === verdict)
        .map(({ what, why }) => `  ${verdict}: ${what}: ${why}`)
    );
    const isImpossible = changes.some(({ verdict }) => verdict === "impossible");
    super([
      attempt === undefined
        ? `The job is not what it was when epoch ${epoch} was saved at ${place}:`
        : `The job is not what it was when attempt ${attempt} was started at ${place}, which went on ` +
          `from epoch ${epoch} and has saved nothing:`,
      ...listed,
      "Nothing was changed. " + (isImpossible ? IMPOSSIBLE : ALLOW),
    ].join("\n"));
  }
}

/**
 * A migration of the plan failed, and `cause` is what it threw; or nobody can tell whether it is to be
 * applied, and it was not tried.
 */
export class MigrationError extends Error {
  /** The class's name. */
  override readonly name: string = "MigrationError";

  /** Says what has failed, that nothing was changed, and what to do. */
  constructor(
    /** The migration. */
    readonly migration: string,
    /** The node whose blobs it was given. */
    readonly node: string,
    /** The epoch that was saved. */
    readonly epoch: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
