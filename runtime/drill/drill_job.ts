/**
 * A job as it is drilled.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";
import type { Clock } from "../events.ts";

const START_MS = Date.UTC(2000, 0, 1);
const EPOCH_MS = 3_600_000;
const CALL_MS = 1000;

/** What `now` gives in a drill: the same in every run, an hour later in each epoch. */
export const drillClock: Clock = ({ epoch }, nth) => START_MS + epoch * EPOCH_MS + nth * CALL_MS;

/**
 * The same job, which also looks for undeclared writes; it keeps all epochs where it is to. A failed save
 * ends it, unless what its own plan does about one is what is drilled.
 */
export function drillJob(job: Job, keepAll: boolean, ownSaveError: boolean = false): Job {
  return Object.freeze<Job>({
    ...job,
    build: (values) => {
      const options = job.build(values);
      const { keep, ...plan } = options.checkpoint;
      return {
        ...options,
        checkpoint: {
          ...plan,
          ...keep === undefined || keepAll ? {} : { keep },
          check: "reads",
          ...ownSaveError ? {} : { onSaveError: "fail" },
        },
      };
    },
  });
}
