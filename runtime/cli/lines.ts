/**
 * Puts events into lines that a person reads.
 *
 * @module
 */
import { formatDuration } from "../../dsl/mod.ts";
import { whyChanged } from "../derived/errors.ts";
import type { RunEvent } from "../events.ts";
import { formatBytes, oneLine } from "./text.ts";

/** A line, and how much it matters. */
export interface Line {
  /** The text; one line, without control characters. */
  readonly text: string;
  /** `quiet` runs show warnings, and with `always` what a run says of its start and end. */
  readonly level: "info" | "warning" | "always";
}

type Ended = Extract<RunEvent, { type: "phase-finished" }>;
type Saved = Extract<RunEvent, { type: "save-committed" }>;

/**
 * Makes lines of events. What an epoch did comes in one line, when it is saved or the next begins.
 *
 * That a run failed is told by nobody here: the command line does, with what to do next.
 */
export class Lines {
  #epoch: Ended | undefined;
  #saved: number | undefined;
  #after: Line[] = [];

  /** The lines of an event; most have none. */
  of(event: RunEvent): readonly Line[] {
    return this.#of(event).map(({ text, level }) => ({ text: oneLine(text), level }));
  }

  #of(event: RunEvent): readonly Line[] {
    switch (event.type) {
      case "run-started":
        this.#saved = event.from;
        return [always(startText(event))];
      case "notice":
        return [{ text: event.message, level: event.level }];
      case "derived":
        return derivedLines(event);
      case "log":
        return [info(`  ${taskName(event)}  ${event.message}${fieldsText(event.fields)}`)];
      case "phase-finished":
        if (event.phase === "epoch") this.#epoch = event;
        return [];
      case "condition-held":
        // The epoch it held after is told first.
        this.#after.push(info(`${event.condition} holds after epoch ${event.epoch}`));
        return [];
      case "save-committed":
        this.#saved = event.epoch;
        return [info(this.#savedText(event)), ...this.#after.splice(0)];
      case "phase-started":
        return this.#flush();
      case "task-failed":
        return failedLines(event);
      case "task-overran":
        return [warning(
          `task ${taskName(event)} took ${formatDuration(event.durationMs)}, past its timeout of ` +
            `${
              formatDuration(event.timeoutMs)
            }, and did not yield, so that it could not be told to end`,
        )];
      case "save-failed": {
        const what = event.phase === "epoch" ? `epoch ${event.epoch}` : `the end of ${event.phase}`;
        return [warning(`${what} was not saved: ${event.error.message}${nextText(event)}`)];
      }
      case "stop-requested":
        return [always(`${event.reason}: stopping; a second signal ends the process at once`)];
      case "run-finished":
        return [...this.#flush(), ...this.#end(event)];
      default:
        return [];
    }
  }

  #savedText({ epoch, phase, bytes, durationMs }: Saved): string {
    const what = `saved ${formatBytes(bytes)} in ${formatDuration(durationMs)}`;
    const ended = this.#epoch;
    this.#epoch = undefined;
    if (phase !== "epoch") return `${phase}  done, ${what}`;
    if (epoch === 0) return `init  done, ${what}`;
    const ran = ended === undefined ? "" : `${formatDuration(ended.durationMs)}  `;
    return `epoch ${epoch}  ${ran}${what}`;
  }

  #flush(): readonly Line[] {
    const ended = this.#epoch;
    this.#epoch = undefined;
    const after = this.#after.splice(0);
    if (ended === undefined) return after;
    return [info(`epoch ${ended.epoch}  ${formatDuration(ended.durationMs)}  not saved`), ...after];
  }

  #end({ outcome, epoch, because }: Extract<RunEvent, { type: "run-finished" }>): readonly Line[] {
    if (outcome === "finished") return [always(`finished at epoch ${epoch}: ${because}`)];
    if (outcome !== "stopped") return [];
    const kept = this.#saved === undefined
      ? "nothing is saved yet"
      : `epoch ${this.#saved} is saved`;
    return [always(`stopped (${kept}): ${because}`)];
  }
}

/** Errors of what ended because something else did: no news. */
const CONSEQUENCES: readonly string[] = ["StoppedError", "SiblingFailedError"];

/** What comes after a save that failed. */
function nextText(
  { next, bytes, retryInMs = 0 }: Extract<RunEvent, { type: "save-failed" }>,
): string {
  if (next === "fail") return "";
  if (next === "warn") return "; the job goes on";
  const again = `in ${formatDuration(retryInMs)}`;
  if (next === "retry") return `; trying again ${again}`;
  return `; the job is paused until the save works (it writes ${
    formatBytes(bytes)
  }; next try ${again})`;
}

function startText(event: Extract<RunEvent, { type: "run-started" }>): string {
  const { job, mode, from, phase, place, attempt } = event;
  if (mode === "already finished") return `${job}: already finished at epoch ${from} (${place})`;
  if (mode === "started") return `${job}: started (attempt ${attempt}) at ${place}`;
  const at = phase === "epoch" ? "" : `, at its ${phase} group`;
  return `${job}: resumed from epoch ${from}${at} (attempt ${attempt}) at ${place}`;
}

function failedLines(event: Extract<RunEvent, { type: "task-failed" }>): readonly Line[] {
  const { error, retryInMs } = event;
  if (CONSEQUENCES.includes(error.name)) return [];
  const next = retryInMs === undefined ? "" : `; again in ${formatDuration(retryInMs)}`;
  return [warning(`task ${taskName(event)} failed (try ${event.try}): ${error.message}${next}`)];
}

function derivedLines(event: Extract<RunEvent, { type: "derived" }>): readonly Line[] {
  const { blob, outcome, reasons } = event;
  const what = `  ${taskName(event)}  made ${blob} again`;
  if (outcome === "same") return [info(`${what}: it is what it was`)];
  if (outcome === "new") {
    return [info(`  ${taskName(event)}  made ${blob}, which is new to the checkpoint`)];
  }
  return [warning(
    `${
      taskName(event)
    } made derived blob "${blob}" again, and it is not what it was; changes are allowed, so that the job ` +
      `goes on, and later epochs may come out otherwise than they would have. ${
        whyChanged(reasons)
      }`,
  )];
}

function fieldsText(fields: Extract<RunEvent, { type: "log" }>["fields"]): string {
  return Object.entries(fields).map(([key, value]) => `  ${key}=${value}`).join("");
}

/** How lines name a task: with its node and turn, where it has any but the usual. */
export function taskName({ id, task, node }: { id: string; task: string; node: string }): string {
  return oneLine(node === "main" && id === `${task}@main` ? task : id);
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
