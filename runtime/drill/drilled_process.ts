/**
 * What a process does that a drill has started: one life of the job, told step by step.
 *
 * @module
 */
import { join } from "@std/path";
import type { Job, ParamValue } from "../../dsl/mod.ts";
import { FileStore } from "../../storage/mod.ts";
import { MultiNodeCheckpointManager } from "../checkpoint/manager.ts";
import { type ErrorRecord, errorRecord } from "../events.ts";
import { compile } from "../program.ts";
import { hearUncaught, timeoutsOf } from "../run/uncaught.ts";
import { JobRunner, type JobRunnerOptions } from "../run/job_runner.ts";
import { LocalSession } from "../session/local_session.ts";
import { drillClock, drillJob } from "./drill_job.ts";
import { type Fault, FaultyFileSystem } from "./faulty_file_system.ts";
import { digestsOf } from "./memory_ground.ts";
import { describeEvent, Mortal } from "./mortal.ts";
import { Uses } from "./uses.ts";

/** The word on a job file's command line that makes it such a process; its settings follow as JSON. */
export const DRILLED = "drill-run";

/** What such a process is told. */
export interface DrilledSettings {
  /** The folder of the job's checkpoints. */
  readonly root: string;
  /** Whether all epochs are kept. */
  readonly keepAll: boolean;
  /** The step at which it kills itself. */
  readonly dieAt?: number;
  /** The step at which it stands still until it is told to go on, by a line on its input. */
  readonly waitAt?: number;
  /** Whether it takes the job over from another. */
  readonly takeOver: boolean;
  /** The params given. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** The seed given. */
  readonly seed?: number;
  /** What is wrong with its file system. */
  readonly fault?: Fault;
  /** Whether a failed save does what the job's own plan says. */
  readonly ownSaveError?: boolean;
}

/** What such a process says: lines that begin with a mark, so that no task's output is taken for one. */
export type DrilledLine =
  | {
    readonly says: "killed";
    readonly at: string;
    readonly steps: number;
    readonly uses: UsesList;
    readonly recalls: readonly string[];
  }
  | { readonly says: "waits"; readonly at: string }
  | {
    readonly says: "ended";
    readonly at: string;
    readonly steps: number;
    readonly hasFault: boolean;
    readonly failure?: ErrorRecord;
    readonly digests: readonly (readonly [string, string])[];
    readonly pieceEnds: readonly (readonly [string, readonly number[]])[];
    readonly uses: UsesList;
    readonly recalls: readonly string[];
  };

type UsesList = readonly (readonly [string, readonly string[]])[];

/** What its lines begin with. */
export const MARK = "\u001etidemark-drill ";

/** Runs the job once. */
export async function runDrilled(
  job: Job,
  text: string,
  uploader?: JobRunnerOptions["uploader"],
): Promise<void> {
  const settings: DrilledSettings = JSON.parse(text);
  const { root, keepAll, dieAt, waitAt = Infinity, params, seed, fault, takeOver } = settings;
  using uses = new Uses();
  const used = () => ({ uses: [...uses.all()], recalls: [...uses.recalls()] });
  const mortal = new Mortal(dieAt, (at) => {
    say({ says: "killed", at, steps: mortal.steps, ...used() });
    Deno.kill(Deno.pid, "SIGKILL");
  });
  const step = (what: string): void => {
    mortal.step(what);
    if (mortal.steps !== waitAt) return;
    say({ says: "waits", at: what });
    Deno.stdin.readSync(new Uint8Array(1));
  };
  const fileSystem = fault && new FaultyFileSystem(fault);
  const store = new FileStore(root, {
    onPoint: (point, path) => {
      if (point === "log write") mortal.appended();
      step(`${point} of ${path.slice(join(root, "x").length - 1)}`);
    },
    ...fileSystem === undefined ? {} : { fileSystem },
  });
  await using session = new LocalSession();
  session.events.observe(uses.observe);
  session.events.observe((event) => {
    mortal.follow(event);
    step(describeEvent(event));
  });
  const drilled = drillJob(job, keepAll, settings.ownSaveError);
  const timeouts = timeoutsOf(compile(drilled, { params, upload: uploader !== undefined }));
  const runner = new JobRunner(drilled, {
    ...uploader === undefined ? {} : { uploader },
    checkpoints: new MultiNodeCheckpointManager(root, "file", { store }),
    resumeFromEpoch: "auto",
    ...{ params, takeOver, clock: drillClock },
    ...seed === undefined ? {} : { seed },
  });
  using uncaught = hearUncaught(session.events, timeouts);
  let failure: unknown;
  try {
    await uses.follow(() => runner.run(session, uncaught.stops));
  } catch (error) {
    failure = error;
  }
  say({
    ...{ says: "ended", at: mortal.lastStep, steps: mortal.steps, ...used() },
    hasFault: fileSystem?.hasFailed === true,
    pieceEnds: [...mortal.pieceEnds],
    ...failure === undefined ? {} : { failure: errorRecord(failure) },
    digests: failure === undefined ? [...await digestsOf(session)] : [],
  });
}

function say(line: DrilledLine): void {
  let rest = new TextEncoder().encode(`\n${MARK}${JSON.stringify(line)}\n`);
  while (rest.byteLength > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}

/** The lines that such a process has said so far. */
export function linesOf(stdout: string): readonly DrilledLine[] {
  return stdout.split("\n").filter((line) => line.startsWith(MARK))
    .map((line) => JSON.parse(line.slice(MARK.length)));
}
