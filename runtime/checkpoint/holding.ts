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

/** How long a look at a hold may keep it from being taken, and how often that is tried again. */
const LOOK_MS = 50;
const LOOKS = 6;
/** How often a runner that has taken a job over tries to hold it. */
const RETRY_MS = 1000;

/** How a hold is taken. */
export interface TakeOptions {
  /** Whether to go on without it where somebody else has it. */
  readonly takeOver?: boolean;
  /** Ends the waiting for another machine's lease. */
  readonly signal?: AbortSignal;
}

/** The times of holds by which a process may be meant. */
export interface HeldSince {
  /** Since when it has the hold; nothing where it has not. */
  readonly ownMs: number | undefined;
  /** Since when whom it has taken the job over from has had it; nothing where it has not, or nobody can tell. */
  readonly takenFromMs: number | undefined;
}

/** Takes and releases the hold of a place. */
export class Holding {
  #hold: Hold | undefined;
  #purpose: Purpose = "run";
  #isTakenOver = false;
  #sinceMs = 0;
  #takenFromMs: number | undefined;
  #retrying: ReturnType<typeof setInterval> | undefined;
  #isTrying = false;

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
  async take(
    purpose: Purpose,
    { takeOver = false, signal }: TakeOptions = {},
  ): Promise<readonly string[]> {
    if (this.#hold !== undefined || this.#isTakenOver) {
      const own = { pid: Deno.pid, purpose: this.#purpose, beatAgoMs: 0 };
      throw new JobHeldError(this.archive.place, own, purpose);
    }
    this.#purpose = purpose;
    // Whoever asks the holder compares it with when attempts were begun: also where it is got later.
    this.#sinceMs = Date.now();
    this.#takenFromMs = undefined;
    let holder = await this.#try(signal);
    // Somebody may only have looked, which takes no longer.
    for (let more = LOOKS; typeof holder === "object" && more > 0 && !takeOver; more--) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      holder = await this.#try(signal);
    }
    if (holder === undefined) return [];
    if (typeof holder === "string") {
      return [
        `nobody can hold ${this.archive.place}, as ${holder}: a second runner would not be ` +
        `refused, but make the saves of the first fail: let only one run`,
      ];
    }
    if (!takeOver) throw new JobHeldError(this.archive.place, holder, purpose);
    this.#isTakenOver = true;
    this.#takenFromMs = holder.sinceMs;
    // Whoever comes third is to be refused as soon as the first has let go.
    this.#retrying = setInterval(() => void this.retry(), RETRY_MS);
    Deno.unrefTimer(this.#retrying);
    return [
      `this job was taken over from ${holderText(holder)}: its next save is refused, and what it ` +
      `has not recorded by now is lost`,
    ];
  }

  /**
   * By which times of holds this process may be meant, in milliseconds since 1970: that of its own, where it
   * has one, and that of the one it has taken the job over from.
   */
  get heldSince(): HeldSince {
    return {
      ownMs: this.#hold === undefined ? undefined : this.#sinceMs,
      takenFromMs: this.#takenFromMs,
    };
  }

  /**
   * Notes which state is read before there is an attempt, or that none is any more.
   *
   * @returns When those in a row right before this one had begun that died while they read the same, oldest
   * first, in milliseconds since 1970; none where that cannot be known.
   */
  async noteLoading(state: string | undefined): Promise<readonly number[]> {
    const before = this.#hold?.diedLoading;
    const diedMs = before !== undefined && before.state === state ? before.diedMs : [];
    await this.#hold?.noteLoading?.(state === undefined ? undefined : { state, diedMs });
    return diedMs;
  }

  /** Who has the job, as far as it can be seen from here. */
  async holder(): Promise<Holder | undefined> {
    return await (await this.archive.store()).store.holder?.();
  }

  /** Takes the hold of a job that was taken over, once the one before has let go of it. */
  async retry(): Promise<void> {
    if (!this.#isTakenOver || this.#isTrying) return;
    this.#isTrying = true;
    try {
      if (await this.#try() !== undefined) return;
      clearInterval(this.#retrying);
      // It may have ended meanwhile.
      if (!this.#isTakenOver) await this.release();
      this.#isTakenOver = false;
    } finally {
      this.#isTrying = false;
    }
  }

  /** Lets go of it. */
  async release(): Promise<void> {
    this.#isTakenOver = false;
    clearInterval(this.#retrying);
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
  async #try(signal?: AbortSignal): Promise<Holder | string | undefined> {
    const { store } = await this.archive.store();
    const request = {
      ...{ purpose: this.#purpose, pid: Deno.pid, host: hostName(), sinceMs: this.#sinceMs },
    };
    let result: HoldResult | undefined;
    try {
      result = await store.hold?.(request, { signal });
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
export function hostName(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname() : undefined;
}
