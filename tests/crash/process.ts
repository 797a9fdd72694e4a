/** Starts a child process, kills it if so wanted, and gives what it printed. */

import { fromFileUrl } from "@std/path";
import type { ChildOptions } from "./child.ts";
import type { JobName } from "./jobs.ts";
import type { Line } from "./lines.ts";

/** Where a process kills itself: at the `nth` time of a named point, or at the `nth` boundary, from 1. */
export type ExactKill =
  | { readonly point: string; readonly nth: number }
  | { readonly boundary: number };

/** Where a process is killed: at an exact place, or at some instant after its job was loaded. */
export type Kill =
  | ExactKill
  | { readonly afterMs: number };

/** What a process did. */
export interface Outcome {
  /** What it printed, in order. */
  readonly lines: readonly Line[];
  /** Whether it was killed before its end. */
  readonly isKilled: boolean;
  /** What it said on its standard error where it failed. */
  readonly failure: string | undefined;
  /** How long it said something once its job was loaded, in milliseconds. */
  readonly durationMs: number;
}

const child = fromFileUrl(new URL("child.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** How long a child may take in all, so that one that hangs fails its test. */
const LONGEST_MS = 60_000;

/** Runs a job in a process of its own that may read and write its folder, ask a host, and do nothing else. */
export async function runChild(
  job: JobName,
  folder: string,
  options: ChildOptions,
  kill?: Kill,
  host?: string,
): Promise<Outcome> {
  const told = kill === undefined || "afterMs" in kill ? options : { ...options, kill };
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--frozen", `--config=${config}`],
      ...[`--allow-read=${folder}`, `--allow-write=${folder}`],
      ...host === undefined ? [] : [`--allow-net=${host}`],
      ...[child, job, folder, JSON.stringify(told)],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isHung = false;
  const limit = setTimeout(() => {
    isHung = true;
    stop(process);
  }, LONGEST_MS);
  let killer: ReturnType<typeof setTimeout> | undefined;
  let readyAt = performance.now();
  let lastAt = readyAt;
  const stderr = new Response(process.stderr).text();
  const lines = await readLines(process.stdout, ({ type }) => {
    lastAt = performance.now();
    if (type !== "ready") return;
    readyAt = lastAt;
    if (kill === undefined || !("afterMs" in kill)) return;
    killer = setTimeout(() => stop(process), kill.afterMs);
  });
  const { success, signal } = await process.status;
  clearTimeout(limit);
  clearTimeout(killer);
  const said = await stderr;
  const isKilled = signal === "SIGKILL" && kill !== undefined && !isHung;
  const why = isHung
    ? `it was still running after ${LONGEST_MS} ms`
    : `ended by ${signal}: ${said}`;
  return {
    ...{ lines, isKilled, durationMs: lastAt - readyAt },
    failure: success || isKilled ? undefined : why,
  };
}

function stop(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    // It may have ended on its own a moment before.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The whole lines of a stream; a last one that was cut off counts for nothing. */
async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: Line) => void,
): Promise<Line[]> {
  const lines: Line[] = [];
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const line: Line = JSON.parse(part);
      lines.push(line);
      onLine(line);
    }
  }
  return lines;
}
