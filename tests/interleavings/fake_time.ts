/**
 * The clock, the timers and the random names of simulated processes.
 *
 * Import it before anything of the product, which takes some of these functions when it is loaded. Outside
 * of a simulated process they do what they always do.
 */

import { AsyncLocalStorage } from "node:async_hooks";

/** What a simulated process is given instead of the machine's own. */
export interface FakeMachine {
  /** The time, in milliseconds since 1970. */
  nowMs(): number;
  /** Calls a function after a time, and again each time it has passed where wanted; gives a number. */
  setTimer(call: () => void, ms: number, isRepeated: boolean): number;
  /** Calls that off. */
  clearTimer(timer: number): void;
  /** A name that nobody else has. */
  randomUUID(): ReturnType<typeof crypto.randomUUID>;
}

const inside = new AsyncLocalStorage<FakeMachine>();

/** Runs something, and all that comes of it, as a simulated process. */
export function runInside<T>(machine: FakeMachine, run: () => T): T {
  return inside.run(machine, run);
}

const { now } = Date;
Date.now = () => inside.getStore()?.nowMs() ?? now();

const monotonic = performance.now.bind(performance);
performance.now = () => inside.getStore()?.nowMs() ?? monotonic();

const { randomUUID } = crypto;
crypto.randomUUID = () => inside.getStore()?.randomUUID() ?? randomUUID.call(crypto);

function fakeTimer(real: typeof setTimeout, isRepeated: boolean): typeof setTimeout {
  const fake = (call: () => void, ms: number = 0, ...given: unknown[]): unknown => {
    const machine = inside.getStore();
    return machine === undefined
      ? Reflect.apply(real, globalThis, [call, ms, ...given])
      : machine.setTimer(call, ms, isRepeated);
  };
  return Object.assign(fake, real) as typeof setTimeout;
}

function fakeClear(real: typeof clearTimeout): typeof clearTimeout {
  return (timer) => {
    const machine = inside.getStore();
    if (machine === undefined || typeof timer !== "number") real(timer);
    else machine.clearTimer(timer);
  };
}

globalThis.setTimeout = fakeTimer(globalThis.setTimeout, false);
globalThis.setInterval = fakeTimer(
  globalThis.setInterval as typeof setTimeout,
  true,
) as typeof setInterval;
globalThis.clearTimeout = fakeClear(globalThis.clearTimeout);
globalThis.clearInterval = fakeClear(globalThis.clearInterval);

const { unrefTimer } = Deno;
Deno.unrefTimer = (timer) => {
  if (inside.getStore() === undefined) unrefTimer(timer);
};
