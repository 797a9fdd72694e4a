/** What task grain adds to a job of many short tasks. */

import { join } from "@std/path";
import { blob, epochs, type Job, job, JobRunner, LocalSession, task } from "tidemark";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, ratio } from "../stats.ts";

const TASKS = 1000;
const FINE = 'grain: "task"';
const COARSE = 'grain: "epoch"';

/** The row. */
export const grain: Row = { title: "What task grain adds", measure };

async function measure({ folder, rounds, log }: Bench): Promise<Outcome> {
  const blobs = Array.from({ length: TASKS }, (_, at) => blob(`b${at}`, { initial: () => 0 }));
  const tasks = blobs.map((own, at) =>
    task(`t${at}`, { reads: { own }, writes: { own } }).run(({ own }) => {
      const end = performance.now() + 1;
      while (performance.now() < end);
      return { own: own + 1 };
    })
  );
  const jobOf = (place: string, grain: "epoch" | "task"): Job =>
    job("grain", {
      epoch: tasks,
      until: epochs(1),
      checkpoint: { to: `file:${join(folder, place)}`, grain },
    });
  let made = 0;
  const timeOf = async (grain: "epoch" | "task"): Promise<number> => {
    await using session = new LocalSession();
    const runner = new JobRunner(jobOf(`${made++}`, grain));
    const from = performance.now();
    await runner.run(session);
    return performance.now() - from;
  };
  const figures = await interleaved(
    [
      { name: COARSE, measure: () => timeOf("epoch") },
      { name: FINE, measure: () => timeOf("task") },
    ],
    rounds,
    log,
  );
  const over = ratio(find(figures, FINE), find(figures, COARSE)) - 1;
  return {
    goals: [{
      goal: `${TASKS} tasks of 1 ms: at most 15 % more`,
      measured: `${digits(100 * over)} %`,
      isMet: over <= 0.15,
      bound: "each task is encoded and its record written beside the next ones, on the same thread",
    }],
    charts: [{ title: `a job of ${TASKS} tasks of 1 ms`, unit: "ms", figures }],
    notes: [],
  };
}
