/**
 * Lets the event loop turn while something long is done in many short steps.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/** After so long the event loop has a turn. */
const TURN_EVERY_MS = 10;

/** Long work of many short steps: calls on the disk that take microseconds are made at once, and give no turn. */
export class Pace {
  #turnedMs: number = performance.now();

  /** Whether the event loop is to have a turn. */
  get isDue(): boolean {
    return performance.now() - this.#turnedMs >= TURN_EVERY_MS;
  }

  /** Between two steps: lets timers, signals and I/O be heard where that is due. */
  async turn(): Promise<void> {
    if (!this.isDue) return;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#turnedMs = performance.now();
  }
}
