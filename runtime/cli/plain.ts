/**
 * Shows a run where there is no terminal: lines without control characters.
 *
 * @module
 */
import { formatDuration } from "../../dsl/mod.ts";
import type { RunEvent } from "../events.ts";
import { Lines, taskName } from "./lines.ts";

/** The most often that the progress of one task is told, in milliseconds. */
const PROGRESS_EVERY_MS = 10_000;

interface Told {
  readonly since: number;
  at: number;
}

/** Turns events into plain lines; it has no clock but the events'. */
export class PlainView {
  readonly #quiet: boolean;
  readonly #lines = new Lines();
  readonly #running = new Map<string, Told>();

  /** A quiet one tells of warnings, and of a run's start and end. */
  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  /** The lines of an event. */
  show(event: RunEvent): readonly string[] {
    const lines = this.#lines.of(event)
      .filter(({ level }) => !this.#quiet || level !== "info")
      .map(({ text }) => text);
    const progress = this.#quiet ? undefined : this.#progress(event);
    return progress === undefined ? lines : [...lines, progress];
  }

  #progress(event: RunEvent): string | undefined {
    if (event.type === "task-started") {
      this.#running.set(event.id, { since: event.time, at: event.time });
    } else if (event.type === "task-finished" || event.type === "task-failed") {
      this.#running.delete(event.id);
    } else if (event.type === "progress") {
      const told = this.#running.get(event.id);
      if (told === undefined || event.time - told.at < PROGRESS_EVERY_MS) return undefined;
      told.at = event.time;
      const total = event.total === undefined ? "" : ` of ${event.total}`;
      const time = formatDuration(event.time - told.since);
      return `  ${taskName(event)}  ${event.done}${total}  ${time}`;
    }
    return undefined;
  }
}
