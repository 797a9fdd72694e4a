/**
 * The command line of a job file.
 *
 * @module
 */
import { type Job, JobError } from "../../dsl/mod.ts";
import type { EpochRef } from "../checkpoint/epoch_ref.ts";
import { parseEpoch } from "../checkpoint/epoch_ref.ts";
import { StoppedError } from "../errors.ts";
import type { Observer } from "../events.ts";
import { compile, type Program } from "../program.ts";
import { JobRunner, type JobRunnerOptions } from "../run/job_runner.ts";
import { TIDEMARK_VERSION } from "../run/state.ts";
import { LocalSession } from "../session/local_session.ts";
import { parseDuration } from "../../dsl/mod.ts";
import { type Arguments, parseArguments, parseParams, UsageError } from "./arguments.ts";
import { helpText } from "./help.ts";
import { listSaved, listText } from "./list.ts";
import { type Output, showOn } from "./output.ts";
import { planData, planText } from "./plan_text.ts";
import { startWatch } from "./watch.ts";

/** What a command ends with. */
export const EXIT = { finished: 0, failed: 1, usage: 2, stopped: 75 } as const;

/** A command line, and what is around it. */
export interface CommandLine {
  /** The words. */
  readonly args: readonly string[];
  /** The job's file, at which relative places start. */
  readonly base: string;
  /** Where to write. */
  readonly output: Output;
  /** Is told of each event, beside the output. */
  readonly onEvent?: Observer;
  /** What else the runner is given, for scripts with a command line of their own. */
  readonly runner?: Omit<JobRunnerOptions, "params" | "seed" | "to" | "base" | "resumeFromEpoch">;
}

/**
 * The command line of a job file: runs the job where the file is the program, and does nothing where
 * it is imported.
 *
 * `--help` lists its commands, flags and exit codes.
 *
 * @example
 * ```ts
 * import { blob, epochs, job, main, task } from "tidemark";
 *
 * const total = blob("total", { initial: () => 0 });
 * const add = task("add", { reads: { total }, writes: { total } })
 *   .run(({ total }) => ({ total: total + 1 }));
 * const sum = job("sum", { epoch: [add], until: epochs(3), checkpoint: { to: "file:checkpoints" } });
 *
 * await main(import.meta, sum);
 * ```
 */
export async function main(meta: ImportMeta, job: Job): Promise<void> {
  if (!meta.main) return;
  const code = await runCommandLine(job, {
    args: Deno.args,
    base: meta.url,
    output: processOutput(),
  });
  Deno.exit(code);
}

/** Runs a command line, and gives its exit code. */
export async function runCommandLine(job: Job, line: CommandLine): Promise<number> {
  const { output } = line;
  try {
    const args = parseArguments(line.args);
    if (args.version) {
      output.out(`tidemark ${TIDEMARK_VERSION}\n`);
      return EXIT.finished;
    }
    const bare = compileForParams(job, args);
    if (args.help) {
      output.out(helpText(bare));
      return EXIT.finished;
    }
    const params = parseParams(args.params, bare.declaredParams);
    const options: JobRunnerOptions = {
      ...line.runner,
      params,
      base: line.base,
      ...args.to === undefined ? {} : { to: args.to },
      ...args.seed === undefined ? {} : { seed: args.seed },
      ...startOf(args),
    };
    const runner = new JobRunner(job, options);
    const upload = line.runner?.uploader !== undefined;
    const program = compile(job, { params, upload });
    if (args.command === "plan") return plan(program, runner, args, output);
    if (args.command === "ls") return await list(job, runner, args, output);
    return await run(program, runner, args, line);
  } catch (error) {
    const isUsage = error instanceof UsageError || error instanceof JobError ||
      error instanceof RangeError;
    output.err(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) output.err("--help lists what there is\n");
    return isUsage ? EXIT.usage : EXIT.failed;
  }
}

async function run(
  program: Program,
  runner: JobRunner,
  args: Arguments,
  { output, onEvent }: CommandLine,
): Promise<number> {
  using watch = startWatch(timeoutsOf(program));
  await using session = new LocalSession();
  session.events.observe(watch.observe);
  session.events.observe(showOn(output, args));
  if (onEvent !== undefined) session.events.observe(onEvent);
  try {
    await runner.run(session, watch);
    return runner.result?.outcome === "stopped" ? EXIT.stopped : EXIT.finished;
  } catch (error) {
    if (error instanceof StoppedError) return EXIT.stopped;
    // The event stream has told what failed; a task's own stack shows where in the user's code.
    const stack = userStack(error);
    if (stack !== undefined && !args.json) output.err(`${stack}\n`);
    return EXIT.failed;
  }
}

function plan(program: Program, runner: JobRunner, args: Arguments, output: Output): number {
  const place = runner.checkpoints.engine.archive.place;
  const text = args.json
    ? `${JSON.stringify(planData(program, place), undefined, 2)}\n`
    : planText(program, place);
  output.out(text);
  return EXIT.finished;
}

async function list(job: Job, runner: JobRunner, args: Arguments, output: Output): Promise<number> {
  const { engine } = runner.checkpoints;
  await engine.archive.open(job.name, []);
  const listed = await listSaved(engine);
  output.out(
    args.json
      ? `${JSON.stringify(listed, undefined, 2)}\n`
      : listText(listed, engine.archive.place),
  );
  return EXIT.finished;
}

/** The job with those of the given params that its shape depends on, to learn of all its params. */
function compileForParams(job: Job, args: Arguments): Program {
  const shape = new Map(Object.values(job.shape).map((param) => [param.name, param]));
  const texts = new Map([...args.params].filter(([name]) => shape.has(name)));
  return compile(job, { params: parseParams(texts, shape) });
}

function startOf(args: Arguments): Pick<JobRunnerOptions, "resumeFromEpoch"> {
  if (args.command === "run") return args.fresh ? {} : { resumeFromEpoch: "auto" };
  if (args.command !== "resume") return {};
  const from = args.from ?? "latest";
  try {
    const { epoch, attempt } = parseEpoch(from);
    if (epoch === undefined) return { resumeFromEpoch: "latest" };
    const ref: EpochRef = attempt === undefined ? epoch : `${epoch}@a${attempt}`;
    return { resumeFromEpoch: ref };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function timeoutsOf(program: Program): ReadonlyMap<string, number> {
  const timeouts = new Map<string, number>();
  for (const { steps } of Object.values(program.groups)) {
    for (const { task } of steps) {
      const timeout = task?.declaration.timeout;
      if (task !== undefined && timeout !== undefined) {
        timeouts.set(task.name, parseDuration(timeout));
      }
    }
  }
  return timeouts;
}

/** The frames of the user's own code, of the innermost error. */
function userStack(error: unknown): string | undefined {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (!(inner instanceof Error) || inner === error || inner.stack === undefined) return undefined;
  const here = new URL("../../", import.meta.url).href;
  const own = [`${here}runtime/`, `${here}storage/`, `${here}dsl/`, "ext:"];
  const frames = inner.stack.split("\n").filter((line) => line.startsWith("    at "))
    .filter((line) => !own.some((folder) => line.includes(folder)));
  return frames.length === 0 ? undefined : frames.slice(0, 8).join("\n");
}

function processOutput(): Output {
  const writeTo = (stream: { writeSync(bytes: Uint8Array): number }) => (text: string): void => {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  };
  const isTerminal = Deno.stdout.isTerminal();
  return {
    out: writeTo(Deno.stdout),
    err: writeTo(Deno.stderr),
    isTerminal,
    noColor: Deno.noColor,
    columns: isTerminal ? Deno.consoleSize().columns : 80,
  };
}
