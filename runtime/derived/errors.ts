/**
 * What can go wrong with derived blobs.
 *
 * @module
 */

/** What a derived blob has become, and was. */
export interface DerivedChange {
  /** The blob. */
  readonly blob: string;
  /** Its node. */
  readonly node: string;
  /** The task that writes it. */
  readonly task: string;
  /** Its digest as it was saved, in hexadecimal digits; `null` where it was not set. */
  readonly saved: string | null;
  /** Its digest now. */
  readonly found: string | null;
}

/** A derived blob was made again, and is not what it was. */
export class DerivedChangedError extends Error implements DerivedChange {
  /** The class's name. */
  override readonly name: string = "DerivedChangedError";
  /** The blob. */
  readonly blob: string;
  /** Its node. */
  readonly node: string;
  /** The task that writes it. */
  readonly task: string;
  /** Its digest as it was saved. */
  readonly saved: string | null;
  /** Its digest now. */
  readonly found: string | null;

  /** Says which, made by what, since when, and what can be done; `reasons` may say why. */
  constructor(change: DerivedChange, since: string, reasons: readonly string[]) {
    const { blob, node, task, saved, found } = change;
    super(
      `Derived blob "${blob}" of node "${node}" is not what it was ${since}: task "${task}" ran again, ` +
        `and it ${became(saved, found)}. ${whyChanged(reasons)}. ` +
        NEXT,
    );
    this.blob = blob;
    this.node = node;
    this.task = task;
    this.saved = saved;
    this.found = found;
  }
}

function became(saved: string | null, found: string | null): string {
  if (found === null) return "was set then, and is not set now";
  if (saved === null) return "was not set then, and is set now";
  return `has another value (its SHA-256 is ${short(found)}, and was ${short(saved)})`;
}

/** Why a derived blob may not be what it was, in a sentence without its point. */
export function whyChanged(reasons: readonly string[]): string {
  return reasons.length === 0 ? OUTSIDE : `What has changed since: ${reasons.join("; ")}`;
}

function short(digest: string): string {
  return `${digest.slice(0, 12)}…`;
}

const OUTSIDE =
  "Neither the seed, a param nor the stamp of a resource that it reads has changed, so that it depends on " +
  "something else, such as Math.random, the time, a file, a server, or code that could not be seen: a drill of the job says " +
  "which of these it calls, but for files";
const NEXT =
  "What is saved stays as it was. Make it again what it was: with the same params and inputs, and a task that comes " +
  "to the same each time; or go on with the new value with --allow-change (allowChange in a script, " +
  "onChange in the plan), after which later epochs may come out otherwise; or start anew with --fresh, " +
  "which deletes nothing. What cannot be the same again should be saved: then do not make it derived";

/** A checkpoint was asked for a derived blob, which is in none. */
export class DerivedNotSavedError extends Error {
  /** The class's name. */
  override readonly name: string = "DerivedNotSavedError";

  /** Names the blob and the epoch. */
  constructor(
    /** The blob. */
    readonly blob: string,
    /** The epoch. */
    readonly epoch: number,
  ) {
    super(
      `Blob "${blob}" of epoch ${epoch} is derived: no checkpoint holds it, only its digest. Load the ` +
        `epoch with the job runner's loadEpoch, which makes it again`,
    );
  }
}
