/**
 * Entries on their way to a log.
 *
 * @module
 */
import {
  compareLogPosition,
  type EntryToLog,
  type LogEntry,
  type ManifestRef,
} from "../../storage/mod.ts";

/** An entry that says nothing, for a log that says only what it goes on from. */
export const NOTHING_DONE: EntryToLog = Object.freeze({
  ...{ kind: "time", phase: "init", epoch: 0, id: "", key: "", ms: 0 } as const,
});

/** The key under which what a task has derived is recorded. */
export const DERIVED_KEY = '["derived"]';

/**
 * Whether an entry is of work that the next start need not do again: not of times, of stamps, which each
 * start records again, or of what is derived, which each makes again.
 */
export function isWork(entry: LogEntry): boolean {
  if (entry.kind === "task") return entry.outputs !== undefined;
  return entry.kind === "piece" && entry.id !== "" && entry.key !== DERIVED_KEY;
}

/** Whether an entry is of what led to a state. */
export function isBefore({ phase, epoch }: EntryToLog, saved: ManifestRef): boolean {
  const position = { epoch, phase: phase === "init" ? "epoch" : phase } as const;
  return compareLogPosition(position, saved) <= 0;
}

/** About how many bytes an entry takes. */
export function sizeOf(entry: EntryToLog): number {
  if (entry.kind === "piece") return entry.value.bytes.byteLength + 100;
  if (entry.kind !== "task") return 100;
  return Object.values(entry.outputs ?? {})
    .reduce((sum, { encoded }) => sum + encoded.byteLength, 100);
}
