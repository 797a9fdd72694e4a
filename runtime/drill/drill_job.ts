/**
 * A job as it is drilled.
 *
 * @module
 */
import type { Job } from "../../dsl/mod.ts";

/** The same job, which also looks for undeclared writes; it keeps all epochs where it is to. */
export function drillJob(job: Job, keepAll: boolean): Job {
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
          onSaveError: "fail",
        },
      };
    },
  });
}
