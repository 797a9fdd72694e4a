/**
 * Runs a job in processes of its own, and lets them die there.
 *
 * @module
 */
import { join } from "@std/path";
import type { ParamValue } from "../../dsl/mod.ts";
import { CheckpointStore, FileStore } from "../../storage/mod.ts";
import type { ErrorRecord } from "../events.ts";
import { DrillError, DrillPermissionError } from "./errors.ts";
import { DRILLED, type DrilledLine, type DrilledSettings, linesOf } from "./drilled_process.ts";
import type { Fault } from "./faulty_file_system.ts";
import type { Ground, Life, LifeOptions } from "./ground.ts";
import type { TimeLimit } from "./time_limit.ts";
import { after } from "../task/turn.ts";

/** What the processes are. */
export interface ProcessOptions {
  /** The job's file. */
  readonly file: string;
  /** The job's name, of which its folder is called. */
  readonly job: string;
  /** The flags of `deno run`. */
  readonly flags: readonly string[];
  /** The folder of the drill, in which each ground has one of its own. */
  readonly folder: string;
  /** The params given to the first start. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** The seed given to the first start. */
  readonly seed: number | undefined;
  /** Ends them all. */
  readonly signal: AbortSignal;
  /** How long each may take. */
  readonly limit: TimeLimit;
}

/** How one such start is to go. */
export interface ProcessLifeOptions extends LifeOptions {
  /** What is wrong with its file system. */
  readonly fault?: Fault;
  /** Whether a failed save does what the job's own plan says. */
  readonly ownSaveError?: boolean;
  /** Whether it takes the job over from another. */
  readonly takeOver?: boolean;
  /** The step at which it stands still, until `go` is called. */
  readonly waitAt?: number;
}

/** What a process did: `hasFault` says whether its fault was met. */
export interface ProcessLife extends Life {
  /** Whether the fault that it was given has come. */
  readonly hasFault: boolean;
}

/** An error of another process. */
export class OtherProcessError extends Error {
  /** The name of the class that it had there. */
  override readonly name: string;

  /** Takes the error as it was told. */
  constructor({ name, message, cause }: ErrorRecord) {
    super(message, cause === undefined ? {} : { cause: new OtherProcessError(cause) });
    this.name = name;
  }
}

let made = 0;

/** A folder of its own, and the processes that run the job there. */
export class ProcessGround implements Ground {
  /** They do not share a process. */
  readonly isOneProcess = false;
  readonly #options: ProcessOptions;
  readonly #keepAll: boolean;
  readonly #folder: string;

  /** Names the folder; it is made by the first start. */
  constructor(options: ProcessOptions, keepAll: boolean) {
    this.#options = options;
    this.#keepAll = keepAll;
    this.#folder = join(options.folder, String(++made));
  }

  /** The folder of the job's checkpoints. */
  get root(): string {
    return join(this.#folder, this.#options.job);
  }

  async live(options: ProcessLifeOptions): Promise<ProcessLife> {
    return await this.start(options).ended;
  }

  /** Starts the job, or goes on with it. */
  start(
    { dieAt, waitAt, isFirst, fault, takeOver = false, ownSaveError = false }: ProcessLifeOptions,
  ): {
    readonly waits: Promise<boolean>;
    readonly go: () => void;
    readonly ended: Promise<ProcessLife>;
  } {
    const { file, flags, params, seed, signal, limit } = this.#options;
    const settings: DrilledSettings = {
      ...{
        takeOver,
        ownSaveError,
        root: this.root,
        keepAll: this.#keepAll,
        params: isFirst ? params : {},
      },
      ...isFirst && seed !== undefined ? { seed } : {},
      ...dieAt === undefined ? {} : { dieAt },
      ...waitAt === undefined ? {} : { waitAt },
      ...fault === undefined ? {} : { fault },
    };
    const args = ["run", "--no-prompt", ...flags, file, DRILLED, JSON.stringify(settings)];
    const child = spawn(args, signal);
    const output = new Output(child);
    const begun = performance.now();
    let isHung = false;
    const late = (): void => {
      isHung = true;
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It has just ended.
        if (!(error instanceof TypeError)) throw error;
      }
    };
    const callOff = limit.ms === Infinity ? () => {} : after(limit.ms, late);
    const go = async (): Promise<void> => {
      const writer = child.stdin.getWriter();
      await writer.write(new Uint8Array(1)).catch(() => {});
      await writer.close().catch(() => {});
    };
    return {
      waits: output.said("waits"),
      go: () => void go(),
      ended: output.ended.finally(callOff).then((ended) => {
        if (isHung) return hungLife(limit.error(ended.stderr));
        if (dieAt === undefined && waitAt === undefined) limit.took(performance.now() - begun);
        return lifeOf(ended);
      }),
    };
  }

  open(): Promise<CheckpointStore> {
    return CheckpointStore.open(new FileStore(this.root));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Deno.remove(this.#folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Starts Deno. */
function spawn(args: readonly string[], signal: AbortSignal): Deno.ChildProcess {
  const program = Deno.execPath();
  try {
    const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command(program, { args: [...args], ...piped, signal }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new DrillPermissionError(program, error);
  }
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: Deno.CommandStatus;
}

/** What a process says, as it says it. */
class Output {
  readonly ended: Promise<Ended>;
  #stdout = "";
  #isEnded = false;
  readonly #looks = new Set<() => void>();

  constructor(child: Deno.ChildProcess) {
    this.ended = this.#read(child);
    this.ended.catch(() => {});
  }

  /** Resolves once it has said a line of a kind; `false` where it ended before. */
  said(what: DrilledLine["says"]): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (linesOf(this.#stdout).some(({ says }) => says === what)) resolve(true);
        else if (this.#isEnded) resolve(false);
      };
      this.#looks.add(look);
      look();
    });
  }

  async #read(child: Deno.ChildProcess): Promise<Ended> {
    const stderr = new Response(child.stderr).text();
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#stdout += part;
      for (const look of this.#looks) look();
    }
    const status = await child.status;
    this.#isEnded = true;
    for (const look of this.#looks) look();
    return { stdout: this.#stdout, stderr: await stderr, status };
  }
}

function hungLife(failure: Error): ProcessLife {
  const none = { digests: new Map(), uses: new Map(), pieceEnds: new Map() };
  const common = { ...none, isDead: false, recalls: new Set<string>() };
  return { ...common, steps: 0, lastStep: "", failure, hasFault: true };
}

function lifeOf({ stdout, stderr, status }: Ended): ProcessLife {
  const line = linesOf(stdout).findLast(({ says }) => says !== "waits");
  if (line === undefined || line.says === "waits") {
    throw new DrillError(
      `A process of the drill ended with exit code ${status.code} and did not say how far it came. ` +
        `It said: ${(stderr || stdout).trim().slice(-2000) || "nothing"}`,
    );
  }
  const common = {
    steps: line.steps,
    lastStep: line.at,
    uses: new Map(line.uses),
    recalls: new Set(line.recalls),
    pieceEnds: line.says === "ended" ? new Map(line.pieceEnds) : new Map(),
  };
  if (line.says === "killed") {
    return { ...common, isDead: true, failure: undefined, digests: new Map(), hasFault: false };
  }
  return {
    ...common,
    isDead: false,
    failure: line.failure && new OtherProcessError(line.failure),
    digests: new Map(line.digests),
    hasFault: line.hasFault,
  };
}
