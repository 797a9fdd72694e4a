/**
 * What is said where a command fails: why, what is kept, and what to do next.
 *
 * @module
 */
import { DamagedError, FencedError } from "../../storage/mod.ts";
import { JobChangedError, MigrationError } from "../change/errors.ts";
import { DerivedChangedError } from "../derived/errors.ts";
import {
  JobHeldError,
  NothingToResumeError,
  SaveError,
  StoppedError,
  TaskError,
} from "../errors.ts";
import type { RunEvent } from "../events.ts";
import type { JobRunner } from "../run/job_runner.ts";
import { valueText } from "../thrown_text.ts";
import { cleanLines } from "./text.ts";
import { UncaughtError } from "../uncaught_error.ts";

/** Follows a run, to know what is kept of it. */
export class Kept {
  #place: string | undefined;
  #epoch: number | undefined;

  /** Takes an event. */
  observe(event: RunEvent): void {
    if (event.type === "run-started") {
      this.#place = event.place;
      this.#epoch = event.from;
    } else if (event.type === "save-committed") {
      this.#epoch = event.epoch;
    }
  }

  /** Whether a run has started. */
  get isStarted(): boolean {
    return this.#place !== undefined;
  }

  /** What is kept, and the command that goes on; nothing where the run had not started. */
  lines(command: string): readonly string[] {
    if (this.#place === undefined) return [];
    if (this.#epoch === undefined) return [`nothing was saved: ${command} starts anew`];
    return [
      `epoch ${this.#epoch} is saved at ${this.#place}; to go on from there:`,
      `  ${command}`,
    ];
  }
}

/** The most causes that are told of. */
const MOST_CAUSES = 5;
/** The most stack frames that are shown. */
const MOST_FRAMES = 8;

/** The block that tells of an error. */
export function failureText(error: unknown, kept: Kept, command: string): string {
  // These say themselves what is kept and what to do.
  const saysAll = error instanceof SaveError || error instanceof NothingToResumeError ||
    error instanceof JobHeldError || error instanceof JobChangedError ||
    error instanceof DerivedChangedError || error instanceof FencedError ||
    error instanceof MigrationError || error instanceof DamagedError;
  const lines = [
    ...errorLines(error),
    ...userFrames(error).map((frame) => `    ${frame}`),
    ...saysAll ? [] : kept.lines(command),
  ];
  return `error: ${lines.join("\n")}\n`;
}

/** What becomes of a fork that was made and then refused; nothing where it has begun to work. */
export function forkText(error: unknown, fork: JobRunner, kept: Kept, command: string): string {
  const isDerived = error instanceof DerivedChangedError;
  if (kept.isStarted && !isDerived) return "";
  const { place } = fork.checkpoints.engine.archive;
  return `The fork stays at ${place}, with nothing but the epoch that it begins with: remove that folder to be ` +
    `rid of it; or go on with it:\n` +
    `  ${command}${isDerived ? " --allow-change" : ""}\n`;
}

/** An error's message, and under it those of its causes. */
function errorLines(error: unknown): string[] {
  const lines: string[] = [];
  let inner = error;
  let told = "";
  for (let depth = 0; inner !== undefined && depth <= MOST_CAUSES; depth++) {
    const message = messageOf(inner);
    // Most errors repeat what their cause says; Deno's own permission errors name a broader flag.
    const isTold = told.includes(message) ||
      (inner instanceof Deno.errors.NotCapable && told.includes("--allow-"));
    if (!isTold) {
      const [first = "", ...rest] = cleanLines(message);
      const indent = "  ".repeat(lines.length === 0 ? 0 : depth);
      lines.push(depth === 0 ? first : `${indent}because: ${first}`);
      lines.push(...rest.map((line) => `${indent}  ${line}`));
    }
    told += `\n${message}`;
    inner = inner instanceof Error ? inner.cause : undefined;
  }
  return lines;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return valueText(error);
  if (error.message !== "") return error.message;
  return error.name;
}

/** Where in the user's own code a task threw: the frames of the innermost error. */
function userFrames(error: unknown): string[] {
  if (!(error instanceof TaskError || error instanceof UncaughtError)) return [];
  let inner: Error = error;
  for (let depth = 0; inner.cause instanceof Error && depth < MOST_CAUSES; depth++) {
    inner = inner.cause;
  }
  if (inner === error || inner instanceof StoppedError || inner.stack === undefined) return [];
  const root = new URL("../../", import.meta.url).href;
  const own = [...["runtime", "storage", "dsl"].map((folder) => `${root}${folder}/`), "ext:"];
  return inner.stack.split("\n").filter((line) => line.startsWith("    at "))
    .filter((line) => !own.some((folder) => line.includes(folder)))
    .filter((line) => !line.includes("(<anonymous>)")) // the language's own, as of a Promise
    .slice(0, MOST_FRAMES).flatMap(cleanLines).map((line) => line.trim());
}
