/**
 * What is done after a save: what killed saves have left is removed, what the plan does not keep, and what
 * others ask for.
 *
 * @module
 */
import type { Keep } from "../../dsl/mod.ts";
import type { Attempt, CheckpointStore, ManifestRef } from "../../storage/mod.ts";
import type { Events } from "../events.ts";
import { messageOf } from "../thrown_text.ts";
import { doAsks } from "./do_asks.ts";
import type { HeldSince } from "./holding.ts";
import { retain, type Retained } from "./retain.ts";

/** A save that was acknowledged, and what it leaves to do. */
export interface AfterSave {
  /** Where it lies. */
  readonly store: CheckpointStore;
  /** Who saved. */
  readonly attempt: Attempt;
  /** The first of those that this process has begun, each right behind the one before it, up to that. */
  readonly first: number;
  /** What was saved. */
  readonly epoch: number;
  /** The plan's rules; all are kept where there are none. */
  readonly keep: readonly Keep[] | undefined;
  /** What stays whatever the rules say. */
  readonly inUse: readonly ManifestRef[];
  /** By which times of holds this process may be meant. */
  readonly heldSince: HeldSince;
  /** Is told of what was removed. */
  readonly events: Events;
}

/** Looks after the store of a manager. */
export class Upkeep {
  readonly #told = new Set<string>();
  /** How many times asks have failed. */
  readonly #failures = new Map<string, number>();
  #swept: Attempt | undefined;

  /**
   * Does what there is to do.
   *
   * @throws {FencedError} Where a later attempt has taken over; then nothing is removed.
   */
  async after(saved: AfterSave): Promise<void> {
    await this.#sweep(saved.attempt);
    if (saved.keep !== undefined) await this.#retain(saved, saved.keep);
    const { events } = saved;
    await doAsks({
      ...saved,
      failures: this.#failures,
      warn: (message) => this.#warnOnce(events, message),
    });
  }

  /** Removes, once, what killed saves of earlier attempts have left. */
  async #sweep(attempt: Attempt): Promise<void> {
    if (this.#swept === attempt) return;
    this.#swept = attempt;
    try {
      await attempt.sweep();
    } catch (error) {
      if (attempt.isOver) throw error;
      // What could not be removed harms nobody; `verify` tells of it.
    }
  }

  async #retain(
    { store, attempt, epoch, inUse, events }: AfterSave,
    keep: readonly Keep[],
  ): Promise<void> {
    let retained: Retained;
    try {
      retained = await retain(store, attempt, keep, inUse);
    } catch (error) {
      if (attempt.isOver) throw error;
      const why = messageOf(error);
      const message =
        `what the plan does not keep could not be removed, which the next save tries again: ${why}`;
      this.#warnOnce(events, message);
      return;
    }
    const { removed, unmet } = retained;
    for (const message of unmet) {
      // After init many a number is not there yet.
      if (epoch !== 0) this.#warnOnce(events, `keep: ${message}`);
    }
    if (removed.length === 0) return;
    const because = "the plan's keep no longer keeps them";
    events.emit({ type: "removed", epochs: removed.map((ref) => ref.epoch), because });
  }

  /** Says something that each save might say again. */
  #warnOnce(events: Events, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    events.emit({ type: "notice", level: "warning", message });
  }
}
