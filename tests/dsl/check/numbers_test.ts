import { assertEquals, assertThrows } from "@std/assert";
import {
  all,
  any,
  blob,
  buildJob,
  cursor,
  type Duration,
  elapsed,
  epochs,
  job,
  JobError,
  keepBest,
  keepEvery,
  keepLast,
  keepWithin,
  keepYounger,
  not,
  param,
  plateau,
  repeat,
  replicate,
  resource,
  type Size,
  task,
} from "../../../dsl/mod.ts";
import { assertProblems, problemsOf, shapeOf, step } from "./helpers.ts";

const COUNT = "give a whole number from 1 to 1000000000";
const DURATION = 'write a number and a unit (ms, s, m, h, d), as in "10m"';
const loss = blob("loss", { initial: () => 1 });
const write = step("write", { reads: [loss], writes: [loss] });

Deno.test("counts that are no counts", () => {
  const rows = resource("rows", { open: () => [1] });
  const none = param("none", 0);
  assertProblems(
    { epoch: [step("read", { reads: [cursor("next", { over: rows, take: none })] })] },
    `bad-count: cursor "next": take is 0 (param "none"): ${COUNT}`,
  );
  assertProblems({ until: epochs(0) }, `bad-count: until: epochs is 0: ${COUNT}`);
  assertProblems({ until: epochs(1.5) }, `bad-count: until: epochs is 1.5: ${COUNT}`);
  assertProblems({ until: [any(all(epochs(NaN)))] }, `bad-count: until: epochs is NaN: ${COUNT}`);
  assertProblems({ until: not(epochs(2e9)) }, `bad-count: until: epochs is 2000000000: ${COUNT}`);
  assertProblems(
    { epoch: [write], until: plateau({ min: loss }, { epochs: 0, minDelta: -1 }) },
    `bad-count: until: plateau: epochs is 0: ${COUNT}`,
    "bad-number: until: plateau: minDelta is -1: give 0 or more",
  );
  const retry = { attempts: 0, delay: "2" as Duration, maxDelay: "1 s" as Duration };
  assertProblems(
    { epoch: [task("again", { retry }).run(() => {})] },
    `bad-count: task "again": retry: attempts is 0: ${COUNT}`,
    `bad-duration: task "again": retry: delay is "2", which is no duration: ${DURATION}`,
    `bad-duration: task "again": retry: maxDelay is "1 s", which is no duration: ${DURATION}`,
  );
});

Deno.test("a repeat without a count, or with too many turns", () => {
  for (const times of [-1, 2.5, NaN, Infinity, 100_001]) {
    assertProblems(
      { epoch: [repeat(times, step("one"))] },
      `bad-count: repeat is ${times}: give a whole number from 0 to 100000`,
    );
  }
  assertProblems(
    { epoch: [repeat(1_000, repeat(1_000, step("one")))] },
    "too-many-steps: a group unrolls to more than 100000 steps: repeat less, or do more in each " +
      "task",
  );
  assertProblems(
    { epoch: [repeat(100_000, repeat(100_000))] },
    "too-many-steps: a group unrolls to more than 200000 groups: repeat less, or do more in " +
      "each task",
  );
  assertProblems({ epoch: [repeat(0, step("never")), repeat(param("times", 3), step("often"))] });
});

Deno.test("durations that are none", () => {
  const says = (what: string, found: string) =>
    `bad-duration: ${what} is "${found}", which is no duration: ${DURATION}`;
  for (const text of ["10", "-5s", "1e3s", " 1s", "1s ", "Infinitys", "0x10s", "s", "40000d"]) {
    const timeout = text as Duration;
    assertProblems(
      { epoch: [task("slow", { timeout }).run(() => {})] },
      says('task "slow": timeout', text),
    );
  }
  assertProblems({ until: elapsed("2 h" as Duration) }, says("until: elapsed", "2 h"));
  const to = "file:checkpoints";
  assertProblems(
    {
      checkpoint: {
        to,
        every: "soon" as Duration,
        keep: [
          keepYounger("7" as Duration),
          keepEvery("7" as Duration),
          keepWithin("7 GB" as Size),
        ],
      },
    },
    says("checkpoint: every", "soon"),
    says("checkpoint: keepYounger", "7"),
    says("checkpoint: keepEvery", "7"),
    'bad-size: checkpoint: keepWithin is "7 GB": write a number, a space and a unit (KiB, MiB, ' +
      'GiB, TiB), as in "20 GiB"',
  );
  assertProblems(
    { epoch: [task("slow", { timeout: "0s" }).run(() => {})] },
    `bad-duration: task "slow": timeout is "0s", which is too short: ${DURATION}`,
  );
  assertProblems({
    epoch: [task("slow", { timeout: "1.5h", retry: { attempts: 1, delay: "0ms" } }).run(() => {})],
    until: elapsed("36500d"),
  });
});

Deno.test("counts of the checkpoint plan", () => {
  assertProblems(
    {
      epoch: [write],
      checkpoint: {
        to: "file:checkpoints",
        every: epochs(0),
        keep: [keepLast(0), keepEvery(-1), keepBest({ min: loss }, 0.5)],
      },
    },
    `bad-count: checkpoint: every is 0: ${COUNT}`,
    `bad-count: checkpoint: keepLast is 0: ${COUNT}`,
    `bad-count: checkpoint: keepEvery is -1: ${COUNT}`,
    `bad-count: checkpoint: keepBest is 0.5: ${COUNT}`,
  );
});

Deno.test("nodes that are none, or named twice", () => {
  assertProblems(
    { epoch: [replicate([], step("one"))] },
    "no-nodes: replicate has no nodes: name one",
  );
  assertEquals(problemsOf({ epoch: [replicate(["x", "y", "x"], step("one"))] }).slice(0, 2), [
    'duplicate-task: task "one" stands twice in the epoch group on node "x": use one repeat(…) to ' +
    "run it several times, or prefix(…) for a second copy",
    'duplicate-node: replicate names node "x" twice: name each once',
  ]);
});

Deno.test("params whose defaults break their own rules", () => {
  const mend = "change the default or what it is held to";
  const reads = [
    param("low", 1, { min: 2 }),
    param("high", 3, { max: 2 }),
    param("whole", 1.5, { integer: true }),
    param("odd", NaN),
    param("choice", "c" as "a", { choices: ["a", "b"] }),
    param("right", 2, { min: 2, max: 2, integer: true }),
  ];
  assertProblems(
    { epoch: [step("read", { reads })] },
    `bad-param: the default of param "low" must be at least 2, found 1: ${mend}`,
    `bad-param: the default of param "high" must be at most 2, found 3: ${mend}`,
    `bad-param: the default of param "whole" must be a whole number, found 1.5: ${mend}`,
    `bad-param: the default of param "odd" must be a finite number, found NaN: ${mend}`,
    `bad-param: the default of param "choice" must be one of a, b, found "c": ${mend}`,
  );
});

Deno.test("values given for params are held to their rules, those of a shape too", () => {
  const rate = param("constructor", 0.5, { max: 1 });
  const workers = param("workers", 2, { min: 1, integer: true });
  const depth = param("depth", 1, { max: 9 });
  const made = job(
    "shape",
    { workers, depth },
    ({ workers }) => shapeOf({ epoch: [repeat(workers, step("read", { reads: [rate] }))] }),
  );
  assertEquals(buildJob(made, { workers: 3, constructor: 1 }).epoch.length, 1);
  assertEquals(
    assertThrows(() => buildJob(made, { workers: 0, depth: 10 }), JobError).problems.map((one) =>
      one.message
    ),
    ['param "workers" must be at least 1, found 0', 'param "depth" must be at most 9, found 10'],
  );
  assertEquals(
    assertThrows(() => buildJob(made, { constructor: 2 }), JobError).problems,
    [{
      code: "bad-param",
      message: 'param "constructor" must be at most 1, found 2',
      mend: "give it another value",
    }],
  );
});
