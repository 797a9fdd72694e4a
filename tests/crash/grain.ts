/** Jobs with another grain than their plan's. */

import type { CheckpointPlan, Job } from "tidemark";

/** What is durable by itself. */
export type Grain = NonNullable<CheckpointPlan["grain"]>;

/** All of them. */
export const GRAINS: readonly Grain[] = ["epoch", "task"];

/** The same job, with that grain. */
export function withGrain(job: Job, grain: Grain): Job {
  return Object.freeze<Job>({
    ...job,
    build: (values) => {
      const options = job.build(values);
      return { ...options, checkpoint: { ...options.checkpoint, grain } };
    },
  });
}
