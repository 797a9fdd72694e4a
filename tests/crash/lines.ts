/** What a child process prints: one JSON line for each thing that happens in it. */

import type { RunEvent, StorePoint } from "tidemark";

/** A step of the store, about to happen. */
export interface StoreLine {
  /** What it is. */
  readonly type: "store";
  /** The step; a torn write has written half of the bytes. */
  readonly point: StorePoint | "torn write";
  /** The folder in the store: `"packs"`, `"epochs"`, `"."` … */
  readonly folder: string;
}

/** The end of a run. */
export interface ResultLine {
  /** What it is. */
  readonly type: "result";
  /** The digest of each blob that is set, by `node/blob`; see `digest.ts`. */
  readonly blobs: Readonly<Record<string, string>>;
  /** The same of derived blobs, which a run does not make that finds its job finished. */
  readonly derived: Readonly<Record<string, string>>;
}

/** The job is loaded, and is about to run. */
export interface ReadyLine {
  /** What it is. */
  readonly type: "ready";
}

/** A line of a child. */
export type Line = RunEvent | StoreLine | ResultLine | ReadyLine;

/** Whether a line is something that happens in a run: before and after each a process can be killed. */
export function isBoundary(line: Line): boolean {
  return line.type !== "ready" && line.type !== "result";
}

/**
 * The name of the point at which a line was printed, or `undefined` where it is none at which a
 * process is killed by name.
 */
export function pointOf(line: Line): string | undefined {
  switch (line.type) {
    case "store":
      return line.point.startsWith("pack") ? line.point : `${line.point}: ${line.folder}`;
    case "task-started":
      return line.phase === "epoch" ? "in a task" : `inside ${line.phase}`;
    case "task-failed":
      return "between two tries of a task";
    case "progress": // the last one always comes; how many do before it depends on the time
      return line.done === line.total ? "at the end of a task's work" : undefined;
    case "loaded":
      return "resume, loaded";
    case "derived":
      return "a blob derived again";
    case "save-started":
      return line.phase === "epoch" ? "snapshot" : `snapshot after ${line.phase}`;
    case "phase-finished":
      return `after ${line.phase}, not recorded`;
    case "save-committed":
      return line.phase === "epoch" ? "epoch acknowledged" : `after ${line.phase}, recorded`;
    default:
      return undefined;
  }
}

/** Says where a process was when it printed a line, for a histogram. */
export function describeLine(line: Line | undefined): string {
  if (line === undefined) return "before the job was loaded";
  if (line.type === "result") return "after its end";
  const point = pointOf(line);
  if (point !== undefined) return point;
  if (line.type === "progress" || line.type === "log") {
    return line.phase === "epoch" ? "in a task" : `inside ${line.phase}`;
  }
  return `after ${line.type}`;
}
