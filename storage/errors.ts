/**
 * What can go wrong with a store, and with the checkpoints in it.
 *
 * @module
 */
import { damageAdvice } from "./damage_advice.ts";

/** An operation of a store failed; `cause` is what the system said. A failed read is no damage. */
export class StoreError extends Error {
  /** The class's name. */
  override readonly name: string = "StoreError";

  /** Says what failed, where and why. */
  constructor(
    /** The operation, as in `"read"`. */
    readonly op: string,
    /** What it was done to: a path, or a name in a store. */
    readonly path: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot ${op} "${path}": ${why}`, options);
  }
}

/** A record, or a log, would have more than a reader takes; nothing is written. */
export class RecordBoundError extends RangeError {
  /** The class's name. */
  override readonly name: string = "RecordBoundError";

  /** Says of what there is too much. */
  constructor(what: string, found: number, most: number, unit = "bytes", mend = "") {
    super(`Cannot write ${what}: it has ${found} ${unit}, and may have ${most}${mend}`);
  }
}

/** There is no object of this name. */
export class ObjectNotFoundError extends StoreError {
  /** The class's name. */
  override readonly name: string = "ObjectNotFoundError";
}

/** An object of this name exists; objects are never overwritten. */
export class ObjectExistsError extends StoreError {
  /** The class's name. */
  override readonly name: string = "ObjectExistsError";
}

/** Deno, or the system, does not permit it. */
export class StorePermissionError extends StoreError {
  /** The class's name. */
  override readonly name: string = "StorePermissionError";

  /** Says what is not permitted, and what to do. */
  constructor(
    op: string,
    path: string,
    why: string,
    /** The flag of `deno run` that permits it, as in `--allow-read=checkpoints`; none where Deno did permit it. */
    readonly flag: string | undefined,
    options?: ErrorOptions,
  ) {
    super(op, path, why, options);
  }
}

/** The disk, or the quota, is full. */
export class StoreFullError extends StoreError {
  /** The class's name. */
  override readonly name: string = "StoreFullError";
}

/**
 * A commit failed where nobody can tell whether it happened.
 *
 * Whoever gets it must not commit that name again, whichever way it looks afterwards: an attempt
 * that gets it saves no more.
 */
export class UnknownOutcomeError extends StoreError {
  /** The class's name. */
  override readonly name: string = "UnknownOutcomeError";
}

/** A store cannot promise what is asked of it. */
export class PromiseError extends Error {
  /** The class's name. */
  override readonly name: string = "PromiseError";

  /** Says what was asked for, and why it cannot be had. */
  constructor(
    /** The store's place. */
    readonly place: string,
    asked: string,
    reasons: readonly string[],
    mend: string,
  ) {
    const why = reasons.length === 0 ? "" : ` (${reasons.join("; ")})`;
    super(`Store "${place}" cannot promise ${asked}${why}: ${mend}`);
  }
}

/** A name that is not safe as a file name on every system, or that leads out of the store. */
export class InvalidNameError extends Error {
  /** The class's name. */
  override readonly name: string = "InvalidNameError";

  /** Quotes the name. */
  constructor(
    /** The name. */
    readonly object: string,
    why: string,
  ) {
    super(`Cannot use "${object.slice(0, 300)}" as an object's name: ${why}`);
  }
}

/** A place that names no kind of store, or one that is not known. */
export class PlaceError extends Error {
  /** The class's name. */
  override readonly name: string = "PlaceError";
}

/** An object is not what was once written. */
export class DamagedError extends Error {
  /** The class's name. */
  override readonly name: string = "DamagedError";

  /** Says which object, and what is wrong with it. */
  constructor(
    /** The object's name in its store. */
    readonly object: string,
    /** What should be there. */
    readonly expected: string,
    /** What is there. */
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(
      `Damaged: "${object}" should have ${expected}, but has ${found}. ${damageAdvice(object)}`,
      options,
    );
  }
}

/** An object is of a version of the format that this version of Tidemark does not know. */
export class UnsupportedVersionError extends Error {
  /** The class's name. */
  override readonly name: string = "UnsupportedVersionError";

  /** Names the version, and the one that is known. */
  constructor(
    /** The object's name in its store. */
    readonly object: string,
    /** Its version. */
    readonly version: number,
    /** The version that is known. */
    readonly supported: number,
  ) {
    super(
      `Cannot read "${object}": it has format version ${version}, and this Tidemark knows version ${supported}. ` +
        `Use the Tidemark that wrote it, or a newer one`,
    );
  }
}

/** The folder holds the checkpoints of another job. */
export class WrongJobError extends Error {
  /** The class's name. */
  override readonly name: string = "WrongJobError";

  /** Names both jobs. */
  constructor(
    /** The store's place. */
    readonly place: string,
    /** The job that was to be opened. */
    readonly expected: string,
    /** The job whose checkpoints are there. */
    readonly found: string,
  ) {
    super(
      `"${place}" holds the checkpoints of job "${found}", not of "${expected}": ` +
        `give each job a folder of its own (--to, or to in the plan)`,
    );
  }
}

/** A checkpoint was asked for that is not there. */
export class CheckpointNotFoundError extends Error {
  /** The class's name. */
  override readonly name: string = "CheckpointNotFoundError";

  /** Names it, and those that are there. */
  constructor(
    /** What was asked for, as in `"4@a3"`. */
    readonly ref: string,
    place: string,
    /** The checkpoints that are there, as they can be asked for: where no attempt is named, of those beside the line only those of that number. */
    readonly available: readonly string[],
    /** Whether it was there, and others were not looked for. */
    isGone = false,
  ) {
    const shown = available.length > 20
      ? [...available.slice(0, 5), "…", ...available.slice(-10)]
      : available;
    super(
      `Checkpoint ${ref} is not in "${place}": ` +
        (isGone
          ? "it was removed meanwhile; take one that ls lists"
          : available.length === 0
          ? "it holds none; start the job, which saves some"
          : `there are ${shown.join(", ")}: take one of them`),
    );
  }
}

/** An epoch is being removed, so that nothing can be made of it any more. */
export class RemovedError extends Error {
  /** The class's name. */
  override readonly name: string = "RemovedError";

  /** Says which. */
  constructor(
    /** The epoch, as in `"4@a3"`. */
    readonly epoch: string,
    /** Where. */
    readonly place: string,
    what: "pin" | "fork",
    options?: ErrorOptions,
  ) {
    super(
      `Cannot ${what} ${epoch} at ${place}: it is being removed, as the plan does not keep it. ` +
        `Take a newer one, or try again where ls lists it still`,
      options,
    );
  }
}

/** A place that should be empty holds checkpoints. */
export class PlaceTakenError extends Error {
  /** The class's name. */
  override readonly name: string = "PlaceTakenError";

  /** Names the place, and whose it is. */
  constructor(
    /** The place. */
    readonly place: string,
    job: string | undefined,
  ) {
    super(
      `Cannot fork to ${place}: epochs of ${
        job === undefined ? "a job" : `job "${job}"`
      } are saved there already. ` +
        `Give the fork another name, or go on with what is there (resume --as)`,
    );
  }
}

/**
 * A newer attempt has taken the job over; what this one wrote last does not count. `cause` is how its
 * write failed, where it did.
 */
export class FencedError extends Error {
  /** The class's name. */
  override readonly name: string = "FencedError";

  /** Names both attempts. */
  constructor(
    /** The attempt that is fenced. */
    readonly attempt: number,
    /** The newer one. */
    readonly by: number,
    what: string,
    options?: ErrorOptions,
  ) {
    super(
      `Attempt ${attempt} was fenced by attempt ${by}, so ${what}: ` +
        `another runner has taken this job over, so that this one ends (ls shows what lies where)`,
      options,
    );
  }
}

/** This attempt can save no more; `cause` is what ended it. */
export class AttemptOverError extends Error {
  /** The class's name. */
  override readonly name: string = "AttemptOverError";

  /** Names the attempt, and what ended it. */
  constructor(
    /** The attempt. */
    readonly attempt: number,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `Attempt ${attempt} is over (${why}): begin another from the last acknowledged checkpoint`,
      { cause },
    );
  }
}
