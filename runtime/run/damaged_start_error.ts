/**
 * Where a resume finds nothing that it may go on from.
 *
 * @module
 */
import { DamagedError } from "../../storage/mod.ts";

/** What is damaged keeps a job from going on: nothing before it is intact, or its plan is to stop there. */
export class DamagedStartError extends DamagedError {
  /** The class's name. */
  override readonly name: string = "DamagedStartError";

  /** Says where, what is damaged, why the job does not go back, and what to do. */
  constructor(damage: DamagedError, where: string, next: string) {
    const { object, expected, found, cause } = damage;
    super(object, expected, found, { cause });
    this.message = `${where}: "${object}" should have ${expected}, but has ${found}. ${next}`;
  }
}
