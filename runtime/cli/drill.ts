/**
 * The command `drill`.
 *
 * @module
 */
import { dirname, fromFileUrl, join } from "@std/path";
import type { Job } from "../../dsl/mod.ts";
import { asStoreError } from "../../storage/io_errors.ts";
import { placeOf } from "../checkpoint/place.ts";
import { endsByTheClock } from "../drill/compare.ts";
import { drill, type DrillPlan } from "../drill/drill.ts";
import { DrillError, NotResumableError } from "../drill/errors.ts";
import { type FaultOutcome, tryFaults } from "../drill/fault_trials.ts";
import { ProcessGround, type ProcessOptions } from "../drill/process_ground.ts";
import { HungProcessError, TimeLimit } from "../drill/time_limit.ts";
import type { Program } from "../program.ts";
import type { Arguments } from "./arguments.ts";
import { addPermissions, ownPermissions } from "./drill_flags.ts";
import { UsageError } from "./usage_error.ts";
import { toJson } from "./json.ts";
import type { Output } from "./output.ts";
import { oneLine } from "./text.ts";

/** How many trials there are where nobody says. */
const TRIALS = 20;

/** What the command needs. */
export interface Drilling {
  /** The job. */
  readonly job: Job;
  /** The job compiled for the params given. */
  readonly program: Program;
  /** The params given, by name. */
  readonly params: Program["params"];
  /** The command line. */
  readonly args: Arguments;
  /** The job's file, as a URL. */
  readonly base: string;
  /** Where to write. */
  readonly output: Output;
  /** Ends the drill. */
  readonly signal: AbortSignal;
}

/** What a drill comes to. */
export type DrillEnd = "exact" | "not exact" | "stopped";

/** Drills a job in processes of its own, and removes all that they have saved. */
export async function drillInProcesses(drilling: Drilling): Promise<DrillEnd> {
  const { job, program, args, output, signal } = drilling;
  const options = processOptions(drilling);
  const say = (text: string, data: Record<string, unknown>): void => {
    if (args.json) output.out(`${toJson(data)}\n`);
    else if (!args.quiet) output.out(`${oneLine(text)}\n`);
  };
  const plan: DrillPlan = {
    ...{ job, program, kills: args.kills ?? TRIALS, sampleSeed: 0 },
    onTrial: (trial) => {
      const where = trial.killedAt.map((step) => `"${step}"`).join(" and ");
      const what = where === "" ? "it ended before its kill" : `killed at ${where}`;
      say(`trial ${trial.number} of ${trial.of}: ${what}; the same end`, {
        type: "drill-trial",
        ...trial,
      });
    },
  };
  const onFault = ({ fault, outcome: said }: FaultOutcome): void => {
    const outcome = said.replaceAll(options.folder, "…");
    say(`${fault}: ${outcome}`, { type: "drill-fault", fault, outcome });
  };
  let faults = 0;
  try {
    await makeFolder(options.folder);
    const report = await drill(
      plan,
      ({ keepAll }) => Promise.resolve(new ProcessGround(options, keepAll)),
      async (reference) => {
        if (!args.faults) return;
        faults = await tryFaults(plan, reference, () => new ProcessGround(options, true), onFault);
      },
    );
    const { steps, trials, kills } = report;
    if (args.json) output.out(`${toJson({ type: "drill-passed", ...report, faults })}\n`);
    else {
      const apart = endsByTheClock(program) ? "; elapsed ends it, so only as far as both came" : "";
      const tried = args.faults ? `, and ${faults} faults` : "";
      output.out(
        `${job.name}: exact in ${trials} trials with ${kills} kills at ${
          trials < steps ? `a sample of its ${steps} steps` : `each of its ${steps} steps`
        }${tried}${apart}\n`,
      );
    }
    return "exact";
  } catch (error) {
    // Its processes were ended, and what they say of that is no finding.
    if (signal.aborted) {
      output.err(`${job.name}: the drill was stopped; nothing is left of it\n`);
      return "stopped";
    }
    if (error instanceof DrillError) {
      throw error.cause instanceof HungProcessError ? error : withFlags(error, options.flags);
    }
    if (!(error instanceof NotResumableError)) throw error;
    if (args.json) output.out(`${toJson({ type: "drill-failed", message: error.message })}\n`);
    else output.err(`${error.message}\n`);
    return "not exact";
  } finally {
    await clean(options.folder);
  }
}

/** Says also what the processes of a drill were given, as that may be why they fail. */
function withFlags({ message, cause }: DrillError, flags: readonly string[]): DrillError {
  const given = flags.join(" ") || "no flags";
  return new DrillError(
    `${message}\nIts processes were started with ${given}. Where the job needs more (what else it ` +
      `reads, a --config): --flags="FLAGS" adds it`,
    { cause },
  );
}

/** Makes the folder of a drill: its processes may write nothing else, so that they could not. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    // What is permitted is best the folder in which those of all jobs lie.
    throw asStoreError(error, "write", folder, dirname(dirname(folder)));
  }
}

/** Removes the folder of a drill, and the one around it where no other drill is in it. */
async function clean(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(dirname(folder));
  } catch {
    // What cannot be removed harms nobody, and why the drill ended matters more.
  }
}

/**
 * The folder in which a job is drilled: beside that of its checkpoints.
 *
 * @throws {UsageError} Where the place is no folder.
 */
export function drillFolder(
  { job, program, args, base }: Omit<Drilling, "params" | "output" | "signal">,
): string {
  const { db, dbType } = placeOf(args.to ?? program.plan.to, `${job.name}.drill`, base);
  if (dbType === "file") return db;
  throw new UsageError(
    `"drill" kills real processes, and ${dbType}: checkpoints end with theirs: give it a folder, ` +
      `as in --to file:checkpoints`,
  );
}

function processOptions(drilling: Drilling): ProcessOptions {
  const { job, params, args, base, signal } = drilling;
  const db = drillFolder(drilling);
  return {
    ...{ job: job.name, folder: join(db, crypto.randomUUID()), params, seed: args.seed },
    file: base.startsWith("file:") ? fromFileUrl(base) : base,
    flags: addPermissions(args.flags ?? [], ownPermissions(db)),
    signal,
    limit: new TimeLimit(args.limit),
  };
}
