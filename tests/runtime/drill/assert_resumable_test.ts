import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  blob,
  codec,
  epochs,
  type Job,
  job,
  type JobOptions,
  keepLast,
  param,
  resource,
  set,
  task,
} from "../../../dsl/mod.ts";
import { assertResumable } from "../../../runtime/drill/assert_resumable.ts";
import { DrillError, NotResumableError } from "../../../runtime/drill/errors.ts";

const total = blob("total", { initial: () => 0 });
const list = blob<number[]>("list", { initial: () => [] });
const report = blob<string>("report");

function jobOf(options: Partial<JobOptions>): Job {
  const checkpoint = { to: "memory:drilled", keep: [keepLast(2)] as const };
  return job("drilled", { epoch: [], until: epochs(3), checkpoint, ...options });
}

/** Drills a job that is not resumable, and gives what is said of it. */
async function refusal(bad: Job): Promise<string> {
  const error = await assertRejects(() => assertResumable(bad, { kills: 25 }), NotResumableError);
  return error.message;
}

const walk = task("walk", { reads: { total }, writes: { total } })
  .run(({ total }, { rng, epoch }) => ({ total: total + rng("step").normal() * epoch }));
const tell = task("tell", { reads: { total }, writes: { report } })
  .run(({ total }) => ({ report: `total ${total}` }));

Deno.test("drill: a job that takes all from its context passes at every step", async () => {
  const seen: string[] = [];
  const done = await assertResumable(jobOf({ epoch: [walk], exit: [tell] }), {
    onTrial: ({ killedAt }) => void seen.push(...killedAt),
  });
  // Every step, and every third time a second death.
  assertEquals(done.trials, Math.min(done.steps, 100));
  assert(done.kills > done.trials && seen.length === done.kills);
  for (const part of ["task-started of walk@main in epoch 2", "before the commit of epochs/"]) {
    assert(seen.some((step) => step.includes(part)), part);
  }
});

Deno.test("drill: params and a seed given at the start are not given again", async () => {
  const rate = param("rate", 1);
  const add = task("add", { reads: { rate, total }, writes: { total } })
    .run(({ rate, total }, { rng }) => ({ total: total + rate * rng("a")() }));
  await assertResumable(jobOf({ epoch: [add] }), { set: [set(rate, 3)], seed: 9, kills: 20 });
});

Deno.test("drill: the use of random numbers, the time or the network is named, with the task", async () => {
  const roll = task("roll", { writes: { total } }).run(() => ({ total: Math.random() }));
  const message = await refusal(jobOf({ epoch: [roll], exit: [tell] }));
  for (
    const part of [
      'Job "drilled" does not end with the same values when it is run twice, though nobody kills it',
      'after epoch 1, in blob "total" of node "main"',
      'Task "roll" writes it. Likely cause: it calls Math.random',
      "take context.rng(name)",
    ]
  ) assertStringIncludes(message, part);

  const clock = task("clock", { writes: { list } }).run(async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return { list: [0, new Date().getTime(), Date.now()] };
  });
  const timed = await refusal(jobOf({ epoch: [clock] }));
  assertStringIncludes(timed, 'in blob "list" of node "main" at [1]');
  assertStringIncludes(
    timed,
    'Task "clock" writes it. Likely cause: it calls new Date(), Date.now',
  );

  const ask = task("ask", { writes: { report } }).run(async () => {
    const answer = await fetch(`data:text/plain,${crypto.randomUUID()}`);
    return { report: await answer.text() };
  });
  assertStringIncludes(await refusal(jobOf({ epoch: [ask] })), "it calls crypto.randomUUID, fetch");
});

Deno.test("drill: a task that uses the same things and keeps nothing of them passes", async () => {
  const timed = task("timed", { reads: { total }, writes: { total } }).run(({ total }) => {
    const start = Date.now() + performance.now() + Math.random();
    return { total: total + (start > 0 ? 1 : 0) };
  });
  await assertResumable(jobOf({ epoch: [timed] }), { kills: 20 });
});

Deno.test("drill: state kept in a variable of the module is found by the kills, and said so", async () => {
  let calls = 0;
  const count = task("count", { reads: { total }, writes: { total } })
    .run(({ total }, { epoch }) => {
      if (epoch === 1) calls = 0;
      return { total: total + ++calls };
    });
  const message = await refusal(jobOf({ epoch: [count], until: epochs(4) }));
  assertStringIncludes(message, 'Job "drilled", killed at "');
  assertStringIncludes(message, "does not end as one that nobody kills");
  assertStringIncludes(message, 'Task "count" writes it. Likely cause: it keeps something');
});

Deno.test("drill: state kept in a resource is found by the kills", async () => {
  const counter = resource("counter", { open: () => ({ calls: 0 }) });
  const count = task("count", { reads: { counter, total }, writes: { total } })
    .run(({ counter, total }) => ({ total: total + ++counter.calls }));
  const message = await refusal(jobOf({ epoch: [count], until: epochs(4) }));
  assertStringIncludes(message, "or in an open resource");
});

Deno.test("drill: a blob changed but not declared is named, with the task", async () => {
  const sneak = task("sneak", { reads: { list } }).run(({ list }, { epoch }) => {
    (list as number[]).push(epoch);
  });
  const error = await assertRejects(
    () => assertResumable(jobOf({ epoch: [sneak] }), { kills: 3 }),
    DrillError,
  );
  for (const part of ["fails also where nobody kills it", "sneak", "list"]) {
    assertStringIncludes(error.message, part);
  }
});

Deno.test("drill: the order in which concurrent work ends is something outside", async () => {
  let isOdd = false;
  const race = task("race", { writes: { list } }).run(() => {
    isOdd = !isOdd;
    return { list: isOdd ? [1, 2] : [2, 1] };
  });
  const message = await refusal(jobOf({ epoch: [race], until: epochs(1) }));
  assertStringIncludes(message, "it depends on something outside the job");
  assertStringIncludes(message, "number 1 in the first run, number 2 in the other");
});

Deno.test("drill: a codec that loses a part is found in what is held, not in what is saved", async () => {
  class Counter {
    constructor(readonly count: number, readonly secret: number) {}
  }
  const counter = blob("counter", {
    codec: codec<Counter, number>({
      encode: ({ count }) => count,
      decode: (count) => new Counter(count, 0),
    }),
    initial: () => new Counter(0, 0),
  });
  const step = task("step", { reads: { counter, total }, writes: { counter, total } })
    .run(({ counter, total }) => ({
      counter: new Counter(counter.count + 1, counter.secret + 1),
      total: total + counter.secret,
    }));
  const message = await refusal(jobOf({ epoch: [step] }));
  assertStringIncludes(message, 'in blob "total" of node "main"');
});

Deno.test("drill: what the plan excludes need not be held after a resume", async () => {
  const cache = blob<number>("cache");
  const fill = task("fill", { writes: { cache } }).run((_, { epoch }) => ({ cache: epoch }));
  const use = task("use", { reads: { cache, total }, writes: { total } })
    .run(({ cache, total }) => ({ total: total + cache }));
  const checkpoint = { to: "memory:drilled", blobs: { exclude: [cache] } };
  await assertResumable(jobOf({ epoch: [fill, use], exit: [tell], checkpoint }), { kills: 50 });
});

Deno.test("drill: a job that fails by itself is no job to drill", async () => {
  const fail = task("fail").run(() => {
    throw new TypeError("a flaw in the job");
  });
  const error = await assertRejects(() => assertResumable(jobOf({ epoch: [fail] })), DrillError);
  assertStringIncludes(error.message, "a flaw in the job");
  await assertRejects(() => assertResumable(jobOf({ epoch: [walk] }), { kills: 0 }), RangeError);
});

Deno.test("drill: what it watches while it runs is left as it was", async () => {
  const before = [Math.random, Date, Date.now, fetch, crypto.randomUUID, performance.now];
  await assertResumable(jobOf({ epoch: [walk] }), { kills: 3 });
  const after = [Math.random, Date, Date.now, fetch, crypto.randomUUID, performance.now];
  assert(before.every((each, index) => each === after[index]));
});
