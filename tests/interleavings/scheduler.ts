/**
 * Decides by a seed what happens next: which operation of which simulated process is done, which timer
 * fires, and how the time goes on.
 */

import { setImmediate } from "node:timers";
import { type FakeMachine, runInside } from "./fake_time.ts";
import type { Random } from "../crash/trials.ts";

/** When all simulations begin. */
const BEGIN_MS = 1_700_000_000_000;
/** An operation takes up to so long. */
const LONGEST_STEP_MS = 4;
/** One of so many operations is slow, and takes up to this long. */
const ONE_SLOW_IN = 150;
const SLOW_MS = 20_000;

/** What a trace says where a process tells its thread something. */
export const TOLD = "tell the thread";

/** So many turns of the event loop a process takes at most between two operations. */
const MOST_TURNS = 8;

/** Something that a process waits for. */
interface Pending {
  readonly process: SimulatedProcess;
  readonly what: string;
  /** When it can happen at the earliest. */
  readyMs: number;
  readonly happen: () => void;
  /** Lets it happen though its process has died before it could hear of it; not given for a timer. */
  readonly happenUnheard?: () => void;
}

/** All that can happen. */
export class Scheduler {
  /** The time, in milliseconds since 1970. */
  nowMs = BEGIN_MS;
  /** What has happened, in order. */
  readonly trace: string[] = [];
  #pending: Pending[] = [];
  #timers = 0;

  /** How many operations were slow, and whose the last one was. */
  slow = 0;
  slowProcess: SimulatedProcess | undefined;

  /** Takes what decides. */
  constructor(
    /** The numbers that a seed makes. */
    readonly random: Random,
    /** Operations that are slow half of the times; of the others only some are. */
    private readonly slowSpot?: RegExp,
  ) {}

  /** How many things have happened. */
  get steps(): number {
    return this.trace.length;
  }

  /** Waits until it is an operation's turn, and lets it happen. */
  operate<T>(process: SimulatedProcess, what: string, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (process.isOver) return;
      const isSlow = this.#isSlow(what);
      if (isSlow) this.slowProcess = process;
      if (isSlow && what === TOLD) process.wasHeldUp = true;
      this.#pending.push({
        ...{ process, what, readyMs: this.nowMs + (isSlow ? this.random(SLOW_MS) : 0) },
        happen: () => void run().then(resolve, reject),
        happenUnheard: () => void run().catch(() => {}),
      });
    });
  }

  #isSlow(what: string): boolean {
    if (this.slowSpot === undefined) return false;
    const isSlow = this.random(this.slowSpot.test(what) ? 2 : ONE_SLOW_IN) === 0;
    if (isSlow) this.slow++;
    return isSlow;
  }

  /** Calls a function of a process at a time. */
  setTimer(
    process: SimulatedProcess,
    call: () => void,
    ms: number,
    isRepeated: boolean,
  ): Pending | undefined {
    if (process.isOver) return undefined;
    const timer: Pending = {
      ...{ process, what: `timer ${++this.#timers}`, readyMs: this.nowMs + Math.max(0, ms) },
      happen: () => {
        if (isRepeated) {
          timer.readyMs = this.nowMs + ms;
          this.#pending.push(timer);
        }
        runInside(process, call);
      },
    };
    this.#pending.push(timer);
    return timer;
  }

  /** Calls a timer off. */
  clearTimer(timer: Pending): void {
    const at = this.#pending.indexOf(timer);
    if (at >= 0) this.#pending.splice(at, 1);
  }

  /** Ends a process: of what it waits for, operations may still happen, or not. */
  end(process: SimulatedProcess): void {
    const own = this.#pending.filter((pending) => pending.process === process);
    this.#pending = this.#pending.filter((pending) => pending.process !== process);
    for (const { what, happenUnheard } of own) {
      if (happenUnheard === undefined || this.random(2) === 0) continue;
      this.trace.push(`${process.name}: ${what}, unheard`);
      happenUnheard();
    }
  }

  /** A process that is about to do one of some operations. */
  waitingFor(operations: RegExp): SimulatedProcess | undefined {
    return this.#pending.find(({ what }) => operations.test(what))?.process;
  }

  /** Lets the operations that a process waits for take longer. */
  delay(process: SimulatedProcess, ms: number): void {
    for (const pending of this.#pending) {
      if (pending.process === process && pending.happenUnheard !== undefined) {
        if (pending.what === TOLD) process.wasHeldUp = true;
        pending.readyMs = this.nowMs + ms;
      }
    }
  }

  /** Lets one thing happen, and all that comes of it at once; gives whether there was one. */
  async step(): Promise<boolean> {
    // What was just started may not have come to its first operation.
    await settled();
    // Whoever does much lets the event loop turn now and then, which no other process needs to wait for.
    for (let turn = 0; this.#pending.length === 0 && turn < MOST_TURNS; turn++) await settled();
    if (this.#pending.length === 0) return false;
    const next = this.#choose();
    this.#pending.splice(this.#pending.indexOf(next), 1);
    this.nowMs += this.random(LONGEST_STEP_MS);
    this.trace.push(`${next.process.name}: ${next.what}`);
    next.happen();
    await settled();
    return true;
  }

  #choose(): Pending {
    const timeOf = ({ readyMs, process }: Pending) => Math.max(readyMs, process.stoppedUntilMs);
    const first = this.#pending.reduce((least, one) => Math.min(least, timeOf(one)), Infinity);
    this.nowMs = Math.max(this.nowMs, first);
    const ready = this.#pending.filter((one) => timeOf(one) <= this.nowMs);
    const processes = [...new Set(ready.map(({ process }) => process))];
    let left = this.random(processes.reduce((sum, { speed }) => sum + speed, 0));
    const process = processes.find(({ speed }) => (left -= speed) < 0);
    const own = ready.filter((one) => one.process === process);
    const chosen = own[this.random(own.length)];
    if (chosen === undefined) throw new Error("unreachable: something is ready");
    return chosen;
  }
}

/** Waits until nothing goes on by itself any more. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A process, as far as the scheduler knows it. */
export class SimulatedProcess implements FakeMachine {
  /** Whether it has ended, or was killed. */
  isOver = false;
  /** It does nothing before this time, as one that was sent SIGSTOP. */
  stoppedUntilMs = 0;
  /** Whether it was stopped once, or its thread heard of something late: others may take it for dead then. */
  wasHeldUp = false;
  /** Whether nothing kills it. */
  isSpared = false;
  /** How often it comes to its turn, against others. */
  speed = 4;
  readonly #timers = new Map<number, Pending>();
  readonly #onEnd: (() => void)[] = [];
  #lastTimer = 0;

  /** Starts it. */
  constructor(
    /** What decides when something happens. */
    readonly scheduler: Scheduler,
    /** Its name in the trace. */
    readonly name: string,
    /** The machine that it runs on. */
    readonly host: string,
  ) {}

  /** The time. */
  nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** Sets a timer. */
  setTimer(call: () => void, ms: number, isRepeated: boolean): number {
    const id = ++this.#lastTimer;
    const timer = this.scheduler.setTimer(this, call, ms, isRepeated);
    if (timer !== undefined) this.#timers.set(id, timer);
    return id;
  }

  /** Calls one off. */
  clearTimer(id: number): void {
    const timer = this.#timers.get(id);
    if (timer !== undefined) this.scheduler.clearTimer(timer);
    this.#timers.delete(id);
  }

  /** A name that the seed makes. */
  randomUUID(): ReturnType<typeof crypto.randomUUID> {
    const hex = Array.from(
      { length: 8 },
      () => this.scheduler.random(65_536).toString(16).padStart(4, "0"),
    );
    const [a, b, c, d, e, f, g, h] = hex;
    return `${a}${b}-${c}-${d}-${e}-${f}${g}${h}`;
  }

  /** Lets it do nothing for a while. */
  stop(ms: number): void {
    this.wasHeldUp = true;
    this.stoppedUntilMs = this.scheduler.nowMs + ms;
  }

  /** Kills it in the midst of something that it does; whoever watches over it says how. */
  die = (): void => this.end();

  /** Does something once it has ended. */
  onEnd(call: () => void): void {
    this.#onEnd.push(call);
  }

  /** Ends it: nothing of it goes on from then. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.scheduler.end(this);
    for (const call of this.#onEnd) call();
  }
}
