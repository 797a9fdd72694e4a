/** What a long history costs: 100,000 steps in one task, or in 100 epochs, and 1,000 epochs behind a start. */

import { join } from "@std/path";
import { blob, epochs, job, JobRunner, LocalSession, param, set, task } from "tidemark";
import type { Bench, Outcome, Row } from "../row.ts";
import { digits, find, interleaved, median, ratio } from "../stats.ts";

const STEPS = 100_000;
const PART = 10_000;
const EPOCHS = 1_000;
const STEPPED_EPOCHS = 100;
const STEPS_OF_EPOCH = 1_000;
const EMPTY = "start on nothing, to the first task";
const LONG = `start on ${EPOCHS} epochs, to the first task`;
const IN_FIRST = `resume in mid-epoch, nothing behind it`;
const IN_LATER =
  `resume in mid-epoch, ${STEPPED_EPOCHS} epochs of ${STEPS_OF_EPOCH} steps behind it`;

/** The row. */
export const history: Row = { title: "A long history", measure };

async function measure({ folder, rounds, log }: Bench): Promise<Outcome> {
  const { first, last, resumeMs } = await manySteps(join(folder, "steps"), STEPS);
  const ofFewMs: number[] = [];
  for (let index = 0; index < rounds; index++) {
    ofFewMs.push((await manySteps(join(folder, `few-${index}`), PART)).resumeMs);
  }
  log(`${STEPS} steps`);
  for (const epochs of [0, STEPPED_EPOCHS]) await inEpoch(join(folder, `in-${epochs}`), epochs);
  log(`${STEPPED_EPOCHS} epochs of ${STEPS_OF_EPOCH} steps`);
  const long = join(folder, "long");
  await start(long, EPOCHS);
  let made = 0;
  const figures = await interleaved(
    [
      { name: EMPTY, measure: () => start(join(folder, `empty-${made++}`), 1) },
      { name: LONG, measure: () => start(long, ++made + EPOCHS) },
      { name: IN_FIRST, measure: () => inEpoch(join(folder, "in-0"), 0) },
      {
        name: IN_LATER,
        measure: () => inEpoch(join(folder, `in-${STEPPED_EPOCHS}`), STEPPED_EPOCHS),
      },
    ],
    3 * rounds,
    log,
  );
  const times = ratio(find(figures, LONG), find(figures, EMPTY));
  const inMiddle = ratio(find(figures, IN_LATER), find(figures, IN_FIRST));
  const growth = last / first;
  const eachUs = 1000 * resumeMs / STEPS;
  const eachOfFewUs = 1000 * median(ofFewMs) / PART;
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
        goal: `a resume behind ${STEPS} steps of one task: for each at most 1.2 × behind ${PART}`,
        measured: `${digits(eachUs / eachOfFewUs)} × (${digits(eachUs)} µs, ` +
          `${digits(resumeMs)} ms to the first new step; ${digits(eachOfFewUs)} µs)`,
        isMet: eachUs <= 1.2 * eachOfFewUs,
        bound: "all entries are in memory until their task ends, which the collector walks",
      },
      {
        goal: `a resume in mid-epoch, ${STEPPED_EPOCHS * STEPS_OF_EPOCH} steps in epochs behind ` +
          `it: at most 1.5 × with none`,
        measured: `${digits(inMiddle)} ×`,
        isMet: inMiddle <= 1.5,
        bound: "it reads what is saved, and lists its names; the logs of saved epochs are gone",
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
      { title: "from the call of run to the first task or new step", unit: "ms", figures },
    ],
    notes: ["Each start opens the store anew. Steps are pieces of one map, 100 at once."],
  };
}

/** The milliseconds of steps at the beginning and at the end of one task, and of a resume behind them. */
async function manySteps(place: string, count: number): Promise<{
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
      for (let item = 0; item <= count; item++) yield item;
    };
    let sum = 0;
    let mark = performance.now();
    let part = 0;
    const results = map("step", items(), (item) => {
      if (item === count) {
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
  return { first, last: times.slice(0, count / PART).at(-1) ?? NaN, resumeMs };
}

/**
 * Runs a job whose epochs have many steps up to the middle of one, or resumes it there; gives the
 * milliseconds from the call to its first new step, at which it ends.
 */
async function inEpoch(place: string, finished: number): Promise<number> {
  const sum = blob("sum", { initial: () => 0 });
  let resumeMs = NaN;
  const from = performance.now();
  const add = task("add", { reads: { sum }, writes: { sum } }).run(async (before, context) => {
    const { epoch, map } = context;
    let { sum } = before;
    const items = Array.from({ length: STEPS_OF_EPOCH }, (_, item) => item);
    const results = map("step", items, (item) => {
      if (epoch > finished && item === STEPS_OF_EPOCH / 2) {
        resumeMs = performance.now() - from;
        throw new Error("ends here");
      }
      return item;
    }, { key: String, concurrency: 100 });
    for await (const item of results) sum += item;
    return { sum };
  });
  const made = job("middle", {
    epoch: [add],
    until: epochs(finished + 1),
    checkpoint: { to: `file:${place}`, grain: "task" },
  });
  await using session = new LocalSession();
  await new JobRunner(made, { resumeFromEpoch: "auto" }).run(session).catch((error: unknown) => {
    if (Number.isNaN(resumeMs)) throw error;
  });
  return resumeMs;
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
