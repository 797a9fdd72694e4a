/**
 * Shows a run on a terminal: lines that scroll, and under them a bar for each running task.
 *
 * @module
 */
import { formatDuration } from "../../dsl/mod.ts";
import type { RunEvent } from "../events.ts";
import { type Line, Lines, taskName } from "./lines.ts";

const MOST_BARS = 8;
const BAR_WIDTH = 24;

interface Running {
  readonly name: string;
  readonly since: number;
  done: number;
  total: number | undefined;
}

/** How a view looks. */
export interface ViewOptions {
  /** How wide lines may be. */
  readonly columns: number;
  /** Whether lines are coloured. */
  readonly color: boolean;
  /** Whether only warnings, errors, and a run's start and end are shown. */
  readonly quiet: boolean;
}

/** What a view puts on the screen: lines to scroll, and the bars to be drawn under them. */
export interface Frame {
  /** New lines. */
  readonly lines: readonly string[];
  /** The bars as they are now. */
  readonly bars: readonly string[];
}

/** Turns events into frames; it has no clock but the events'. */
export class View {
  readonly #options: ViewOptions;
  readonly #lines = new Lines();
  readonly #running = new Map<string, Running>();
  #now = 0;

  /** Starts with nothing running. */
  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /** The frame after an event. */
  show(event: RunEvent): Frame {
    this.#now = event.time;
    this.#follow(event);
    const { quiet, columns } = this.#options;
    const lines = this.#lines.of(event)
      .filter(({ level }) => !quiet || level !== "info")
      .map((line) => this.#paint(line));
    const bars = quiet
      ? []
      : [...this.#running.values()].slice(0, MOST_BARS).map((task) => this.#bar(task));
    const more = this.#running.size - MOST_BARS;
    if (!quiet && more > 0) bars.push(`  … and ${more} more`.slice(0, columns));
    return { lines, bars };
  }

  #follow(event: RunEvent): void {
    switch (event.type) {
      case "task-started":
        this.#running.set(event.id, {
          name: taskName(event),
          since: event.time,
          done: 0,
          total: undefined,
        });
        return;
      case "task-finished":
      case "task-failed":
        this.#running.delete(event.id);
        return;
      case "progress": {
        const task = this.#running.get(event.id);
        if (task === undefined) return;
        task.done = event.done;
        task.total = event.total;
        return;
      }
      case "run-finished":
        this.#running.clear();
    }
  }

  #bar({ name, since, done, total }: Running): string {
    const time = formatDuration(Math.max(0, this.#now - since));
    const share = total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
    const filled = Math.round(BAR_WIDTH * (share ?? 0));
    const bar = share === undefined
      ? done > 0 ? `${done}` : ""
      : `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${
        Math.floor(100 * share)
      } %  ${done}/${total}`;
    return `  ${name}  ${bar}${bar === "" ? "" : "  "}${time}`.slice(0, this.#options.columns);
  }

  #paint({ text, level }: Line): string {
    if (!this.#options.color || level === "info") return text;
    const code = level === "error" ? 31 : level === "warning" ? 33 : 1;
    return `\x1b[${code}m${text}\x1b[0m`;
  }
}

/** Draws frames: wipes the bars drawn last, writes the lines, draws the bars again. */
export class Screen {
  readonly #write: (text: string) => void;
  #drawn = 0;
  #drawnAt = -Infinity;

  /** Takes where to write. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Draws a frame; one with no new lines at most ten times a second. */
  draw({ lines, bars }: Frame, now: number): void {
    if (lines.length === 0 && now - this.#drawnAt < 100 && bars.length > 0) return;
    if (lines.length === 0 && bars.length === 0 && this.#drawn === 0) return;
    const wipe = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A\x1b[0J`;
    this.#write(wipe + [...lines, ...bars].map((line) => `${line}\n`).join(""));
    this.#drawn = bars.length;
    this.#drawnAt = now;
  }
}
