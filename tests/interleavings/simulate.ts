/**
 * Simulates runners of one job that are killed, stopped, taken over from and tidied up behind, and whose
 * power is cut, as a seed has it, and checks all that they did.
 */

import { randomFrom } from "../crash/trials.ts";
import { Asks } from "./asks.ts";
import { Chronicle } from "./chronicle.ts";
import { checkEnd, checkEndings, checkPowerCuts, referenceOf } from "./check.ts";
import { Life, type LifeOptions, type Work } from "./life.ts";
import { BEHIND_REMOVAL_RECORD, type Breakage } from "./breakages.ts";
import { Machine } from "./machine.ts";
import { Scheduler, settled, type SimulatedProcess } from "./scheduler.ts";
import type { StartMode } from "./notes.ts";
import { keepOf, type Kept } from "./retention.ts";
import type { Tally } from "./tally.ts";
import type { Thread } from "./writer_thread.ts";

/** So many things happen at most before a simulation is taken to hang. */
const MOST_STEPS = 60_000;
/** So many processes live at most at one time. */
const MOST_LIVES = 3;

/** Operations one of which is often slow in a simulation, while others start; in some none is. */
const SLOW_SPOTS = [
  undefined,
  /^link attempts\/\d+\.cbor/,
  /^link attempts\/\d+\.parent/,
  /^link (epochs|phases)/,
  /^link removals/,
  /^stat attempts\/\d+\.cbor/,
  /^list (epochs|removals)/,
  /^open epochs/,
  /^remove (epochs|packs)/,
  /^(write|sync|link) tasks/,
  /^write packs/,
];

/** How a simulation goes. */
export interface SimulationOptions {
  /** A build that is broken on purpose, where it is. */
  readonly breakage?: Breakage;
  /** Whether all that happens is printed. */
  readonly isTold?: boolean;
}

/** What a seed makes. */
class Simulation {
  readonly random;
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly lives: Life[] = [];
  readonly kept: Kept;
  readonly options: LifeOptions;
  /** Of so many events one is a power cut; of none where 0. */
  readonly #onePowerCutIn: number;
  readonly #oneEventIn: number;
  readonly #diesAt: RegExp | undefined;
  #events: number;
  #slow = 0;

  constructor(seed: number, private readonly breakage: Breakage | undefined) {
    const { changeFileSystem, slowSpot, isOfPower } = breakage ?? {};
    const thread = threadOf(seed, breakage);
    const random = this.random = randomFrom(seed);
    const drawn = SLOW_SPOTS[random(SLOW_SPOTS.length)];
    this.scheduler = new Scheduler(random, slowSpot ?? drawn);
    this.machine = new Machine(this.scheduler, random(3) > 0, changeFileSystem, thread);
    const grain = breakage?.grain ?? (random(2) === 0 ? "epoch" : "task");
    this.kept = {
      last: breakage?.keepLast ?? 1 + random(3),
      youngerMs: random(3) === 0 ? 2000 : 0,
    };
    const keep = keepOf(this.kept);
    this.options = {
      plan: { grain, keep, load: random(3) === 0 ? "lazy" : "eager" },
      durability: isOfPower || random(2) === 0 ? "power" : "process",
      isSavedAside: random(2) === 0,
    };
    // Saves that need not outlive a power cut may not be there, or be damaged, behind one.
    const isCut = this.options.durability === "power" && (isOfPower ?? breakage === undefined);
    this.#onePowerCutIn = isCut ? 1 + random(isOfPower ? 2 : 5) : 0;
    const diesAt = random(6) === 0 ? BEHIND_REMOVAL_RECORD : undefined;
    this.#diesAt = breakage === undefined ? diesAt : breakage.diesAt;
    this.#oneEventIn = 30 + random(200);
    this.#events = 2 + random(9);
  }

  /** Runs until all that the seed has in store has happened, and a last runner has ended the job. */
  async run(): Promise<void> {
    this.#start();
    while (this.#events > 0) {
      if (!this.#step(await this.scheduler.step())) throw new Error("it hangs");
      if (this.#diesAt !== undefined && this.#alive.length > 1) {
        this.#kill(this.scheduler.waitingFor(this.#diesAt));
      }
      if (this.scheduler.slow > this.#slow) {
        this.#slow = this.scheduler.slow;
        const what = this.random(5);
        if (what === 0) continue;
        this.#events--;
        // What comes meanwhile finds it alive, or dead.
        if (what === 1 || this.breakage?.isDeadMeanwhile) this.#kill(this.scheduler.slowProcess);
        if (this.breakage?.meanwhile === "repair") this.#live({ work: "repair" });
        else this.#start(true);
        continue;
      }
      if (this.#alive.length > 0 && this.random(this.#oneEventIn) > 0) continue;
      this.#events--;
      if (this.#onePowerCutIn > 0 && this.random(this.#onePowerCutIn) === 0) await this.#cutPower();
      else this.#event();
    }
    if (this.#onePowerCutIn > 0) {
      const steps = this.random(400);
      for (let step = 0; step < steps && this.#alive.length > 0; step++) {
        await this.scheduler.step();
      }
      await this.#cutPower();
    }
    const end = this.random(3);
    for (const life of this.#alive) if (end === 0 || this.random(2) === 0) life.kill();
    await this.#ended();
    this.#live({ work: "run", mode: { start: "take over" } }).process.isSpared = true;
    await this.#ended();
    this.#live({ work: "repair" }).process.isSpared = true;
    await this.#ended();
  }

  /** Waits until all processes have ended. */
  async #ended(): Promise<void> {
    while (this.#alive.length > 0) {
      if (!this.#step(await this.scheduler.step())) throw new Error("it hangs");
    }
  }

  #step(isGoingOn: boolean): boolean {
    return isGoingOn ? this.scheduler.steps < MOST_STEPS : this.#alive.length === 0;
  }

  get #alive(): readonly Life[] {
    return this.lives.filter(({ ending }) => ending === undefined);
  }

  #kill(process: SimulatedProcess | undefined): void {
    this.#alive.find((life) => life.process === process)?.kill();
  }

  /** All processes die, and the disk with them, but for what is durable. */
  async #cutPower(): Promise<void> {
    for (const life of this.#alive) life.kill();
    // What the dead had begun may still be done before.
    await settled();
    this.machine.cutPower();
    this.#start();
  }

  /** Something that happens to the processes. */
  #event(): void {
    const { random, scheduler } = this;
    const alive = this.#alive;
    const one = alive[random(alive.length)];
    if (one === undefined) return this.#start();
    if (this.breakage?.isAsked === true && random(3) > 0) {
      return random(2) === 0 ? this.#prune() : void this.#live({ work: "repair" });
    }
    switch (random(11)) {
      case 0:
      case 1:
        one.kill();
        return this.#start();
      case 2:
        one.process.stop(random(30_000));
        return this.#start();
      case 3:
        scheduler.delay(one.process, random(30_000));
        return this.#start();
      case 4:
        one.process.speed = 1 + random(16);
        return;
      case 5:
        return this.#prune();
      case 7:
        return void this.#live({ work: "pin", which: random(100) });
      case 8:
        return void this.#live({ work: random(3) > 0 ? "pin" : "unpin", which: random(100) });
      case 6:
        return void this.#live({ work: "repair" });
      default:
        return this.#start();
    }
  }

  /** Prunes as the plan says, or as a person does who wants room. */
  #prune(): void {
    const kept = this.lives.length % 2 === 0 ? this.kept : { last: 1, youngerMs: 0 };
    this.#live({ work: "prune", kept });
  }

  /** Starts a runner, which takes the job over, or is refused where somebody has it. */
  #start(isTakingOver = false): void {
    if (this.#alive.length >= MOST_LIVES) return;
    this.#live({ work: "run", mode: this.#mode(isTakingOver) });
  }

  #mode(isTakingOver: boolean): StartMode {
    const { random } = this;
    const isRefused = !isTakingOver && random(8) < 3;
    if (this.lives.length === 0 || isRefused) return { start: "auto" };
    const { meanwhile = "repair" } = this.breakage ?? {};
    if (isTakingOver && meanwhile !== "repair") return meanwhile;
    if (random(8) < 4) return { start: "take over" };
    return random(4) === 0 ? { start: "fresh" } : { start: "from", epoch: random(4) };
  }

  #live(work: Work): Life {
    const { machine, options, lives, random } = this;
    const what = work.work === "run" ? work.mode.start : work.work;
    const life = Life.start(machine, options, work, {
      name: `${lives.length + 1} (${what})`,
      host: `host-${random(2)}`,
    });
    lives.push(life);
    return life;
  }
}

/** The thread that writes: of every second seed, and of every fourth as its own text. */
function threadOf(seed: number, { changeThread, changeText }: Breakage = {}): Thread | undefined {
  if (changeThread !== undefined) return { by: "steps", change: changeThread };
  if (changeText !== undefined) return { by: "text", change: changeText };
  if (seed % 2 !== 0) return undefined;
  return { by: seed % 4 === 0 ? "text" : "steps" };
}

/** What a simulation has shown. */
export interface Simulated {
  /** All that happened, in order. */
  readonly trace: readonly string[];
}

/** A promise was broken, or a process ended as none should. */
export class SimulationError extends Error {
  /** The error's class. */
  override readonly name = "SimulationError";
}

/**
 * Simulates what a seed makes, and adds to a tally.
 *
 * @throws {SimulationError} Where a promise is broken; the message says how to see it again.
 */
export async function simulateSeed(
  seed: number,
  tally: Tally,
  given: SimulationOptions = {},
): Promise<Simulated> {
  const reference = await referenceOf();
  const simulation = new Simulation(seed, given.breakage);
  const { scheduler: { trace }, lives, machine, kept, options } = simulation;
  const workOf = (process: string) => lives.find((life) => life.process.name === process)?.work;
  const asks = new Asks(kept, (process) => {
    const work = workOf(process);
    return work?.work === "prune" ? work.kept : undefined;
  });
  const chronicle = new Chronicle(asks, options.plan.grain === "task");
  const mend = given.breakage?.breakCode?.();
  try {
    try {
      await simulation.run();
    } finally {
      mend?.();
    }
    chronicle.read(machine.disk.log);
    chronicle.checkLines((process) => {
      const work = workOf(process);
      return work?.work === "run" ? work.mode : undefined;
    });
    await checkPowerCuts(chronicle.cuts, reference);
    checkEndings(lives, reference);
    await checkEnd(machine, chronicle, reference);
    if (given.isTold === true) console.log(trace.join("\n"));
    tally.add(lives, chronicle, trace);
    return { trace };
  } catch (error) {
    if (given.isTold === true) console.log(trace.join("\n"));
    const why = error instanceof Error ? error.message : String(error);
    throw new SimulationError(
      `seed ${seed}: ${why}\nTo see it again: deno run tests/interleavings/replay.ts ${seed}`,
      { cause: error },
    );
  }
}
