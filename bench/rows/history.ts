/** What a long history costs: 100,000 steps in one job, and 1,000 epochs behind a start. */

import { join } from "@std/path";
import { blob, epochs, job, JobRunner, LocalSession, param, set, task } from "tidemark";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, median, ratio } from "../stats.ts";

const STEPS = 100_000;
const PART = 10_000;
const EPOCHS = 1_000;
const EMPTY = "start on nothing, to the first task";
const LONG = `start on ${EPOCHS} epochs, to the first task`;

/** The row. */
export const history: Row = { title: "A long history", measure };

async function measure({ folder, rounds, log }: Bench): Promise<Outcome> {
  const { first, last, resumeMs } = await manySteps(join(folder, "steps"));
  log(`${STEPS} steps`);
  const long = join(folder, "long");
  await start(long, EPOCHS);
  let made = 0;
  const figures = await interleaved(
    [
      { name: EMPTY, measure: () => start(join(folder, `empty-${made++}`), 1) },
      { name: LONG, measure: () => start(long, ++made + EPOCHS) },
    ],
    3 * rounds,
    log,
  );
  const times = ratio(find(figures, LONG), find(figures, EMPTY));
  const growth = last / first;
  const steps = [
    { name: `a step, of the first ${PART}`, rounds: [first] },
    { name: `a step, of the last ${PART}`, rounds: [last] },
  ];
  return {
    goals: [
      {
        goal: `${STEPS} steps in one task: a step costs no more at the end than at the beginning`,
        measured: `${digits(growth)} ×`,
        isMet: growth <= 1.2,
      },
      {
        goal: `a resume behind ${STEPS} steps`,
        measured: `${digits(resumeMs)} ms to the first new step, ${
          digits(1000 * resumeMs / STEPS)
        } µs for each of them`,
        isMet: undefined,
      },
      {
        goal: `start with ${EPOCHS} epochs behind it: at most 1.5 × one on nothing`,
        measured: `${digits(times)} ×`,
        isMet: times <= 1.5,
        bound: "it reads what is saved, and lists its names",
      },
    ],
    charts: [
      { title: "a step, 100 at once", unit: "ms", figures: steps },
      { title: "from the call of run to the first task", unit: "ms", figures },
    ],
    notes: ["Each start opens the store anew. Steps are pieces of one map, 100 at once."],
  };
}

/** The milliseconds of steps at the beginning and at the end of one task, and of a resume behind them. */
async function manySteps(place: string): Promise<{
  readonly first: number;
  readonly last: number;
  readonly resumeMs: number;
}> {
  const sum = blob("sum", { initial: () => 0 });
  const times: number[] = [];
  let isFailing = true;
  let from = NaN;
  let resumeMs = NaN;
  const add = task("add", { writes: { sum } }).run(async (_, { map }) => {
    const items = function* (): Generator<number> {
      for (let item = 0; item <= STEPS; item++) yield item;
    };
    let sum = 0;
    let mark = performance.now();
    let part = 0;
    const results = map("step", items(), (item) => {
      if (item === STEPS) {
        if (isFailing) throw new Error("ends here");
        resumeMs = performance.now() - from;
      }
      return item;
    }, { key: String, concurrency: 100 });
    for await (const item of results) {
      sum += item;
      if (++part % PART !== 0) continue;
      const now = performance.now();
      times.push((now - mark) / PART);
      mark = now;
    }
    return { sum };
  });
  const made = job("history", {
    epoch: [add],
    until: epochs(1),
    checkpoint: { to: `file:${place}`, grain: "task" },
  });
  for (isFailing of [true, false]) {
    await using session = new LocalSession();
    from = performance.now();
    await new JobRunner(made, { resumeFromEpoch: "auto" }).run(session).catch((error: unknown) => {
      if (!isFailing) throw error;
    });
  }
  const first = times[0] ?? NaN;
  return { first, last: times.slice(0, STEPS / PART).at(-1) ?? NaN, resumeMs };
}

/** Runs a job up to an epoch; gives the milliseconds from the call to its first task. */
async function start(place: string, until: number): Promise<number> {
  const count = param("epochs", 1, { integer: true, min: 1 });
  const total = blob("total", { initial: () => 0 });
  const add = task("add", { reads: { total }, writes: { total } })
    .run(({ total }) => ({ total: total + 1 }));
  const made = job("long", {
    epoch: [add],
    until: epochs(count),
    checkpoint: { to: `file:${place}` },
  });
  const began: number[] = [];
  await using session = new LocalSession({
    onEvent: ({ type }) => void (type === "task-started" && began.push(performance.now())),
  });
  const from = performance.now();
  await new JobRunner(made, { resumeFromEpoch: "auto", set: [set(count, until)] }).run(session);
  return median(began.slice(0, 1)) - from;
}
