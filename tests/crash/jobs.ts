/** The jobs that are killed, each scaled so that a run takes about a second. */

import type { Job, ParamValue, Uploader } from "tidemark";
import { isZooName, loadFromZoo, type ZooName, zooParams } from "../zoo/zoo.ts";

/** A job to be killed. */
export interface CrashJob {
  /** The job. */
  readonly job: Job;
  /** What uploads its results, where something does. */
  readonly uploader?: Uploader;
  /** Whether an epoch is saved while the next one runs, however small the save is. */
  readonly isSavedAside: boolean;
  /** The params of a fresh start; none has its default value, so that a resume must restore them. */
  readonly params: Readonly<Record<string, ParamValue>>;
}

/** The names of the jobs that are killed at each named point; those of the zoo are not among them. */
export const jobNames = ["three", "digits", "k_means", "backfill"] as const;

/** The name of a job. */
export type JobName = typeof jobNames[number] | ZooName;

/** Whether a text is the name of a job. */
export function isJobName(name: string): name is JobName {
  return jobNames.some((known) => known === name) || isZooName(name);
}

/** The params of a fresh start of a job. */
export const jobParams: Readonly<Record<JobName, Readonly<Record<string, ParamValue>>>> = {
  three: { rounds: 4, strength: 0.25 },
  digits: { hidden: 4, "learning-rate": 0.05, epochs: 4, images: 400 },
  k_means: { points: 2_000, clusters: 5, tolerance: 1e-3 },
  backfill: { partition: 1_500, "per-epoch": 9 },
  ...zooParams,
};

/** Loads a job; the modules of the others stay unloaded. */
export async function loadJob(name: JobName): Promise<CrashJob> {
  const params = jobParams[name];
  switch (name) {
    case "three": {
      const { default: job, threeUploader } = await import("./three_job.ts");
      return { job, uploader: threeUploader, isSavedAside: false, params };
    }
    case "digits": {
      const { default: job } = await import("../../examples/digits.ts");
      return { job, isSavedAside: true, params };
    }
    case "k_means": {
      const { default: job } = await import("../../examples/k_means.ts");
      return { job, isSavedAside: true, params };
    }
    case "backfill": {
      const { default: job } = await import("../../examples/backfill.ts");
      return { job, isSavedAside: false, params };
    }
    default:
      return { ...await loadFromZoo(name), params };
  }
}
