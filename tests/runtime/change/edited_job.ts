/** A small job, and what it becomes when it is edited. */
import {
  blob,
  cursor,
  epochs,
  type Job,
  job,
  type JobOptions,
  param,
  resource,
  task,
} from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";

export const rate = param("rate", 0.1);
export const total = blob("total", { initial: () => 0 });
export const weights = blob("weights", { initial: () => new Float32Array(3) });
export const words = resource("words", { open: () => ["a", "b"] });
const next = cursor("next", { over: words, take: 1, wrap: true });
export const begin = task("begin", { updates: { weights } }).run(({ weights }) =>
  void weights.fill(1)
);
export const add = task("add", { reads: { rate, total, next }, writes: { total } })
  .run(({ rate, total }) => ({ total: total + rate }));
export const scale = task("scale", { updates: { weights } }).run(({ weights }) =>
  void weights.reverse()
);
const report = task("report", { reads: { total } }).run(() => {});
const base = {
  init: [begin],
  epoch: [add, scale],
  exit: [report],
  until: epochs(2),
  checkpoint: { to: "memory:unused" },
} as const satisfies JobOptions;

export function jobOf(changes: Partial<JobOptions> = {}): Job {
  return job("edited", { ...base, ...changes });
}

/** The base job, stopped after its first epoch. */
export async function started(given: Job = jobOf()): Promise<string> {
  const to = `memory:${crypto.randomUUID()}`;
  await using session = new LocalSession();
  await new JobRunner(given, { to, stopAfterEpoch: 1 }).run(session);
  return to;
}
