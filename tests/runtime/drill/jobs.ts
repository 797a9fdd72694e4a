/** Jobs to drill, and what is said of those that are not exact. */

import { assertRejects } from "@std/assert";
import { blob, epochs, type Job, job, type JobOptions, keepLast, task } from "../../../dsl/mod.ts";
import { assertResumable, type ResumableOptions } from "../../../runtime/drill/assert_resumable.ts";
import { NotResumableError } from "../../../runtime/drill/errors.ts";

/** A number that begins at 0. */
export const total = blob("total", { initial: () => 0 });
/** A list that begins empty. */
export const list = blob<number[]>("list", { initial: () => [] });
/** A text. */
export const report = blob<string>("report");

/** A job of three epochs, for its groups. */
export function jobOf(options: Partial<JobOptions>): Job {
  const checkpoint = { to: "memory:drilled", keep: [keepLast(2)] as const };
  return job("drilled", { epoch: [], until: epochs(3), checkpoint, ...options });
}

/** Drills a job that is not resumable, and gives what is said of it. */
export async function refusal(
  bad: Job,
  options: ResumableOptions = { kills: 25 },
): Promise<string> {
  const error = await assertRejects(() => assertResumable(bad, options), NotResumableError);
  return error.message;
}

/** Takes its random numbers from the context. */
export const walk = task("walk", { reads: { total }, writes: { total } })
  .run(({ total }, { rng, epoch }) => ({ total: total + rng("step").normal() * epoch }));
/** Reads the total. */
export const tell = task("tell", { reads: { total }, writes: { report } })
  .run(({ total }) => ({ report: `total ${total}` }));
