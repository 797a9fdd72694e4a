/**
 * One timer for many deadlines: a timer for each task would cost more than a short task does.
 *
 * @module
 */
import { monotonicMs } from "../clock.ts";
import { TaskTimeoutError } from "../errors.ts";
import type { Halt } from "./halt.ts";
import { LONGEST_TIMER_MS } from "./turn.ts";

/** Tells what runs to end when its deadline has passed. */
export class Deadlines {
  readonly #halts = new Set<Halt>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = Infinity;

  /** Watches a deadline. */
  add(halt: Halt): void {
    this.#halts.add(halt);
    if (halt.deadline < this.#firesAt) this.#schedule(halt.deadline);
  }

  /** Watches it no more. */
  delete(halt: Halt): void {
    this.#halts.delete(halt);
  }

  /** Stops the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#firesAt = Infinity;
  }

  #schedule(at: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = at;
    const waitMs = Math.min(Math.max(0, Math.ceil(at - monotonicMs())), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#fire(), waitMs);
  }

  #fire(): void {
    const now = monotonicMs();
    let next = Infinity;
    for (const halt of this.#halts) {
      if (halt.deadline > now) {
        next = Math.min(next, halt.deadline);
        continue;
      }
      this.#halts.delete(halt);
      halt.halt(new TaskTimeoutError(halt.timeoutMs));
    }
    this.#firesAt = Infinity;
    if (next < Infinity) this.#schedule(next);
  }
}
