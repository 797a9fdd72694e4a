/**
 * Knows which try has made a promise that nobody awaits.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Halt } from "./halt.ts";

const current = new AsyncLocalStorage<Halt>();

/** Runs a try: what it starts is known to be its own from then on, also after its end. */
export function runAsTry<T>(halt: Halt, run: () => T): T {
  return current.run(halt, run);
}

/** The try that runs, or that has made the promise of whose rejection a listener is told. */
export function currentTry(): Halt | undefined {
  return current.getStore();
}
