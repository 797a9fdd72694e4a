/**
 * Lets a start wait for room on a full disk, as its plan lets saves wait.
 *
 * @module
 */
import type { CheckpointPlan } from "../../dsl/mod.ts";
import { StoreFullError } from "../../storage/mod.ts";
import { sleep } from "../task/turn.ts";
import type { RunRequest } from "./run_request.ts";
import { waitMs } from "./save_policy.ts";

/**
 * Does what begins a run. Where the disk is full and the plan pauses the job then, it is tried again until
 * there is room, or the run is told to stop; what else fails is thrown.
 */
export async function waitForRoom<T>(
  { session: { events }, signal }: Pick<RunRequest, "session" | "signal">,
  { onSaveError }: Pick<CheckpointPlan, "onSaveError">,
  begin: () => Promise<T>,
): Promise<T> {
  const say = (message: string): void => events.emit({ type: "notice", level: "warning", message });
  for (let tries = 1;; tries++) {
    try {
      const begun = await begin();
      if (tries > 1) say("there is room again: the job starts");
      return begun;
    } catch (error) {
      if (!(error instanceof StoreFullError) || onSaveError !== "pause") throw error;
      if (tries === 1) {
        say(
          `the job cannot start yet: ${error.message}. It waits until there is room (onSaveError: "pause")`,
        );
      }
    }
    if (events.failure !== undefined) throw events.failure;
    await sleep(waitMs(tries), signal);
  }
}
