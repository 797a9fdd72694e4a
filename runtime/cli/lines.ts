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
 * Makes lines of events. What an epoch did comes in one line, when it is saved, or, where it is not being
 * saved, when the next begins.
 *
 * That a run failed is told by nobody here: the command line does, with what to do next.
 */
export class Lines {
  /** Epochs that have ended and have no line yet: the last one, and that which is being saved. */
  readonly #ended = new Map<number, Ended>();
  #saving: number | undefined;
  #saved: number | undefined;
  #isStarted = false;
  /** A stop that no signal has asked for, until it is known that there is something to stop. */
  #stop: readonly Line[] = [];
  /** What is to be told after an epoch. */
  #after: { readonly epoch: number; readonly line: Line }[] = [];

  /** The lines of an event; most have none. */
  of(event: RunEvent): readonly Line[] {
    return this.#of(event).map(({ text, level }) => ({ text: oneLine(text), level }));
  }

  #of(event: RunEvent): readonly Line[] {
    switch (event.type) {
      case "run-started":
        this.#saved = event.from;
        this.#isStarted = true;
        return [
          always(startText(event)),
          ...event.mode === "already finished" ? [] : this.#stop,
        ];
      case "notice":
        return [{ text: event.message, level: event.level }];
      case "derived":
        return derivedLines(event);
      case "log":
        return [info(`  ${taskName(event)}  ${event.message}${fieldsText(event.fields)}`)];
      case "phase-finished":
        if (event.phase === "epoch") this.#ended.set(event.epoch, event);
        return [];
      case "condition-held": {
        const line = info(`${event.condition} holds after epoch ${event.epoch}`);
        this.#after.push({ epoch: event.epoch, line });
        return [];
      }
      case "save-started":
        if (event.phase === "epoch") this.#saving = event.epoch;
        return [];
      case "save-committed":
        this.#saved = event.epoch;
        return [info(this.#savedText(event)), ...this.#toldAfter(event.epoch)];
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
        if (event.next === "warn" || event.next === "fail") this.#saving = undefined;
        const what = event.phase === "epoch" ? `epoch ${event.epoch}` : `the end of ${event.phase}`;
        return [warning(`${what} was not saved: ${event.error.message}${nextText(event)}`)];
      }
      case "stop-requested":
        return this.#stopLines(event.reason);
      case "run-finished":
        this.#saving = undefined;
        return [...this.#flush(), ...this.#toldAfter(Infinity), ...this.#end(event)];
      default:
        return [];
    }
  }

  #stopLines(reason: string): readonly Line[] {
    if (SIGNAL.test(reason)) {
      return [always(`${reason}: stopping; a second signal ends the process at once`)];
    }
    const lines = [always(`${reason}: stopping; two signals would end the process at once`)];
    if (this.#isStarted) return lines;
    this.#stop = lines;
    return [];
  }

  #savedText({ epoch, phase, bytes, durationMs }: Saved): string {
    const what = `saved ${formatBytes(bytes)} in ${formatDuration(durationMs)}`;
    if (phase === "epoch") this.#saving = undefined;
    const ended = this.#ended.get(epoch);
    this.#ended.delete(epoch);
    if (phase !== "epoch") return `${phase}  done, ${what}`;
    if (epoch === 0) return `init  done, ${what}`;
    const ran = ended === undefined ? "" : `${formatDuration(ended.durationMs)}  `;
    return `epoch ${epoch}  ${ran}${what}`;
  }

  /** The lines of the epochs that have ended and are not being saved. */
  #flush(): readonly Line[] {
    const told = [...this.#ended.values()].filter(({ epoch }) => epoch !== this.#saving);
    return told.flatMap(({ epoch, durationMs }) => {
      this.#ended.delete(epoch);
      const line = info(`epoch ${epoch}  ${formatDuration(durationMs)}  not saved`);
      return [line, ...this.#toldAfter(epoch)];
    });
  }

  #toldAfter(last: number): readonly Line[] {
    const lines = this.#after.filter(({ epoch }) => epoch <= last).map(({ line }) => line);
    this.#after = this.#after.filter(({ epoch }) => epoch > last);
    return lines;
  }

  #end({ outcome, epoch, because }: Extract<RunEvent, { type: "run-finished" }>): readonly Line[] {
    if (outcome === "finished") return [always(`finished at epoch ${epoch}: ${because}`)];
    if (outcome !== "stopped") return [];
    const kept = this.#saved !== undefined
      ? `epoch ${this.#saved} is saved`
      : this.#isStarted
      ? "nothing is saved yet"
      : epoch > 0
      ? `epoch ${epoch} is saved; it had not begun`
      : "it had not begun";
    return [always(`stopped (${kept}): ${because}`)];
  }
}

/** A signal, as the reason of a stop. */
const SIGNAL = /^SIG[A-Z0-9]+$/;

/** Errors of what ended because something else did, which is told of by itself: no news. */
const CONSEQUENCES: readonly string[] = ["StoppedError", "SiblingFailedError", "UncaughtError"];

/** What comes after a save that failed. */
function nextText(
  { next, bytes, retryInMs = 0 }: Extract<RunEvent, { type: "save-failed" }>,
): string {
  if (next === "fail") return "";
  if (next === "warn") return "; the job goes on without that save";
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
