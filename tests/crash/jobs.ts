/** The jobs that are killed, each scaled so that a run takes about a second. */

import type { Job, ParamValue, Uploader } from "tidemark";

/** A job to be killed. */
export interface CrashJob {
  /** The job. */
  readonly job: Job;
  /** What uploads its results, where something does. */
  readonly uploader?: Uploader;
  /** The params of a fresh start; none has its default value, so that a resume must restore them. */
  readonly params: Readonly<Record<string, ParamValue>>;
}

/** The names of the jobs. */
export const jobNames = ["three", "digits", "k_means", "backfill"] as const;

/** The name of a job. */
export type JobName = typeof jobNames[number];

/** Whether a text is the name of a job. */
export function isJobName(name: string): name is JobName {
  return jobNames.some((known) => known === name);
}

/** The params of a fresh start of a job. */
export const jobParams: Readonly<Record<JobName, Readonly<Record<string, ParamValue>>>> = {
  three: { rounds: 4, strength: 0.25 },
  digits: { hidden: 4, "learning-rate": 0.05, epochs: 4, images: 400 },
  k_means: { points: 2_000, clusters: 5, tolerance: 1e-3 },
  backfill: { partition: 1_500, "per-epoch": 9 },
};

/** Loads a job; the modules of the others stay unloaded. */
export async function loadJob(name: JobName): Promise<CrashJob> {
  const params = jobParams[name];
  switch (name) {
    case "three": {
      const { default: job, threeUploader } = await import("./three_job.ts");
      return { job, uploader: threeUploader, params };
    }
    case "digits":
      return { job: (await import("../../examples/digits.ts")).default, params };
    case "k_means":
      return { job: (await import("../../examples/k_means.ts")).default, params };
    case "backfill":
      return { job: (await import("../../examples/backfill.ts")).default, params };
  }
}
