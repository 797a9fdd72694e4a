import { assertStringIncludes } from "@std/assert";
import { any, blob, codec, epochs, task, when } from "../../../dsl/mod.ts";
import { jobOf, list, refusal, report, tell, total, walk } from "./jobs.ts";

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

Deno.test("drill: a variable of the module that is counted up is named where the two runs differ", async () => {
  let calls = 0;
  const count = task("count", { reads: { total }, writes: { total } })
    .run(({ total }) => ({ total: total + calls++ }));
  const message = await refusal(jobOf({ epoch: [count] }));
  assertStringIncludes(message, "when it is run twice, though nobody kills it");
  assertStringIncludes(message, "such as a variable of its module");
});

Deno.test("drill: a stop condition that asks what is in no blob is found, and both ends are told", async () => {
  let asked = 0;
  const late = when(total, () => ++asked % 5 === 0);
  const message = await refusal(jobOf({ epoch: [walk], until: any(late, epochs(4)) }));
  for (
    const part of [
      "when it is run twice, though nobody kills it",
      "The first run ended after epoch 4",
      "holds), the other after epoch 1",
      "they saved the same values",
      "a stop condition asks something that is in no blob",
    ]
  ) assertStringIncludes(message, part);

  const random = when(total, () => Math.random() < 0.5);
  assertStringIncludes(
    await refusal(jobOf({ epoch: [walk], until: [random, epochs(30)] })),
    "Outside tasks, the job calls Math.random",
  );
});

Deno.test("drill: a predicate that decides whether a task runs is the cause where it asks for chance", async () => {
  const often = when(total, () => Math.random() < 0.5);
  const add = task("add", { if: often, reads: { total }, writes: { total } })
    .run(({ total }) => ({ total: total + 1 }));
  assertStringIncludes(
    await refusal(jobOf({ epoch: [add], until: epochs(30) })),
    "outside tasks, as in a predicate, the job calls Math.random",
  );
});

Deno.test("drill: an initial value that is not the same each time is said to be one", async () => {
  const noise = blob("noise", { initial: () => Math.random() });
  const use = task("use", { reads: { noise, total }, writes: { total } })
    .run(({ noise, total }) => ({ total: total + noise }));
  const message = await refusal(jobOf({ epoch: [use] }));
  assertStringIncludes(message, 'after init, in blob "noise"');
  assertStringIncludes(message, "outside tasks, the job calls Math.random");
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
  assertStringIncludes(message, 'or in what the codec of "counter" leaves out');
});

Deno.test("drill: a codec that does not encode again what it decoded is named", async () => {
  class Box {
    constructor(readonly value: number, readonly trips: number) {}
  }
  const box = blob("box", {
    codec: codec<Box, number[]>({
      encode: ({ value, trips }) => [value, trips],
      decode: ([value = 0, trips = 0]) => new Box(value, trips + 1),
    }),
    initial: () => new Box(0, 0),
  });
  const step = task("step", { reads: { total }, writes: { box, total } })
    .run(({ total }) => ({ box: new Box(total + 1, 0), total: total + 1 }));
  const message = await refusal(jobOf({ epoch: [step] }));
  assertStringIncludes(message, "holds another one of blob main/box");
  assertStringIncludes(message, "what its codec decodes is not encoded to the same again");
});
