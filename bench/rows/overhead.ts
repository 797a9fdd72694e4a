/** What the runtime adds to each task, against awaiting the same functions bare. */

import {
  blob,
  epochs,
  type Job,
  job,
  JobRunner,
  LocalSession,
  parallel,
  param,
  set,
  type Step,
  task,
} from "tidemark";
import type { Bench, Goal, Outcome, Row } from "../row.ts";
import { type Contender, digits, type Figures, interleaved, median } from "../stats.ts";

const TASKS = 1000;
const EPOCHS = 40;
/** The goal: what a task may cost, in microseconds. */
const GOAL = 5;

const total = blob("total", { initial: () => 0 });
const parts = Array.from(
  { length: TASKS },
  (_, index) => blob(`part-${index}`, { initial: () => 0 }),
);

const add = ({ value }: { value: number }): Promise<{ value: number }> =>
  Promise.resolve({ value: value + 1 });

/** Tasks that each wait for the one before, since all read and write one blob. */
function chain(timing: { timeout?: "10m" }): readonly Step[] {
  return parts.map((_, index) =>
    task(`add-${index}`, { reads: { value: total }, writes: { value: total }, ...timing }).run(add)
  );
}

/** Tasks that have nothing to do with one another, each with a blob of its own. */
function fan(timing: { timeout?: "10m" }): readonly Step[] {
  const tasks = parts.map((part, index) =>
    task(`add-${index}`, { reads: { value: part }, writes: { value: part }, ...timing }).run(add)
  );
  return [parallel(...tasks)];
}

/**
 * Runs a job for many epochs and for one, both saved at the start and at the end; what the epochs
 * between cost, in microseconds a task.
 */
function throughRuntime(name: string, steps: readonly Step[], isHeard: boolean = false): Contender {
  const count = param("epochs", 1, { integer: true, min: 1 });
  const made: Job = job("overhead", {
    epoch: steps,
    until: epochs(count),
    checkpoint: { to: "memory:unused", every: epochs(EPOCHS + 1) },
  });
  const timeOf = async (epochs: number): Promise<number> => {
    const place = `memory:${crypto.randomUUID()}`;
    let heard = 0;
    await using session = new LocalSession(isHeard ? { onEvent: () => void heard++ } : {});
    const runner = new JobRunner(made, { to: place, set: [set(count, epochs)] });
    const from = performance.now();
    await runner.run(session);
    return performance.now() - from;
  };
  const measure = async (): Promise<number> =>
    1000 * (await timeOf(EPOCHS + 1) - await timeOf(1)) / EPOCHS / TASKS;
  return { name, measure };
}

/** Runs the same functions without a runtime; the median time, in microseconds a function. */
function bare(name: string, run: () => Promise<number>): Contender {
  const measure = async (): Promise<number> => {
    const times: number[] = [];
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const from = performance.now();
      if (await run() !== TASKS) throw new Error(`${name} does not add up`);
      times.push(performance.now() - from);
    }
    return 1000 * median(times.slice(1)) / TASKS;
  };
  return { name, measure };
}

async function bareChain(): Promise<number> {
  let value = 0;
  for (let index = 0; index < TASKS; index++) ({ value } = await add({ value }));
  return value;
}

async function bareFan(): Promise<number> {
  const results = await Promise.all(parts.map(() => add({ value: 0 })));
  return results.reduce((sum, { value }) => sum + value, 0);
}

/** The row. */
export const overhead: Row = { title: "What the runtime adds to each task", measure };

async function measure({ rounds, log }: Bench): Promise<Outcome> {
  const figures = await interleaved(
    [
      bare("chain, bare", bareChain),
      throughRuntime("chain", chain({})),
      throughRuntime("chain, events heard", chain({}), true),
      throughRuntime("chain, each with a timeout", chain({ timeout: "10m" })),
      bare("fan, bare", bareFan),
      throughRuntime("fan", fan({})),
      throughRuntime("fan, events heard", fan({}), true),
      throughRuntime("fan, each with a timeout", fan({ timeout: "10m" })),
    ],
    rounds,
    log,
  );
  const [chained, , , , fanned] = figures;
  return {
    goals: figures.flatMap((figure, index) => goal(figure, index < 4 ? chained : fanned)),
    charts: [{ title: "a task", unit: "µs", figures }],
    notes: [`${TASKS} tasks an epoch, against awaiting the same functions.`],
  };
}

function goal(figure: Figures, bare: Figures | undefined): readonly Goal[] {
  if (bare === undefined || bare.name === figure.name) return [];
  const over = median(figure.rounds.map((time, round) => time - (bare.rounds[round] ?? NaN)));
  return [{
    goal: `${figure.name}: less than ${GOAL} µs`,
    measured: `${digits(over)} µs`,
    isMet: over < GOAL,
  }];
}
