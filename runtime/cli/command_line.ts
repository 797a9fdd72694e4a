/**
 * Does what a job file's command line says.
 *
 * @module
 */
import { type Job, JobError } from "../../dsl/mod.ts";
import { PLACE_KINDS } from "../../dsl/check/plan.ts";
import { type EpochRef, toEpochRef } from "../checkpoint/epoch_ref.ts";
import { lookingAgain } from "../checkpoint/look_again.ts";
import { StoppedError } from "../errors.ts";
import type { Observer } from "../events.ts";
import { compile, type Program } from "../program.ts";
import { compileAsResumed } from "../run/as_resumed.ts";
import { checkSaid } from "../run/migrate.ts";
import { hearUncaught, timeoutsOf } from "../run/uncaught.ts";
import { JobRunner, type JobRunnerOptions } from "../run/job_runner.ts";
import { TIDEMARK_VERSION } from "../run/state.ts";
import { DEFAULT_GRACE, LocalSession } from "../session/local_session.ts";
import { messageOf } from "../thrown_text.ts";
import { type Arguments, parseArguments } from "./arguments.ts";
import { parseParams } from "./params.ts";
import { UsageError } from "./usage_error.ts";
import { DRILLED, runDrilled } from "../drill/drilled_process.ts";
import { drillFolder, drillInProcesses } from "./drill.ts";
import { changesData, changesText } from "./changes.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { failureText, forkText, Kept } from "./failure.ts";
import { helpText } from "./help.ts";
import { toJson } from "./json.ts";
import { listSaved, listText } from "./list.ts";
import { changePin, explain } from "./keeping.ts";
import { type Output, showOn } from "./output.ts";
import { planData } from "./plan_data.ts";
import { planText } from "./plan_text.ts";
import { pruneSaved, repairSaved } from "./tidy.ts";
import { verify } from "./verify.ts";
import { startWatch, type Watch, type WatchOptions } from "./watch.ts";

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
  /** Starts what hears signals; a thread of its own where not given. */
  readonly watch?: (options: WatchOptions) => Watch;
  /** What else the runner is given, for scripts with a command line of their own. */
  readonly runner?: Omit<JobRunnerOptions, "params" | "seed" | "to" | "base" | "resumeFromEpoch">;
}

/** Runs a command line, and gives its exit code. */
export async function runCommandLine(job: Job, line: CommandLine): Promise<number> {
  const { output } = line;
  const [command, settings = ""] = line.args;
  if (command === DRILLED && settings.startsWith("{")) {
    await runDrilled(job, settings, line.runner?.uploader);
    return EXIT.finished;
  }
  let ready: Ready;
  try {
    const args = parseArguments(line.args);
    if (args.version) {
      output.out(`tidemark ${TIDEMARK_VERSION}\n`);
      return EXIT.finished;
    }
    const bare = compileForParams(job, args);
    if (args.help) {
      output.out(helpText(bare, fileName(line.base)));
      return EXIT.finished;
    }
    ready = prepare(job, args, bare, line);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    if (!isUsage && !(error instanceof JobError)) {
      // A shape's own function has thrown.
      output.err(failureText(error, new Kept(), ""));
      return EXIT.failed;
    }
    output.err(`error: ${error.message}\n${isUsage ? "--help lists what there is\n" : ""}`);
    return EXIT.usage;
  }
  return await perform(job, ready, line);
}

/** What a command needs. */
interface Ready {
  readonly args: Arguments;
  readonly params: Program["params"];
  readonly program: Program;
  readonly runner: JobRunner;
}

/** Checks all that can be wrong with a command line, before anything is opened. */
function prepare(job: Job, args: Arguments, bare: Program, line: CommandLine): Ready {
  const shape = Object.values(job.shape).map(({ name }) => name);
  const params = parseParams(args.params, bare.declaredParams, shape);
  const { checkpoints, ...others } = line.runner ?? {};
  // The place that is given now wins over the manager, and that over the plan.
  const place = args.to === undefined
    ? checkpoints === undefined ? {} : { checkpoints }
    : { to: checkPlace(args.to) };
  // What is forked is opened first; the fork becomes a runner of its own.
  const name = args.command === "fork" ? args.of : args.as;
  const runner = new JobRunner(job, {
    ...others,
    ...place,
    params,
    base: line.base,
    ...args.seed === undefined ? {} : { seed: args.seed },
    ...name === undefined ? {} : { as: name },
    takeOver: args.takeOver,
    ...args.allowChange ? { allowChange: true } : {},
    ...migratedOf(args),
    ...args.stopAfter === undefined ? {} : { stopAfter: args.stopAfter },
    ...startOf(args),
  });
  if (args.operand !== undefined) epochOf(args.operand, args.command);
  const program = compile(job, { params, upload: line.runner?.uploader !== undefined });
  asUsage("", () => checkSaid(program, migratedOf(args).migrated ?? []));
  if (args.command === "drill") drillFolder({ job, program, args, base: line.base });
  return { args, params, program, runner };
}

function checkPlace(to: string): string {
  const [, kind] = /^([a-z0-9]+):./.exec(to) ?? [];
  if (kind !== undefined && PLACE_KINDS.includes(kind)) return to;
  throw new UsageError(
    `Cannot parse --to "${to}": write a kind (${PLACE_KINDS.join(", ")}) and a path, ` +
      `as in file:checkpoints`,
  );
}

async function perform(job: Job, ready: Ready, line: CommandLine): Promise<number> {
  const { args, program, runner } = ready;
  const { output } = line;
  const kept = new Kept();
  let forked: JobRunner | undefined;
  try {
    const { engine } = runner.checkpoints;
    const { archive } = engine;
    const keeping = { archive, job: runner.name, program, args, output };
    switch (args.command) {
      case "ls":
        return await list(runner, args, output);
      case "verify":
        return await verify(keeping);
      case "explain":
        return await explain({ ...keeping, program: await asResumed(job, ready, line) });
      case "prune": {
        const program = await asResumed(job, ready, line);
        return await pruneSaved({ ...keeping, program, engine });
      }
      case "repair":
        return await repairSaved({ ...keeping, engine });
      case "pin":
      case "unpin":
        return await changePin(keeping);
      case "run":
      case "resume":
        return await run(ready, line, kept);
      case "drill":
        return await drillJob(job, ready, line);
      case "fork":
        forked = await fork(ready, output);
        return await run({ ...ready, runner: forked }, line, kept);
      case "plan":
        if (args.resume) return await planResume(ready, output);
    }
    const { place } = archive;
    output.out(
      args.json ? `${toJson(planData(program, place), 2)}\n` : planText(program, place),
    );
    return EXIT.finished;
  } catch (error) {
    const as = args.as === undefined ? "" : ` --as ${args.as}`;
    const to = (args.to === undefined ? "" : ` --to ${args.to}`) + as;
    const go = `deno run … ${fileName(line.base)}`;
    output.err(failureText(error, kept, `${go}${to}`));
    if (forked !== undefined) output.err(forkText(error, forked, kept, `${go} resume${to}`));
    return exitCodeOf(error);
  }
}

async function run(
  { args, program, runner }: Ready,
  line: CommandLine,
  kept: Kept,
): Promise<number> {
  const timeouts = timeoutsOf(program);
  const { grace = DEFAULT_GRACE, stopAfter } = args;
  using watch = (line.watch ?? startWatch)({ timeouts, grace, stopAfter });
  using show = showOn(line.output, { ...args, foreignLines: watch.foreignLines });
  await using session = new LocalSession({ grace });
  const { events } = session;
  events.observe(watch.observe);
  events.observe(show.observe);
  events.observe((event) => kept.observe(event));
  if (line.onEvent !== undefined) events.observe(line.onEvent);
  using uncaught = hearUncaught(events, timeouts, watch);
  try {
    await runner.run(session, uncaught.stops);
    return runner.result?.outcome === "stopped" ? EXIT.stopped : EXIT.finished;
  } catch (error) {
    if (error instanceof StoppedError) return EXIT.stopped;
    throw error;
  }
}

async function drillJob(job: Job, ready: Ready, line: CommandLine): Promise<number> {
  using watch = (line.watch ?? startWatch)({ timeouts: new Map(), grace: DEFAULT_GRACE });
  const { signal } = watch;
  const { base, output } = line;
  const end = await drillInProcesses({ job, base, output, signal, ...ready });
  if (end === "stopped") return EXIT.stopped;
  return end === "exact" ? EXIT.finished : EXIT.failed;
}

/** Says what has changed since an epoch was saved, and whether the job would go on from there. */
async function planResume({ args, runner }: Ready, output: Output): Promise<number> {
  const from = args.from === undefined ? "latest" : epochOf(args.from, "--from");
  const changes = await runner.changesSince(from);
  output.out(args.json ? `${toJson(changesData(changes), 2)}\n` : changesText(changes));
  return changes.refusal === undefined ? EXIT.finished : EXIT.changed;
}

/** Forks the job, and gives the runner that goes on with the fork. */
async function fork({ args, runner }: Ready, output: Output): Promise<JobRunner> {
  const { as = "", from } = args;
  const forked = await runner.fork(as, from === undefined ? "latest" : epochOf(from, "--from"));
  if (!args.json) {
    const { place } = forked.checkpoints.engine.archive;
    const which = from === undefined || from === "latest" ? "the newest epoch" : `epoch ${from}`;
    output.out(`${as}: forked from ${which} of ${runner.name}, at ${place}\n`);
  }
  return forked;
}

async function list(runner: JobRunner, args: Arguments, output: Output): Promise<number> {
  const { archive } = runner.checkpoints.engine;
  await archive.open(runner.name, []);
  const listed = await listSaved(archive, { all: args.all || args.json });
  output.out(args.json ? `${toJson(listed, 2)}\n` : listText(listed));
  return EXIT.finished;
}

/** The job as a resume would have it: what its plan keeps may depend on params. */
async function asResumed(
  job: Job,
  { args: { seed }, params, runner }: Ready,
  { runner: { uploader } = {} }: CommandLine,
): Promise<Program> {
  const { archive } = runner.checkpoints.engine;
  await archive.open(runner.name, []);
  return await lookingAgain(
    "latest",
    () => compileAsResumed(archive, { job, params, seed, uploader }),
  );
}

/** The job with those of the given params that its shape depends on, to learn of all its params. */
function compileForParams(job: Job, args: Arguments): Program {
  const shape = new Map(Object.values(job.shape).map((param) => [param.name, param]));
  const texts = new Map([...args.params].filter(([name]) => shape.has(name)));
  return compile(job, { params: parseParams(texts, shape) });
}

function migratedOf({ migrated }: Arguments): Pick<JobRunnerOptions, "migrated"> {
  if (migrated === undefined) return {};
  return { migrated: migrated === "none" ? [] : migrated.split(",") };
}

function startOf(args: Arguments): Pick<JobRunnerOptions, "resumeFromEpoch"> {
  if (args.command === "run") return args.fresh ? {} : { resumeFromEpoch: "auto" };
  if (args.command !== "resume") return {};
  return { resumeFromEpoch: args.from === undefined ? "latest" : epochOf(args.from, "--from") };
}

function epochOf(text: string, where: string): EpochRef {
  return asUsage(`${where}: `, () => toEpochRef(text));
}

/** Takes what is wrong with a value for what is wrong with the command line. */
function asUsage<T>(where: string, take: () => T): T {
  try {
    return take();
  } catch (error) {
    throw new UsageError(where + messageOf(error));
  }
}

function fileName(base: string): string {
  return decodeURIComponent(base.split(/[/\\]/).at(-1) || "job.ts");
}
