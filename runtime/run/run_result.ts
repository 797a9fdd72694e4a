/**
 * How a run ended.
 *
 * @module
 */
import type { RunOutcome } from "../events.ts";

/** How a run ended. */
export interface RunResult {
  /** The last epoch. */
  readonly epoch: number;
  /** How many epochs this run ran. */
  readonly ran: number;
  /** How it ended. */
  readonly outcome: RunOutcome;
  /** Why. */
  readonly because: string;
}
