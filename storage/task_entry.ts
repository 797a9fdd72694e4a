/**
 * What a task log says: which tasks have ended, with what, and what they had done before that.
 *
 * @module
 */
import type { ManifestRef, SavedPhase } from "./layout.ts";
import type { BlobEntry, SavedDigests } from "./manifest.ts";
import type { ValueType } from "./value/mod.ts";

/** The groups of a job whose tasks are recorded. */
export type LoggedPhase = "init" | SavedPhase;

/** Where in a run something was done. */
export interface EntrySite {
  /** The group. */
  readonly phase: LoggedPhase;
  /** The epoch. */
  readonly epoch: number;
  /** The step's name in its group, as in `"train@main#2"`. */
  readonly id: string;
}

/** How much a cursor gave a task. */
export interface CursorTaken {
  /** The cursor's name. */
  readonly cursor: string;
  /** How many items it was asked for. */
  readonly take: number;
  /** How long its list was. */
  readonly length: number;
}

/** A task that has ended. */
export interface TaskEntry extends EntrySite {
  /** What it is. */
  readonly kind: "task";
  /** A digest of its function and of what it declares. */
  readonly code: string;
  /** What it wrote, by blob; none of a task that was skipped. */
  readonly outputs: Readonly<Record<string, BlobEntry>> | undefined;
  /** What it took from cursors. */
  readonly cursors: readonly CursorTaken[];
}

/** A group's condition that was judged. */
export interface GateEntry extends EntrySite {
  /** What it is. */
  readonly kind: "gate";
  /** A digest of the condition and of what it reads. */
  readonly code: string;
  /** Whether it held. */
  readonly isOpen: boolean;
  /** What it took from cursors. */
  readonly cursors: readonly CursorTaken[];
}

/** A value, encoded. */
export interface LoggedValue {
  /** What its bytes stand for. */
  readonly type: ValueType;
  /** They. */
  readonly bytes: Uint8Array;
}

/** A piece of a task that has ended: a key of a `map`, or a `step`. */
export interface PieceEntry extends EntrySite {
  /** What it is. */
  readonly kind: "piece";
  /** Which piece of the task. */
  readonly key: string;
  /** A digest of its function. */
  readonly code: string;
  /** What it gave. */
  readonly value: LoggedValue;
}

/** A time that a task asked for, or waits for. */
export interface TimeEntry extends EntrySite {
  /** What it is. */
  readonly kind: "time";
  /** Which one of the task's. */
  readonly key: string;
  /** The time, in milliseconds since 1970. */
  readonly ms: number;
}

/** That what was recorded before does not count any more, as something before it is done again. */
export interface VoidEntry extends EntrySite {
  /** What it is. The step of that name is void; where it is empty, all but times of later groups. */
  readonly kind: "void";
}

/** One thing that a log says. */
export type LogEntry = TaskEntry | GateEntry | PieceEntry | TimeEntry | VoidEntry;

/** A part of another log that a log goes on from. */
export interface LogSource {
  /** The log's name. */
  readonly name: string;
  /** How many bytes of it count. */
  readonly bytes: number;
}

/** A migration that was applied to what an attempt began with. */
export interface AppliedMigration {
  /** Its name. */
  readonly name: string;
  /** A digest of what it does, for comparing. */
  readonly code: string;
}

/** What a log begins with. */
export interface LogHead {
  /** The attempt that writes it. */
  readonly attempt: number;
  /** The state after which it begins; none for the very start. */
  readonly after: ManifestRef | undefined;
  /** The branch. */
  readonly branch: number;
  /** The seed. */
  readonly seed: number;
  /** The values of params. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
  /** The digests of derived blobs, as far as they were known. */
  readonly derived?: SavedDigests | undefined;
  /** The migrations that were applied, in turn, where its attempt began; missing where none was. */
  readonly migrated?: readonly AppliedMigration[] | undefined;
  /** The logs of earlier attempts that it goes on from, oldest first. */
  readonly sources: readonly LogSource[];
}
