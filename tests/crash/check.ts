/**
 * Checks what killed and resumed processes did against an uninterrupted run.
 *
 * A run is looked at as the *trace* of the phases that it started and the saves that were
 * acknowledged. The trace of a resumed run must be the reference's from behind the newest save that
 * is linked on the disk; so nothing acknowledged runs again, and nothing is left out.
 */

import { join } from "@std/path";
import type { TaskPlace } from "tidemark";
import type { Line } from "./lines.ts";

/** What an uninterrupted run did. */
export interface Reference {
  /** The phases started and the saves acknowledged, in order. */
  readonly trace: readonly string[];
  /** The digests of the blobs at the end. */
  readonly blobs: Readonly<Record<string, string>>;
  /** The same of derived blobs. */
  readonly derived: Readonly<Record<string, string>>;
}

/** A resumed run did not do what it should have. */
export class CrashCheckError extends Error {
  /** The error's class. */
  override readonly name = "CrashCheckError";
}

/**
 * The phases that a run started, and the saves of which it printed the acknowledgement. An epoch may
 * be saved while the next one runs; its save stands before that one.
 */
export function traceOf(lines: readonly Line[]): string[] {
  const trace: string[] = [];
  for (const line of lines) {
    if (line.type === "phase-started") trace.push(`run ${line.phase} ${line.epoch}`);
    if (line.type !== "save-committed") continue;
    const isLate = trace.at(-1) === `run epoch ${line.epoch + 1}`;
    trace.splice(isLate ? -1 : trace.length, 0, saveStep(line.phase, line.epoch));
  }
  return trace;
}

/** Whether a step is an epoch that began while the one before was still being saved. */
function isAhead(step: string, wanted: string | undefined): boolean {
  const epoch = epochOf(step) ?? 0;
  return step === `run epoch ${epoch}` && wanted === saveStep("epoch", epoch - 1);
}

/** The digests that a run printed at its end, or `undefined` where it did not come that far. */
export function blobsOf(lines: readonly Line[]): Readonly<Record<string, string>> | undefined {
  const last = lines.at(-1);
  return last?.type === "result" ? last.blobs : undefined;
}

/** The digests of derived blobs that a run printed at its end. */
export function derivedOf(lines: readonly Line[]): Readonly<Record<string, string>> {
  const last = lines.at(-1);
  return last?.type === "result" ? last.derived : {};
}

/** The newest save that is linked in a store's folder, as an index of the trace; -1 for none. */
export function newestLinked(root: string, { trace }: Reference): number {
  let newest = -1;
  for (const folder of ["epochs", "phases"]) {
    for (const name of namesIn(join(root, folder))) {
      const match = /^e(\d+)\.a\d+(?:\.(\w+))?\.cbor$/.exec(name);
      if (match === null) continue; // a temporary name
      const step = saveStep(match[2] ?? "epoch", Number(match[1]));
      const index = trace.indexOf(step);
      if (index < 0) {
        fail(`${folder}/${name} is linked, but the uninterrupted run has no "${step}"`);
      }
      newest = Math.max(newest, index);
    }
  }
  return newest;
}

/** The epoch of a step of a trace. */
function epochOf(step: string | undefined): number | undefined {
  return step === undefined ? undefined : Number(step.split(" ").at(-1));
}

/** Checks that what was acknowledged is there, and that at most one save more is. */
export function checkLinked(acknowledged: number, linked: number, { trace }: Reference): void {
  if (linked < acknowledged) {
    fail(`"${trace[acknowledged]}" was acknowledged, but "${trace[linked]}" is the newest linked`);
  }
  const between = trace.slice(acknowledged + 1, linked + 1).filter(isSave);
  if (between.length > 1) fail(`more than one save was not acknowledged: ${between.join(", ")}`);
}

/** Checks what one run did that found `linked` as the newest save. */
export function checkRun(lines: readonly Line[], linked: number, reference: Reference): void {
  const { trace } = reference;
  const done = traceOf(lines);
  const wanted = trace.slice(linked + 1);
  done.forEach((step, index) => {
    if (step === wanted[index]) return;
    if (index === done.length - 1 && isAhead(step, wanted[index])) return;
    const place = linked < 0 ? "a fresh start" : `a resume behind "${trace[linked]}"`;
    fail(`${place} did "${step}" where the uninterrupted run did "${wanted[index] ?? "nothing"}"`);
  });
  const blobs = blobsOf(lines);
  if (blobs !== undefined && done.length < wanted.length) {
    fail(`the resumed run ended without "${wanted[done.length]}"`);
  }
  const derives = new Set(
    lines.flatMap((line) => line.type === "derive-started" ? line.tasks : []),
  );
  for (const line of lines) {
    if (line.type === "task-started" && line.phase === "init" && derives.has(line.id)) continue;
    checkLine(line, linked, done, reference);
  }
  checkTasks(lines);
  if (blobs === undefined) return;
  checkBlobs(blobs, reference.blobs);
  // A run that finds its job finished runs nothing, and so makes nothing again.
  const isIdle = lines.some((line) =>
    line.type === "run-started" && line.mode === "already finished"
  );
  if (!isIdle) checkBlobs(derivedOf(lines), reference.derived);
}

function checkLine(
  line: Line,
  linked: number,
  done: readonly string[],
  { trace }: Reference,
): void {
  if (line.type === "run-started") {
    const mode = linked < 0
      ? "started"
      : linked === trace.length - 1
      ? "already finished"
      : "resumed";
    const from = epochOf(trace[linked]);
    if (line.mode === mode && line.from === from) return;
    fail(`the run said "${line.mode}" from epoch ${line.from}, not "${mode}" from epoch ${from}`);
  }
  if (line.type === "task-started" && !done.includes(`run ${line.phase} ${line.epoch}`)) {
    fail(`task ${line.id} of ${line.phase} ${line.epoch} ran outside its phase`);
  }
  // A kill damages nothing that is linked; a fallback would hide that it did.
  if (line.type === "notice" && /damaged/.test(line.message)) fail(line.message);
}

/** Checks that a run starts each try of a task once, and none of a task that it need not run. */
function checkTasks(lines: readonly Line[]): void {
  const seen = new Set<string>();
  const reused = reusedIn([lines]);
  for (const line of lines) {
    if (line.type !== "task-started") continue;
    const start = `try ${line.try} of ${taskOf(line)}`;
    if (seen.has(start)) fail(`${start} ran twice`);
    if (reused.has(taskOf(line))) fail(`${start} ran, and need not have`);
    seen.add(start);
  }
}

/** Checks that what runs before this one found recorded as finished is not run again by it. */
export function checkReuse(lines: readonly Line[], before: readonly (readonly Line[])[]): void {
  const reused = reusedIn(before);
  for (const line of lines) {
    if (line.type !== "task-started" || !reused.has(taskOf(line))) continue;
    fail(`${taskOf(line)} ran, though an earlier resume had found it finished`);
  }
}

/** Checks that what a task says it was told, in the field `recorded` of a log line, it is told again. */
export function checkRecorded(runs: readonly (readonly Line[])[]): void {
  const known = new Map<string, unknown>();
  for (const line of runs.flat()) {
    if (line.type !== "log" || line.fields.recorded === undefined) continue;
    const key = `"${line.message}" of ${taskOf(line)}`;
    const before = known.get(key) ?? line.fields.recorded;
    if (before !== line.fields.recorded) {
      fail(`${key} was ${before}, and on a repeat ${line.fields.recorded}`);
    }
    known.set(key, before);
  }
}

/** The tasks that runs found recorded as finished. */
export function reusedIn(runs: readonly (readonly Line[])[]): ReadonlySet<string> {
  return new Set(
    runs.flat().filter((line) => line.type === "task-reused").map((line) => taskOf(line)),
  );
}

function taskOf({ id, phase, epoch }: TaskPlace): string {
  return `${id} in ${phase} ${epoch}`;
}

function checkBlobs(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): void {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const differing = [...keys].filter((key) => found[key] !== wanted[key]);
  if (differing.length === 0) return;
  fail(
    `the resumed run ended with other blobs than the uninterrupted one: ${differing.join(", ")}`,
  );
}

/** The names in a folder; none where there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function saveStep(phase: string, epoch: number): string {
  return `saved ${phase} ${epoch}`;
}

function isSave(step: string): boolean {
  return step.startsWith("saved ");
}

/** Ends a check. */
export function fail(message: string): never {
  throw new CrashCheckError(message);
}
