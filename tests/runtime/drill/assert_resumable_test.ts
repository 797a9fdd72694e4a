import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { blob, elapsed, epochs, param, resource, set, task } from "../../../dsl/mod.ts";
import { assertResumable } from "../../../runtime/drill/assert_resumable.ts";
import { DrillError } from "../../../runtime/drill/errors.ts";
import { jobOf, list, refusal, tell, total, walk } from "./jobs.ts";

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

Deno.test("drill: a job that the clock ends is compared as far as both runs came", async () => {
  let epochsRun = 0;
  const slow = task("slow", { reads: { total }, writes: { total } })
    .run(async ({ total }, { epoch }) => {
      // Each run is one epoch shorter or longer than the last.
      await new Promise((resolve) => setTimeout(resolve, epoch < 2 + ++epochsRun % 3 ? 0 : 60));
      return { total: total + epoch };
    });
  const until = elapsed("50ms");
  await assertResumable(jobOf({ epoch: [slow], until }), { kills: 10 });
  const roll = task("roll", { writes: { total } }).run(() => ({ total: Math.random() }));
  const message = await refusal(jobOf({ epoch: [slow, roll], until }));
  assertStringIncludes(message, 'Tasks "slow", "roll" write it');
  assertStringIncludes(message, '"roll" calls Math.random');
});

Deno.test("drill: what the plan excludes need not be held after a resume", async () => {
  const cache = blob<number>("cache");
  const fill = task("fill", { writes: { cache } }).run((_, { epoch }) => ({ cache: epoch }));
  const use = task("use", { reads: { cache, total }, writes: { total } })
    .run(({ cache, total }) => ({ total: total + cache }));
  const checkpoint = { to: "memory:drilled", blobs: { exclude: [cache] } };
  await assertResumable(jobOf({ epoch: [fill, use], exit: [tell], checkpoint }), { kills: 50 });
});

for (const grain of ["epoch", "task"] as const) {
  Deno.test(`drill: the time that a task is told may be kept, grain ${grain}`, async () => {
    const stamp = task("stamp", { updates: { list } }).run(async ({ list }, { now, epoch }) => {
      list.push((await now()).getTime(), (await now("again")).getTime(), epoch);
    });
    const checkpoint = { to: "memory:drilled", grain };
    const seen: string[] = [];
    await assertResumable(jobOf({ epoch: [stamp], exit: [tell], checkpoint }), {
      onTrial: ({ killedAt }) => void seen.push(...killedAt),
    });
    for (const part of ["before the creation of tasks/", "after the append to tasks/"]) {
      assert(seen.some((step) => step.startsWith(part)), part);
    }
  });
}

Deno.test("drill: a step that changes something beside its result is named", async () => {
  const collect = task("collect", { updates: { list } }).run(async ({ list }, { step, epoch }) => {
    await step("add", () => list.push(epoch));
  });
  const checkpoint = { to: "memory:drilled", grain: "task" } as const;
  const message = await refusal(jobOf({ epoch: [collect], checkpoint }));
  assertStringIncludes(
    message,
    'Task "collect" writes it. Likely cause: one of its steps or pieces',
  );
});

Deno.test("drill: one kill finds it, as it falls where all pieces are recorded and their task is not", async () => {
  const [before, after] = ["before", "after"].map((name) =>
    task(name, { updates: { list } }).run(({ list }, { rng }) => {
      list.push(rng("steps").int(100));
    })
  );
  const collect = task("collect", { updates: { list } }).run(async ({ list }, { map, epoch }) => {
    await map("each", [1, 2, 3], (item) => list.push(item + epoch), { key: String });
  });
  const checkpoint = { to: "memory:drilled", grain: "task" } as const;
  for (let seed = 0; seed < 5; seed++) {
    const trial = jobOf({ epoch: [before!, collect, after!], checkpoint });
    const message = await refusal(trial, { kills: 1, sampleSeed: seed });
    assertStringIncludes(message, "Likely cause: one of its steps or pieces");
    assertStringIncludes(message, "task-finished of collect@main");
  }
});

Deno.test("drill: a job that fails by itself is no job to drill", async () => {
  const fail = task("fail").run(() => {
    throw new TypeError("a flaw in the job");
  });
  const error = await assertRejects(() => assertResumable(jobOf({ epoch: [fail] })), DrillError);
  assertStringIncludes(error.message, "a flaw in the job");
  await assertRejects(() => assertResumable(jobOf({ epoch: [walk] }), { kills: 0 }), RangeError);
});
