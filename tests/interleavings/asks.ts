/** What persons ask for, beside what the plan keeps. */

import { DamagedError, type KeepRule } from "../../storage/mod.ts";
import { decodeAsk } from "../../storage/asks.ts";
import { isAskName } from "../../storage/layout.ts";
import { check } from "./promise.ts";
import type { Kept } from "./retention.ts";

/** An ask that waits. */
interface Waiting {
  /** The attempt that is asked. */
  readonly attempt: number;
  /** What it is to keep; all where it is to repair. */
  readonly kept: Kept | undefined;
  /** Since when whoever is asked has the hold, where he had not begun that attempt. */
  readonly heldSinceMs: number | undefined;
  /** How many saves of whoever is asked were acknowledged meanwhile. */
  saves: number;
}

/** Follows what is asked, and knows what each attempt may remove. */
export class Asks {
  readonly #waiting = new Map<string, Waiting>();
  /** Who has the hold, or had, by since when. */
  readonly #holders = new Map<number, string>();
  /** How many were there once, and how many are not any more. */
  left = 0;
  gone = 0;

  /** Takes what the plan keeps, and what a process that prunes was told to keep. */
  constructor(
    private readonly plan: Kept,
    private readonly ofProcess: (process: string) => Kept | undefined,
  ) {}

  /** What an attempt must keep now, which a process has begun. */
  keptBy(attempt: number, process: string | undefined): Kept {
    const asked = [...this.#waiting.values()].filter((ask) => ask.attempt === attempt);
    const own = process === undefined ? undefined : this.ofProcess(process);
    const all = [this.plan, own, ...asked.map(({ kept }) => kept)].filter((kept) =>
      kept !== undefined
    );
    return {
      last: Math.min(...all.map(({ last }) => last)),
      youngerMs: Math.min(...all.map(({ youngerMs }) => youngerMs)),
    };
  }

  /** Takes note of who has the hold. */
  held(by: string, sinceMs: number): void {
    this.#holders.set(sinceMs, by);
  }

  /** Takes note that a save was acknowledged: behind the one before, what its process is asked was to be done. */
  saved(by: string, processOf: (attempt: number) => string | undefined): void {
    for (const [name, ask] of this.#waiting) {
      const { attempt, heldSinceMs } = ask;
      const asked = heldSinceMs === undefined ? processOf(attempt) : this.#holders.get(heldSinceMs);
      if (asked !== by) continue;
      check(ask.saves === 0, () => `${by} has saved twice, and not done ${name}, which asks it`);
      ask.saves++;
    }
  }

  /** Takes note of what was linked. */
  linked(name: string, bytes: Uint8Array): void {
    if (!isAskName(name)) return;
    this.#waiting.set(name, waitingOf(name, bytes));
    this.left++;
  }

  /** Takes note of what was removed. */
  removed(name: string): void {
    if (this.#waiting.delete(name)) this.gone++;
  }

  /** Takes note of what a power cut has left. */
  lostPower(files: ReadonlyMap<string, Uint8Array>): void {
    this.#waiting.clear();
    for (const [name, bytes] of files) {
      if (isAskName(name) && !isTorn(name, bytes)) this.#waiting.set(name, waitingOf(name, bytes));
    }
  }
}

function waitingOf(name: string, bytes: Uint8Array): Waiting {
  const { attempt, heldSinceMs, asked } = decodeAsk(name, bytes);
  return {
    attempt,
    heldSinceMs,
    saves: 0,
    kept: asked.what === "prune" ? keptOf(asked.rules) : undefined,
  };
}

function keptOf(rules: readonly KeepRule[]): Kept {
  const kept = { last: 0, youngerMs: 0 };
  for (const rule of rules) {
    if (rule.rule === "last") kept.last = rule.n;
    else if (rule.rule === "younger") kept.youngerMs = rule.ms;
    else throw new Error(`no simulated plan has the rule ${rule.rule}`);
  }
  return kept;
}

/** Whether a power cut has torn it, as it is not synced. */
function isTorn(name: string, bytes: Uint8Array): boolean {
  try {
    decodeAsk(name, bytes);
    return false;
  } catch (error) {
    if (error instanceof DamagedError) return true;
    throw error;
  }
}
