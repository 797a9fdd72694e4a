/**
 * Which logs whoever resumes from a state reads.
 *
 * @module
 */
import {
  compareLogPosition,
  type LogPosition,
  type ManifestRef,
  type TaskLogWriter,
} from "../../storage/mod.ts";

/** Whether a log is not found from a state on: one of another attempt, or after another state of its place. */
export function isOther(
  { head: { attempt, after } }: TaskLogWriter,
  state: ManifestRef | undefined,
  current: number = state?.attempt ?? 0,
): boolean {
  if (attempt !== current) return true;
  const isSamePlace = compareLogPosition(after as LogPosition, state as LogPosition) === 0;
  return isSamePlace && after?.attempt !== state?.attempt;
}

/** How many bytes of other logs are read beside a log and its sources; each counts once. */
export function bytesBesides({ head }: TaskLogWriter, others: readonly TaskLogWriter[]): number {
  const read = new Map(
    others.filter((log) => !log.isEmpty)
      .flatMap(({ head, source }) => [...head.sources, source])
      .map(({ name, bytes }) => [name, bytes]),
  );
  for (const { name } of head.sources) read.delete(name);
  return [...read.values()].reduce((sum, bytes) => sum + bytes, 0);
}
