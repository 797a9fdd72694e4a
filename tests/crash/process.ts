/** Starts a child process, kills it if so wanted, and gives what it printed. */

import { fromFileUrl } from "@std/path";
import type { ChildOptions } from "./child.ts";
import type { JobName } from "./jobs.ts";
import type { Line } from "./lines.ts";

/** Where a process is killed: at a named point, or at some instant after its job was loaded. */
export type Kill =
  | { readonly point: string; readonly nth: number }
  | { readonly afterMs: number };

/** What a process did. */
export interface Outcome {
  /** What it printed, in order. */
  readonly lines: readonly Line[];
  /** Whether it was killed before its end. */
  readonly isKilled: boolean;
  /** What it said on its standard error where it failed. */
  readonly failure: string | undefined;
  /** How long it ran once its job was loaded, in milliseconds. */
  readonly durationMs: number;
}

const child = fromFileUrl(new URL("child.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** How long a child may take in all, so that one that hangs fails its test. */
const LONGEST_MS = 60_000;

/** Runs a job in a process of its own that may read and write its folder and do nothing else. */
export async function runChild(
  job: JobName,
  folder: string,
  options: ChildOptions,
  kill?: Kill,
): Promise<Outcome> {
  const told = kill !== undefined && "point" in kill ? { ...options, kill } : options;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--frozen", `--config=${config}`],
      ...[`--allow-read=${folder}`, `--allow-write=${folder}`],
      ...[child, job, folder, JSON.stringify(told)],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timers: ReturnType<typeof setTimeout>[] = [];
  const killIn = (ms: number): void => {
    timers.push(setTimeout(() => stop(process), ms));
  };
  killIn(LONGEST_MS);
  let readyAt = performance.now();
  const stderr = new Response(process.stderr).text();
  const lines = await readLines(process.stdout, ({ type }) => {
    if (type !== "ready") return;
    readyAt = performance.now();
    if (kill !== undefined && "afterMs" in kill) killIn(kill.afterMs);
  });
  const { success, signal } = await process.status;
  const durationMs = performance.now() - readyAt;
  for (const timer of timers) clearTimeout(timer);
  const said = await stderr;
  const isWanted = signal === "SIGKILL" && kill !== undefined && durationMs < LONGEST_MS;
  const failure = success || isWanted ? undefined : said === "" ? `ended by ${signal}` : said;
  return { lines, isKilled: isWanted, failure, durationMs };
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
