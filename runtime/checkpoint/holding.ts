/**
 * The hold that a runner has on its job.
 *
 * @module
 */
import { type Hold, type Holder, type HoldResult, StoreError } from "../../storage/mod.ts";
import { holderText, JobHeldError } from "../errors.ts";
import type { Archive } from "./archive.ts";

/** What a hold is for; it says what to do where somebody else has it. */
export type Purpose = "run" | "prune" | "repair";

/** How long a look at a hold may keep it from being taken. */
const LOOK_MS = 100;

/** Takes and releases the hold of a place. */
export class Holding {
  #hold: Hold | undefined;
  #purpose: Purpose = "run";
  #isTakenOver = false;

  /** Takes the place. */
  constructor(private readonly archive: Archive) {}

  /**
   * Takes the hold, for this process.
   *
   * @param takeOver Whether to go on without it where somebody else has it, who is then fenced by the next
   * attempt.
   * @returns What is to be said about it.
   * @throws {JobHeldError} Where somebody else has it.
   */
  async take(purpose: Purpose, takeOver: boolean = false): Promise<readonly string[]> {
    await this.release();
    this.#purpose = purpose;
    let holder = await this.#try();
    if (typeof holder === "object") {
      // Somebody may only have looked, which takes no longer.
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      holder = await this.#try();
    }
    if (holder === undefined) return [];
    if (typeof holder === "string") {
      return [
        `nobody can hold ${this.archive.place}, as ${holder}: a second runner would not be ` +
        `refused, but make the saves of the first fail`,
      ];
    }
    if (!takeOver) throw new JobHeldError(this.archive.place, holder, purpose);
    this.#isTakenOver = true;
    return [
      `this job was taken over from ${holderText(holder)}: its next save is refused, and what it ` +
      `has done since its last one is lost`,
    ];
  }

  /** Who has the job, as far as it can be seen from here. */
  async holder(): Promise<Holder | undefined> {
    return await (await this.archive.store()).store.holder?.();
  }

  /** Takes the hold of a job that was taken over, once the one before has let go of it. */
  async retry(): Promise<void> {
    if (this.#isTakenOver && await this.#try() === undefined) this.#isTakenOver = false;
  }

  /** Lets go of it. */
  async release(): Promise<void> {
    this.#isTakenOver = false;
    const hold = this.#hold;
    this.#hold = undefined;
    await hold?.release();
  }

  /**
   * Throws where somebody else has the job; for what takes an attempt without a runner.
   *
   * @throws {JobHeldError} Where somebody has.
   */
  async checkFree(): Promise<void> {
    if (this.#hold !== undefined || this.#isTakenOver) return;
    const holder = await this.holder();
    if (holder !== undefined) throw new JobHeldError(this.archive.place, holder, "run");
  }

  /** Takes the hold; gives who else has it, or why nobody can. */
  async #try(): Promise<Holder | string | undefined> {
    const { store } = await this.archive.store();
    const request = {
      ...{ purpose: this.#purpose, pid: Deno.pid, host: hostName(), sinceMs: Date.now() },
    };
    let result: HoldResult | undefined;
    try {
      result = await store.hold?.(request);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Whoever may not write here fails at the first thing that needs it, and may have nothing to do.
      return error.message;
    }
    if (result === undefined) return "stores of its kind have no holds";
    if ("impossible" in result) return result.impossible;
    if ("holder" in result) return result.holder;
    this.#hold = result.hold;
    return undefined;
  }
}

/** The machine's name, where nobody need be asked for it. */
function hostName(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname() : undefined;
}
