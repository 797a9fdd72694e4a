/** A process that runs the job, or tidies up its checkpoints. */

import {
  CheckpointNotFoundError,
  type CheckpointStore,
  FencedError,
  JobRunner,
  LocalSession,
  MultiNodeCheckpointManager,
  ObjectNotFoundError,
  RemovedError,
  UnknownOutcomeError,
} from "tidemark";
import { keptByPins } from "../../storage/pins.ts";
import { prune, repair } from "../../runtime/checkpoint/tidy.ts";
import { JobHeldError } from "../../runtime/errors.ts";
import { digestsOf } from "../../runtime/drill/memory_ground.ts";
import { runInside } from "./fake_time.ts";
import type { Machine } from "./machine.ts";
import type { StartMode } from "./notes.ts";
import { SimulatedProcess } from "./scheduler.ts";
import { keepOf, type Kept } from "./retention.ts";
import { type Outside, simJob, type SimPlan } from "./sim_job.ts";

/** What a process is to do. */
export type Work =
  | { readonly work: "run"; readonly mode: StartMode }
  | { readonly work: "prune"; readonly kept: Kept }
  | { readonly work: "repair" }
  /** Whose epoch is pinned, or not any more, is that of this one of those there are. */
  | { readonly work: "pin" | "unpin"; readonly which: number };

/** How the processes of a simulation run the job. */
export interface LifeOptions {
  /** The job's plan. */
  readonly plan: SimPlan;
  /** What a save must outlive. */
  readonly durability: "power" | "process";
  /** Whether each epoch is saved while the next one runs, however small it is. */
  readonly isSavedAside: boolean;
}

/** What became of a process. */
export type Ending =
  | { readonly end: "finished"; readonly digests: ReadonlyMap<string, string> }
  | { readonly end: "done" | "killed" | "fenced" | "held" | "not there" | "unknown" }
  | { readonly end: "failed"; readonly error: unknown };

/** One process. */
export class Life {
  /** How it ended; nothing while it has not. */
  ending: Ending | undefined;
  /** It. */
  readonly process: SimulatedProcess;

  private constructor(readonly machine: Machine, readonly work: Work, name: string, host: string) {
    this.process = new SimulatedProcess(machine.scheduler, name, host);
    this.process.die = () => this.kill();
  }

  /** Starts one. */
  static start(
    machine: Machine,
    options: LifeOptions,
    work: Work,
    { name, host }: { readonly name: string; readonly host: string },
  ): Life {
    const life = new Life(machine, work, name, host);
    const running = runInside(life.process, () => life.#live(options));
    running.then((ending) => life.#end(ending), (error) => life.#end(endingOf(error)));
    return life;
  }

  /** Kills it. */
  kill(): void {
    this.#end({ end: "killed" });
  }

  #end(ending: Ending): void {
    if (this.ending !== undefined) return;
    this.ending = ending;
    this.process.end();
  }

  async #live({ plan, durability, isSavedAside }: LifeOptions): Promise<Ending> {
    const { work, machine, process } = this;
    const job = simJob(this.#outside(), plan);
    const checkpoints = new MultiNodeCheckpointManager("sim", "file", {
      ...{ store: machine.open(process), durability },
      ...isSavedAside ? { waitBytes: 0 } : {},
    });
    if (work.work === "pin" || work.work === "unpin") {
      return await this.#pin(await checkpoints.engine.archive.open(job.name, []), work);
    }
    if (work.work !== "run") {
      await checkpoints.engine.archive.open(job.name, []);
      if (work.work === "prune") {
        await prune(checkpoints.engine, keepOf(work.kept), { dryRun: false });
      }
      if (work.work === "repair") await repair(checkpoints.engine, { dryRun: false });
      return { end: "done" };
    }
    const session = new LocalSession({ grace: "1h" });
    this.#observe(session);
    const { start } = work.mode;
    const runner = new JobRunner(job, {
      ...{ checkpoints, takeOver: start !== "auto" },
      ...work.mode.start === "from"
        ? { resumeFromEpoch: work.mode.epoch }
        : start === "fresh"
        ? {}
        : { resumeFromEpoch: "auto" },
    });
    await runner.run(session);
    return { end: "finished", digests: await digestsOf(session) };
  }

  /** Changes a pin, as a person does who looks at what there is before. */
  async #pin(
    store: CheckpointStore,
    { work, which }: Extract<Work, { readonly which: number }>,
  ): Promise<Ending> {
    const { disk } = this.machine;
    const { manifests } = await store.history();
    const all = work === "pin" ? manifests : await store.pins();
    const pin = all[which % all.length];
    if (pin === undefined) return { end: "done" };
    const { process: { name: by } } = this;
    if (work === "pin") {
      disk.note({ note: "pinning", pin, by });
      await store.pin(pin);
      // What lies on a side line may have gone alone, before the pin was there.
      const { manifests: there, attempts } = await store.history();
      const refs = there.filter(keptByPins([pin], attempts));
      if (!this.process.isOver) disk.note({ note: "pinned", pin, by, refs });
    } else {
      disk.note({ note: "unpinning", pin });
      await store.unpin(pin);
      if (!this.process.isOver) disk.note({ note: "unpinned", pin });
    }
    return { end: "done" };
  }

  /** What the job does outside, remarked in the disk's log. */
  #outside(): Outside {
    const { machine: { disk, scheduler }, process } = this;
    const effect = (note: "begun" | "ended") => (key: string) => {
      scheduler.trace.push(`${process.name}: ${key} ${note}`);
      disk.note({ note, key, by: process.name });
    };
    const sleep = (note: "sleeps" | "slept") => (key: string) =>
      disk.note({ note, key, atMs: scheduler.nowMs });
    return {
      ...{ begun: effect("begun"), ended: effect("ended") },
      ...{ sleeps: sleep("sleeps"), slept: sleep("slept") },
    };
  }

  #observe(session: LocalSession): void {
    const { machine: { disk, scheduler }, process } = this;
    session.events.observe((event) => {
      // Of a process that is dead nobody hears.
      if (process.isOver) return;
      scheduler.trace.push(
        `${process.name}: ${event.type}${"epoch" in event ? ` ${event.epoch}` : ""}`,
      );
      if (event.type !== "save-committed") return;
      const { epoch, attempt } = event;
      const phase = event.phase === "init" ? "epoch" : event.phase;
      disk.note({ note: "saved", ref: { epoch, attempt, phase }, by: process.name });
    });
  }
}

/** How a process ended that threw. */
function endingOf(error: unknown): Ending {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof FencedError) return { end: "fenced" };
    if (inner instanceof JobHeldError) return { end: "held" };
    if (inner instanceof UnknownOutcomeError || inner instanceof ObjectNotFoundError) {
      return { end: "unknown" };
    }
    if (inner instanceof CheckpointNotFoundError || inner instanceof RemovedError) {
      return { end: "not there" };
    }
  }
  return { end: "failed", error };
}
