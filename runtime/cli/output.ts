/**
 * Where a command line's words go.
 *
 * @module
 */
import type { Observer } from "../events.ts";
import { eventLine } from "./json.ts";
import { PlainView } from "./plain.ts";
import { Screen, type Size, View } from "./terminal.ts";

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
  /** How large the terminal is now. */
  readonly size: () => Size;
  /** Tells before others write to the same terminal, and whether that ends its line; see `hearOthers`. */
  readonly hearOthers?: (before: (endsLine: boolean) => void) => Disposable;
}

/** How events are shown. */
export interface ShowOptions {
  /** As lines of JSON. */
  readonly json: boolean;
  /** Only what matters. */
  readonly quiet: boolean;
  /** How many lines others have written to the same terminal. */
  readonly foreignLines?: () => number;
}

/** Shows events, until it is disposed of. */
export interface Show extends Disposable {
  /** Is told of each event. */
  readonly observe: Observer;
}

/** How often the time that tasks have taken moves on, in milliseconds. */
const TICK_EVERY_MS = 100;

/** The consumer of events that fits an output. */
export function showOn(output: Output, options: ShowOptions): Show {
  const { json, quiet } = options;
  const { out } = output;
  if (json) return still((event) => out(`${eventLine(event)}\n`));
  if (output.isTerminal) return live(output, options);
  const view = new PlainView(quiet);
  return still((event) => {
    for (const line of view.show(event)) out(`${line}\n`);
  });
}

function still(observe: Observer): Show {
  return { observe, [Symbol.dispose]() {} };
}

function live(output: Output, { quiet, foreignLines }: ShowOptions): Show {
  const view = new View({ size: output.size, color: !output.noColor, quiet });
  const screen = new Screen(output.out);
  const others = output.hearOthers?.((endsLine) => screen.giveWay(endsLine));
  let foreign = 0;
  const draw = (lines: readonly string[], now: number): void => {
    const told = foreignLines?.() ?? 0;
    if (told !== foreign) screen.leave();
    foreign = told;
    screen.draw({ lines, bars: view.bars(now) }, now);
  };
  const timer = setInterval(() => {
    const now = Date.now();
    if (screen.isDue(now)) draw([], now);
  }, TICK_EVERY_MS);
  Deno.unrefTimer(timer);
  return {
    observe: (event) => {
      const lines = view.take(event);
      const isLast = event.type === "run-finished";
      if (lines.length > 0 || isLast || screen.isDue(event.time)) draw(lines, event.time);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      others?.[Symbol.dispose]();
    },
  };
}
