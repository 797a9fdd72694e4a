/**
 * Puts events into lines that a person reads.
 *
 * @module
 */
import { formatDuration } from "../../dsl/mod.ts";
import type { ErrorRecord, RunEvent } from "../events.ts";

/** A size as a person reads it, from bytes. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A line, and how much it matters. */
export interface Line {
  /** The text; one line. */
  readonly text: string;
  /** `quiet` runs show warnings and errors, and what a run says of its start and end. */
  readonly level: "info" | "warning" | "error" | "always";
}

/** Makes lines of events. What an epoch did comes in one line, when it is saved or the next begins. */
export class Lines {
  #epoch: { readonly epoch: number; readonly durationMs: number } | undefined;

  /** The lines of an event; most have none. */
  of(event: RunEvent): readonly Line[] {
    switch (event.type) {
      case "run-started":
        return [always(startLine(event))];
      case "notice":
        return [{ text: event.message, level: event.level }];
      case "log":
        return [info(`  ${taskName(event)}  ${event.message}`)];
      case "phase-finished":
        if (event.phase !== "epoch") return [];
        this.#epoch = event;
        return [];
      case "save-committed":
        return [info(this.#saved(event))];
      case "phase-started":
        return this.#flush();
      case "task-failed":
        // What ended because something else did is no news.
        if (CONSEQUENCES.includes(event.error.name)) return [];
        return [warning(
          `task ${taskName(event)} failed (try ${event.try}): ${event.error.message}` +
            (event.retryInMs === undefined ? "" : `; again in ${formatDuration(event.retryInMs)}`),
        )];
      case "task-overran":
        return [warning(
          `task ${taskName(event)} took ${formatDuration(event.durationMs)}, past its timeout of ` +
            `${
              formatDuration(event.timeoutMs)
            }, and did not yield, so that it could not be told to end`,
        )];
      case "save-failed":
        return [
          warning(`epoch ${event.epoch} was not saved: ${event.error.message}${NEXT[event.next]}`),
        ];
      case "condition-held":
        return [info(`${event.condition} holds after epoch ${event.epoch}`)];
      case "run-finished":
        return [...this.#flush(), ...endLines(event)];
      default:
        return [];
    }
  }

  #saved(event: RunEvent & { type: "save-committed" }): string {
    const { epoch, phase, bytes, durationMs } = event;
    const what = `saved ${formatBytes(bytes)} in ${formatDuration(durationMs)}`;
    const ended = this.#epoch;
    this.#epoch = undefined;
    if (phase !== "epoch") return `${phase}  done, ${what}`;
    if (epoch === 0) return `init  done, ${what}`;
    return ended === undefined
      ? `epoch ${epoch}  ${what}`
      : `epoch ${epoch}  ${formatDuration(ended.durationMs)}  ${what}`;
  }

  #flush(): readonly Line[] {
    const ended = this.#epoch;
    this.#epoch = undefined;
    if (ended === undefined) return [];
    return [info(`epoch ${ended.epoch}  ${formatDuration(ended.durationMs)}  not saved`)];
  }
}

const CONSEQUENCES: readonly string[] = ["StoppedError", "SiblingFailedError"];

const NEXT = { fail: "", warn: "; the job goes on", retry: "; trying again" } as const;

function startLine(event: RunEvent & { type: "run-started" }): string {
  const { job, mode, from, phase, place, attempt } = event;
  if (mode === "already finished") return `${job}: already finished at epoch ${from} (${place})`;
  if (mode === "started") return `${job}: started (attempt ${attempt}) at ${place}`;
  const at = phase === "epoch" ? "" : `, at its ${phase} group`;
  return `${job}: resumed from epoch ${from}${at} (attempt ${attempt}) at ${place}`;
}

function endLines(event: RunEvent & { type: "run-finished" }): readonly Line[] {
  const { outcome, epoch, because, error } = event;
  if (outcome === "already finished") return [];
  if (outcome !== "failed") return [always(`${outcome} at epoch ${epoch}: ${because}`)];
  const lines = error === undefined ? [because] : errorLines(error);
  return lines.map((text) => ({ text, level: "error" }));
}

function errorLines(error: ErrorRecord, indent = ""): string[] {
  const lines = error.message.split("\n").map((line) => indent + line);
  const { cause } = error;
  // A cause whose words are in the message already has been told.
  if (cause === undefined || error.message.includes(cause.message)) return lines;
  return [...lines, ...errorLines(cause, `${indent}  because: `)];
}

/** How lines name a task. */
export function taskName({ id, task, node }: { id: string; task: string; node: string }): string {
  return node === "main" && id === `${task}@main` ? task : id;
}

function info(text: string): Line {
  return { text, level: "info" };
}

function warning(text: string): Line {
  return { text, level: "warning" };
}

function always(text: string): Line {
  return { text, level: "always" };
}
