/**
 * Where a command line's words go.
 *
 * @module
 */
import type { Observer, RunEvent } from "../events.ts";
import { Lines, taskName } from "./lines.ts";
import { Screen, View } from "./terminal.ts";

/** Where a command line writes, and what is there. */
export interface Output {
  /** Writes to standard output. */
  readonly out: (text: string) => void;
  /** Writes to standard error. */
  readonly err: (text: string) => void;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Whether colours are unwanted. */
  readonly noColor: boolean;
  /** How wide the terminal is. */
  readonly columns: number;
}

/** How events are shown. */
export interface ShowOptions {
  /** As lines of JSON. */
  readonly json: boolean;
  /** Only what matters. */
  readonly quiet: boolean;
}

/** The most often that progress is said where there is no terminal, in milliseconds. */
const PROGRESS_EVERY_MS = 10_000;

/** The consumer of events that fits an output. */
export function showOn(output: Output, { json, quiet }: ShowOptions): Observer {
  if (json) return (event) => output.out(`${toJson(event)}\n`);
  if (!output.isTerminal) return plainLines(output, quiet);
  const view = new View({ columns: output.columns, color: !output.noColor, quiet });
  const screen = new Screen(output.out);
  return (event) => screen.draw(view.show(event), event.time);
}

/** An event as JSON; what JSON has no number for is a string. */
export function toJson(event: RunEvent): string {
  return JSON.stringify(
    event,
    (_, value) => typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}

function plainLines({ out }: Output, quiet: boolean): Observer {
  const lines = new Lines();
  const toldAt = new Map<string, number>();
  return (event) => {
    if (event.type === "task-started") toldAt.set(event.id, event.time);
    if (event.type === "task-finished" || event.type === "task-failed") toldAt.delete(event.id);
    if (event.type === "progress" && !quiet) {
      if (event.time - (toldAt.get(event.id) ?? 0) < PROGRESS_EVERY_MS) return;
      toldAt.set(event.id, event.time);
      const total = event.total === undefined ? "" : ` of ${event.total}`;
      out(`  ${taskName(event)}  ${event.done}${total}\n`);
    }
    for (const { text, level } of lines.of(event)) {
      if (!quiet || level !== "info") out(`${text}\n`);
    }
  };
}
