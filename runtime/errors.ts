/**
 * What can go wrong in a run.
 *
 * @module
 */
import type { Holder } from "../storage/mod.ts";
import { timeText } from "./clock.ts";
import { thrownText } from "./thrown_text.ts";

/** Where in a run something went wrong. */
export interface TaskSite {
  /** The task's name within its group. */
  readonly task: string;
  /** Its node. */
  readonly node: string;
  /** The epoch. */
  readonly epoch: number;
  /** The runner's attempt; 0 outside a runner. */
  readonly attempt: number;
  /** Which try of the task. */
  readonly try: number;
}

/** Another process works on the job. */
export class JobHeldError extends Error {
  /** The class's name. */
  override readonly name: string = "JobHeldError";

  /** Says who has it, where and since when, and what to do. */
  constructor(
    /** The place. */
    readonly place: string,
    /** Who has it, as far as it can be known. */
    readonly holder: Holder,
    purpose: string,
  ) {
    const mend = purpose === "run"
      ? "Let it work, or stop it; or take the job over with --take-over (takeOver: true in a script), " +
        "which makes its next save fail"
      : "It tidies up, and ends soon: try again then, or wait for it with --wait 1m (waitMs in a script)";
    super(`Another process works on ${place}: ${holderText(holder)}. ${mend}`);
  }
}

/** Who holds a job, in words. */
export function holderText({ pid, host, purpose, sinceMs, beatAgoMs }: Holder): string {
  const who = pid === undefined ? "one that cannot be asked who it is" : `process ${pid}`;
  const where = host === undefined ? "" : ` on ${host}`;
  const what = purpose === undefined || purpose === "run" ? "" : ` (${purpose})`;
  const since = sinceMs === undefined ? "" : `, since ${timeText(sinceMs)}`;
  const fresh = beatAgoMs === undefined
    ? ""
    : `, last heard of ${Math.round(beatAgoMs / 1000)} s ago`;
  return who + where + what + since + fresh;
}

/** What was to be told of events failed; `cause` is what it threw. */
export class ObserverError extends Error {
  /** The class's name. */
  override readonly name: string = "ObserverError";

  /** Says what it was told of. */
  constructor(
    /** The type of the event. */
    readonly event: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `An observer failed when it was told of "${event}", which has happened all the same (${why}): ` +
        `mend the observer, and run the job again to go on`,
      { cause },
    );
  }
}

/** A task failed; `cause` is what it threw. */
export class TaskError extends Error {
  /** The class's name. */
  override readonly name: string = "TaskError";

  /** Says which task failed, where, and with what. */
  constructor(
    /** Where. */
    readonly site: TaskSite,
    what: string,
    options?: ErrorOptions,
  ) {
    super(
      `Task "${site.task}" failed in epoch ${site.epoch} on node "${site.node}" ` +
        `(attempt ${site.attempt}, try ${site.try}): ${what}`,
      options,
    );
  }
}

/** A task took longer than its timeout; `cause` is what it failed with when it was told to end, if that is another error. */
export class TaskTimeoutError extends Error {
  /** The class's name. */
  override readonly name: string = "TaskTimeoutError";

  /** Says how long it could have taken, and what it then failed with. */
  constructor(
    /** The timeout, in milliseconds. */
    readonly timeoutMs: number,
    /** What took longer. */
    readonly what: string = "it",
    options?: ErrorOptions,
  ) {
    const then = options === undefined
      ? ""
      : `. Told to end, it failed with ${thrownText(options.cause)}`;
    super(
      `${what} took longer than its timeout of ${timeoutMs} ms: raise it, or do less at a time${then}`,
      options,
    );
  }
}

/** A task went on after it was told to stop, for longer than the grace period. */
export class UnresponsiveTaskError extends Error {
  /** The class's name. */
  override readonly name: string = "UnresponsiveTaskError";

  /** Says how long was waited. */
  constructor(
    /** The task. */
    readonly task: string,
    graceMs: number,
    options?: ErrorOptions,
  ) {
    super(
      `Task "${task}" did not end within ${graceMs} ms of being told to: listen to context.signal, ` +
        `or await context.progress(…) in its loop. It may still be running, so this session runs nothing more`,
      options,
    );
  }
}

/** A task returned something other than what it declares. */
export class TaskOutputError extends Error {
  /** The class's name. */
  override readonly name: string = "TaskOutputError";
}

/** A task changed a blob that is only among its `reads` (found with `check: "reads"`). */
export class UndeclaredWriteError extends Error {
  /** The class's name. */
  override readonly name: string = "UndeclaredWriteError";
}

/**
 * A task is about to change a blob that is the same object as another one (or, with `check: "reads"`,
 * that shares any memory with another one).
 */
export class AliasedUpdateError extends Error {
  /** The class's name. */
  override readonly name: string = "AliasedUpdateError";
}

/** A blob was read that is not set. */
export class BlobNotSetError extends Error {
  /** The class's name. */
  override readonly name: string = "BlobNotSetError";

  /** Names the blob and its node. */
  constructor(
    /** The blob. */
    readonly blob: string,
    /** Its node. */
    readonly node: string,
    isDerived: boolean = false,
    /** The saved epoch that it was read from, in words. */
    readonly savedIn?: string,
  ) {
    const mend = isDerived
      ? "it is derived, and in no checkpoint: load the epoch with the job runner's loadEpoch"
      : savedIn === undefined
      ? "write it first, or read it with optional(…)"
      : "the epoch was saved without it, and no migration of the plan makes it of what that has";
    const where = savedIn === undefined ? "" : ` in ${savedIn}`;
    super(`Blob "${blob}" of node "${node}" is not set${where}: ${mend}`);
  }
}

/** A stop condition could not be judged: what it reads is not set, or its predicate has thrown. */
export class ConditionError extends Error {
  /** The class's name. */
  override readonly name: string = "ConditionError";

  /** Names the condition, and where it was judged. */
  constructor(
    /** The condition, in words. */
    readonly condition: string,
    /** The epoch that had just ended. */
    readonly epoch: number,
    cause: unknown,
  ) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot judge until: ${condition} after epoch ${epoch}: ${message}. Mend the condition, and run the job again`,
      { cause },
    );
  }
}

/** Something was asked of a name that is not there. */
export class UnknownNameError extends Error {
  /** The class's name. */
  override readonly name: string = "UnknownNameError";

  /** Names it, and the nearest that are there. */
  constructor(what: string, found: string, near: readonly string[]) {
    const mend = near.length === 0 ? "there are none" : `the nearest are ${near.join(", ")}`;
    super(`Unknown ${what} "${found}": ${mend}`);
  }
}

/** The run was told to stop; it can be resumed. `cause` is the error it was told with, where there is one. */
export class StoppedError extends Error {
  /** The class's name. */
  override readonly name: string = "StoppedError";

  /** Says who asked. */
  constructor(
    /** Who asked, as in `"SIGTERM"`. */
    readonly reason: string,
    options?: ErrorOptions,
    /** The epoch that was being loaded, where it had run nothing yet. */
    readonly loading?: number,
  ) {
    super(`The run was told to stop (${reason}); it can be resumed`, options);
  }
}

/** A resume was asked for where nothing is saved, or nothing on the current line. */
export class NothingToResumeError extends Error {
  /** The class's name. */
  override readonly name: string = "NothingToResumeError";

  /** Names the place, and the newest of the epochs beside the current line. */
  constructor(
    /** The place. */
    readonly place: string,
    /** The newest epoch that lies beside the current line, as `--from` takes it; none where nothing is saved. */
    readonly beside?: string,
    hasBegun = false,
  ) {
    // A fork that failed, or was killed, has begun to be a job as well.
    const next = hasBegun ? `, or, where it was to be a fork, fork it again` : "";
    super(
      beside === undefined
        ? `Nothing to resume at ${place}: no epoch is saved there. Start the job with "run"${next}`
        : `Nothing to resume at ${place}: nothing is saved on the current line. Go on from what lies beside it, ` +
          `as with --from ${beside} (ls shows all), or start the job with "run"`,
    );
  }
}

/** A save failed; `cause` says why. */
export class SaveError extends Error {
  /** The class's name. */
  override readonly name: string = "SaveError";

  /** Says what was being saved, and what is still there. */
  constructor(
    /** The epoch. */
    readonly epoch: number,
    place: string,
    last: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot save epoch ${epoch} at ${place}: ${why}. ${last}`, { cause });
  }
}
