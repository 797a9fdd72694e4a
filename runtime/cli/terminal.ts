/**
 * Shows a run on a terminal: lines that scroll, and under them a bar for each running task.
 *
 * @module
 */
import { formatDuration } from "../../dsl/mod.ts";
import type { RunEvent } from "../events.ts";
import { type Line, Lines, taskName } from "./lines.ts";
import { fit } from "./text.ts";

const MOST_BARS = 20;
const BAR_WIDTH = 24;

/** The most often that bars are drawn again where nothing scrolls, in milliseconds. */
const REDRAW_EVERY_MS = 100;

interface Running {
  readonly name: string;
  readonly since: number;
  done: number;
  total: number | undefined;
}

/** How large a terminal is. */
export interface Size {
  /** How many characters fit beside each other. */
  readonly columns: number;
  /** How many lines fit under each other. */
  readonly rows: number;
}

/** How a view looks. */
export interface ViewOptions {
  /** How large the terminal is now. */
  readonly size: () => Size;
  /** Whether lines are coloured. */
  readonly color: boolean;
  /** Whether only warnings, and a run's start and end, are shown. */
  readonly quiet: boolean;
}

/** What a view puts on the screen: lines to scroll, and the bars to be drawn under them. */
export interface Frame {
  /** New lines. */
  readonly lines: readonly string[];
  /** The bars as they are now; none is wider than the terminal. */
  readonly bars: readonly string[];
}

/** Turns events into frames; it has no clock but theirs, and the one it is told. */
export class View {
  readonly #options: ViewOptions;
  readonly #lines = new Lines();
  readonly #running = new Map<string, Running>();

  /** Starts with nothing running. */
  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /** Takes an event; gives the lines to scroll. */
  take(event: RunEvent): readonly string[] {
    this.#follow(event);
    return this.#lines.of(event)
      .filter(({ level }) => !this.#options.quiet || level !== "info")
      .map((line) => this.#paint(line));
  }

  /** The bars at a time, in milliseconds since 1970. */
  bars(now: number): readonly string[] {
    if (this.#options.quiet || this.#running.size === 0) return [];
    const { columns, rows } = this.#options.size();
    const fitting = Math.max(1, Math.min(MOST_BARS, rows - 2));
    const count = this.#running.size;
    // The line that counts the others takes the place of a bar.
    const shown = count > fitting ? fitting - 1 : count;
    const bars = [...this.#running.values()].slice(0, shown).map((task) => barOf(task, now));
    if (count > shown) bars.push(`  … and ${count - shown} more`);
    return bars.map((bar) => fit(bar, columns - 1));
  }

  #follow(event: RunEvent): void {
    switch (event.type) {
      case "task-started": {
        const name = taskName(event);
        this.#running.set(event.id, { name, since: event.time, done: 0, total: undefined });
        return;
      }
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

  #paint({ text, level }: Line): string {
    if (!this.#options.color || level === "info") return text;
    return `\x1b[${level === "warning" ? 33 : 1}m${text}\x1b[0m`;
  }
}

function barOf({ name, since, done, total }: Running, now: number): string {
  const time = formatDuration(Math.max(0, now - since));
  if (total === undefined || !(total > 0)) {
    return done > 0 ? `  ${name}  ${done}  ${time}` : `  ${name}  ${time}`;
  }
  const share = Math.min(1, Math.max(0, done / total)) || 0;
  const filled = Math.floor(BAR_WIDTH * share);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  return `  ${name}  ${bar} ${Math.floor(100 * share)} %  ${done}/${total}  ${time}`;
}

/** Draws frames: wipes the bars drawn last, writes the lines, draws the bars again. */
export class Screen {
  readonly #write: (text: string) => void;
  #drawn = 0;
  #isMidLine = false;
  #redrawnAt = -Infinity;

  /** Takes where to write. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Whether a frame without lines would be drawn now, or left for later. */
  isDue(now: number): boolean {
    return now - this.#redrawnAt >= REDRAW_EVERY_MS;
  }

  /** Draws a frame. */
  draw({ lines, bars }: Frame, now: number): void {
    if (lines.length === 0) {
      if (this.#isMidLine || bars.length === 0 && this.#drawn === 0) return;
      this.#redrawnAt = now;
    }
    const start = this.#isMidLine ? "\n" : this.#wipe();
    this.#write(start + [...lines, ...bars].map((line) => `${line}\n`).join(""));
    this.#drawn = bars.length;
    this.#isMidLine = false;
  }

  /** Makes room for what somebody else writes now, through the same process. */
  giveWay(endsLine: boolean): void {
    if (this.#drawn > 0) this.#write(this.#wipe());
    this.#drawn = 0;
    this.#isMidLine = !endsLine;
  }

  /** Leaves what is drawn: somebody else wrote under it. */
  leave(): void {
    this.#drawn = 0;
  }

  #wipe(): string {
    // The terminal itself may have written behind them, as ^C.
    return this.#drawn === 0 ? "" : `\r\x1b[${this.#drawn}A\x1b[0J`;
  }
}
