/** What simulations have come to. */

import type { Chronicle } from "./chronicle.ts";
import type { Life } from "./life.ts";
import { HEARD } from "./writer_thread.ts";

/** Counts, over many seeds. */
export class Tally {
  seeds = 0;
  steps = 0;
  processes = 0;
  acknowledged = 0;
  removed = 0;
  powerCuts = 0;
  /** How many states were looked at that power cuts may have left. */
  states = 0;
  /** How often the thread that writes has said something. */
  heard = 0;
  /** How often somebody has asked whoever holds the job, and how many asks were removed. */
  asked = 0;
  heeded = 0;
  /** Saves of fenced attempts. */
  beside = 0;
  /** How often one of theirs was without a pack that it names. */
  hollow = 0;
  readonly #endings = new Map<string, number>();

  /** Adds one simulation. */
  add(lives: readonly Life[], chronicle: Chronicle, trace: readonly string[]): void {
    this.seeds++;
    this.steps += trace.length;
    this.heard += trace.filter((line) => line.endsWith(HEARD)).length;
    this.processes += lives.length;
    for (const { isAcknowledged, isFenced, isRemoved } of chronicle.commits.values()) {
      if (isAcknowledged) this.acknowledged++;
      if (isFenced) this.beside++;
      if (isRemoved) this.removed++;
    }
    this.hollow += chronicle.hollow;
    this.asked += chronicle.asks.left;
    this.heeded += chronicle.asks.gone;
    this.powerCuts += chronicle.cuts.length;
    for (const { states } of chronicle.cuts) this.states += states.length;
    for (const { ending } of lives) {
      const end = ending?.end ?? "still running";
      this.#endings.set(end, (this.#endings.get(end) ?? 0) + 1);
    }
  }

  /** How many processes ended in a way. */
  ended(end: string): number {
    return this.#endings.get(end) ?? 0;
  }

  /** The counts, in words. */
  toString(): string {
    const endings = [...this.#endings].sort().map(([end, count]) => `${count} ${end}`).join(", ");
    return `${this.seeds} seeds, ${this.steps} steps of ${this.processes} processes (${endings}), ` +
      `${this.acknowledged} saves acknowledged, ${this.beside} of fenced attempts ` +
      `(${this.hollow} times without a pack), ${this.removed} removed, ${this.asked} asks (${this.heeded} removed), ` +
      `${this.heard} answers of writer threads, ${this.powerCuts} power cuts (${this.states} states)`;
  }
}
