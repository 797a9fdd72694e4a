/** Runs a program as a user does, in a process of its own, and kills it where it says a certain thing. */

import { fromFileUrl, join } from "@std/path";

/** The repository's root. */
export const ROOT: string = fromFileUrl(new URL("../../", import.meta.url));

/** How a program is run. */
export interface ProcessOptions {
  /** Flags of `deno run`: permissions, and whatever else. */
  readonly flags?: readonly string[];
  /** What the program is told. */
  readonly args?: readonly string[];
  /** Its working folder. */
  readonly cwd?: string;
  /** Kills it with SIGKILL the moment it has said something that matches, this many times. */
  readonly killAt?: { readonly said: RegExp; readonly nth?: number };
  /** A program, with its arguments, that starts it. */
  readonly under?: readonly string[];
}

/** What a program did. */
export interface ProcessResult {
  /** Its exit code. */
  readonly code: number;
  /** Whether it died of SIGKILL. */
  readonly isKilled: boolean;
  /** What it said. */
  readonly stdout: string;
  /** What it said on standard error. */
  readonly stderr: string;
}

/** How long a program may take, so that one that hangs fails its test. */
const LONGEST_MS = 120_000;

/** Runs a program to its end, or to the instant at which it is to be killed. */
export async function runProgram(
  file: string,
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const { flags = [], args = [], cwd = ROOT, killAt, under = [] } = options;
  await using killer = await makeKiller(killAt);
  const [program = "", ...rest] = [
    ...under,
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--frozen"],
    ...[`--config=${join(ROOT, "deno.json")}`, ...killer.flags, ...flags, file, ...args],
  ];
  const { code, signal, stdout, stderr } = await new Deno.Command(program, {
    args: rest,
    cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(LONGEST_MS),
  }).output();
  const isKilled = signal === "SIGKILL";
  return { code, isKilled, stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** Runs a program that must end well, or be killed where it is to be; gives what it said. */
export async function runWell(file: string, options: ProcessOptions = {}): Promise<string> {
  const { code, isKilled, stdout, stderr } = await runProgram(file, options);
  const isAsWanted = options.killAt === undefined ? code === 0 : isKilled;
  if (!isAsWanted) {
    const wanted = options.killAt === undefined
      ? "end well"
      : `be killed at ${options.killAt.said}`;
    throw new Error(`${file} was to ${wanted}, but ended with ${code}:\n${stdout}\n${stderr}`);
  }
  return stdout;
}

/** The events that a job file printed with `--json`. */
export function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Makes a folder under the system's temporary one, and removes it afterwards. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-e2e-" });
  try {
    return await run(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * A module that is loaded before the program and kills its process from within, so that the instant is
 * the same on every machine. It needs no permission.
 */
async function makeKiller(
  killAt: ProcessOptions["killAt"],
): Promise<AsyncDisposable & { flags: string[] }> {
  if (killAt === undefined) return { flags: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  const path = await Deno.makeTempFile({ prefix: "tidemark-e2e-", suffix: ".ts" });
  await Deno.writeTextFile(path, killerText(killAt.said, killAt.nth ?? 1));
  return { flags: [`--preload=${path}`], [Symbol.asyncDispose]: () => Deno.remove(path) };
}

function killerText(said: RegExp, nth: number): string {
  return `let left = ${nth};
const write = Deno.stdout.writeSync.bind(Deno.stdout);
Deno.stdout.writeSync = (bytes) => {
  const written = write(bytes);
  if (${said}.test(new TextDecoder().decode(bytes)) && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
  return written;
};
`;
}
