/**
 * What a task that derives may not ask its context for.
 *
 * @module
 */
import type { TaskPlace } from "../events.ts";
import type { Scope } from "../session/scope.ts";

/** Refuses the time, and waits for it, at once and not at the first resume. */
export const NO_TIME: Pick<Scope, "clock" | "onWait"> = {
  clock: ({ task }: TaskPlace): never => {
    throw new Error(
      `now() gives another time when task "${task}" runs again on a resume, as it does since what it writes ` +
        `is derived: take the time in a task of its own, and read the blob that this writes`,
    );
  },
  onWait: (what: string, { task }: TaskPlace): never => {
    throw new Error(
      `${what} would be waited for in full whenever task "${task}" runs again, as it does on each resume ` +
        `since what it writes is derived: wait in a task of its own before it`,
    );
  },
};
