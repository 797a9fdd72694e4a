/**
 * Whether an attempt may still save and remove.
 *
 * @module
 */
import { AttemptOverError, FencedError, StoreError, UnknownOutcomeError } from "./errors.ts";
import { attemptName } from "./layout.ts";
import type { Store } from "./store.ts";

/**
 * The end of an attempt: a newer one that was begun, or a commit of its whose outcome is not known.
 *
 * Numbers have no gaps, as each attempt is created behind the highest there is and never removed, so that
 * the next number tells.
 */
export class Fence {
  readonly #store: Store;
  readonly #number: number;
  readonly #next: string;
  #over: unknown;

  /** Takes the attempt's number. */
  constructor(store: Store, number: number) {
    this.#store = store;
    this.#number = number;
    this.#next = attemptName(number + 1);
  }

  /** Whether the attempt has ended. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Ends the attempt. */
  end(why: unknown): void {
    this.#over = why;
  }

  /**
   * Ends the attempt, as a newer one has taken over; `what` becomes of what it was doing.
   *
   * @throws {FencedError} Always.
   */
  fence(what: string, options?: ErrorOptions): never {
    this.#over = new FencedError(this.#number, this.#number + 1, what, options);
    throw this.#over;
  }

  /**
   * Throws where the attempt has ended.
   *
   * @throws {FencedError} Where a newer one has taken over.
   * @throws {AttemptOverError} Where something else has ended it.
   */
  checkNotOver(): void {
    if (this.#over instanceof FencedError) throw this.#over;
    if (this.#over !== undefined) throw new AttemptOverError(this.#number, this.#over);
  }

  /**
   * Looks for a newer attempt.
   *
   * @throws {FencedError} Where there is one.
   * @throws {UnknownOutcomeError} Where nobody can tell, which ends this one.
   */
  async check(what: string): Promise<void> {
    const isFenced = await this.#isFenced().catch((error) => {
      const why = `nobody can tell whether ${what}, as a newer attempt cannot be looked for`;
      this.#over = new UnknownOutcomeError("look at", this.#next, why, { cause: error });
      throw this.#over;
    });
    if (isFenced) this.fence(what);
  }

  /**
   * Looks for a newer attempt as quickly as the store can, behind what a later look finds too: one that
   * fails leaves nothing uncertain.
   *
   * @throws {FencedError} Where there is one.
   */
  async glance(what: string): Promise<void> {
    this.checkNotOver();
    const seen = this.#store.glance?.(this.#next);
    if (seen ?? await this.#isFenced()) this.fence(what);
  }

  /**
   * Says what it means that a write has failed: whoever has begun a newer attempt may have removed what it
   * was writing, and then nothing is to be tried again.
   *
   * @throws {FencedError} Where there is a newer attempt; `cause` is the failure.
   * @throws The failure, where there is none, or nobody can tell.
   */
  async failed(error: unknown, what: string): Promise<never> {
    const isFenced = error instanceof StoreError && await this.#isFenced().catch(() => false);
    if (isFenced) this.fence(what, { cause: error });
    if (error instanceof UnknownOutcomeError) this.#over = error;
    throw error;
  }

  async #isFenced(): Promise<boolean> {
    return await this.#store.stat(this.#next) !== undefined;
  }
}
