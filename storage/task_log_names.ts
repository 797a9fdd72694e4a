/**
 * The names of task logs: what an attempt has finished since a state was saved.
 *
 * @module
 */
import {
  comparePosition,
  FOLDERS,
  type ManifestRef,
  MAX_NUMBER,
  PHASES,
  type SavedPhase,
} from "./layout.ts";

/** The folder of all task logs. */
export const TASKS: string = FOLDERS.tasks;

/** The state after which a log begins; none for the very start. */
export type LogPosition = { readonly epoch: number; readonly phase: SavedPhase } | undefined;

/** What the name of a log, or of a pack of it, says. */
export interface LogName {
  /** The attempt that wrote it. */
  readonly attempt: number;
  /** The state after which it begins. */
  readonly after: LogPosition;
  /** Which log of its attempt it is, from 1. */
  readonly sequence: number;
}

/** The name of a log. */
export function logName(log: LogName): string {
  return `${stemOf(log)}.log`;
}

/** The name of a part of a log, in stores whose objects cannot grow; the first is 1. */
export function logPartName(log: LogName, part: number): string {
  return `${stemOf(log)}.${padded(part)}.log`;
}

/** The name of a log's pack; the first is 1. */
export function logPackName(log: LogName, pack: number): string {
  return `${stemOf(log)}.${padded(pack)}.pack`;
}

function stemOf({ attempt, after, sequence }: LogName): string {
  const position = after === undefined
    ? "start"
    : `e${padded(after.epoch)}${after.phase === "epoch" ? "" : `.${after.phase}`}`;
  return `${TASKS}a${padded(attempt)}.${position}.${padded(sequence)}`;
}

/** What a name below `tasks/` says; `undefined` where it is none of these. */
export function parseLogName(
  name: string,
): LogName & { readonly part: number | undefined; readonly isPack: boolean } | undefined {
  const match =
    /^tasks\/a(\d{6,9})\.(?:start|e(\d{6,9})(?:\.(upload|download|exit))?)\.(\d{6,9})(?:\.(\d{6,9}))?\.(log|pack)$/
      .exec(name);
  if (match === null) return undefined;
  const [, attempt, epoch, named, sequence, part, kind] = match;
  const phase = PHASES.find((phase) => phase === (named ?? "epoch")) ?? "epoch";
  const log: LogName = {
    attempt: Number(attempt),
    after: epoch === undefined ? undefined : { epoch: Number(epoch), phase },
    sequence: Number(sequence),
  };
  const isPack = kind === "pack";
  const number = part === undefined ? undefined : Number(part);
  const again = number === undefined
    ? logName(log)
    : isPack
    ? logPackName(log, number)
    : logPartName(log, number);
  return again === name ? { ...log, part: number, isPack } : undefined;
}

/** Orders positions; the very start comes first. */
export function compareLogPosition(a: LogPosition, b: LogPosition): number {
  if (a === undefined || b === undefined) {
    return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  }
  return comparePosition(a, b);
}

/** Whether a log, or its pack, tells only what led to a state that its own or a later attempt has saved. */
export function isBehind({ attempt, after }: LogName, saved: ManifestRef): boolean {
  return attempt <= saved.attempt && isPast(after, saved);
}

/** Whether what comes after a position is done with once a state is saved: nothing comes after the exit. */
export function isPast(after: LogPosition, saved: ManifestRef): boolean {
  const order = compareLogPosition(after, saved);
  return order < 0 || order === 0 && saved.phase === "exit";
}

function padded(number: number): string {
  if (number > MAX_NUMBER) throw new RangeError(`No number is above ${MAX_NUMBER}: ${number}`);
  return String(number).padStart(6, "0");
}
