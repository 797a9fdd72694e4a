import { assertEquals, assertThrows } from "@std/assert";
import {
  all,
  any,
  blob,
  type Condition,
  cursor,
  drained,
  epochs,
  gather,
  group,
  keepBest,
  keepLast,
  nodes,
  on,
  param,
  plateau,
  previous,
  resource,
  saved,
  sequence,
  task,
  when,
} from "../../../dsl/mod.ts";
import { checkForm, MOST_DEPTH } from "../../../dsl/check/form.ts";
import { assertProblems, problemsOf, shapeOf, step } from "./helpers.ts";

const MEND = "check the spelling of what stands there, and that it is defined before it is used";
const loss = blob<number>("loss");
const none = undefined as never;

/** What is wrong with a shape that the compiler would refuse. */
function found(changes: Readonly<Record<string, unknown>>): readonly string[] {
  return problemsOf(changes as never).map((problem) => problem.replace(`: ${MEND}`, ": …"));
}

Deno.test("a shape of the right form, with everything in it", () => {
  const rate = param("rate", 1);
  const rows = resource("rows", { reads: { rate }, open: () => [1] });
  const next = cursor("next", { over: rows, take: rate });
  const other = blob("other", { initial: () => 1 });
  const train = task("train", {
    reads: { rate, next, other, all: [previous(loss), gather(["main"], other)] },
    writes: { loss },
    retry: { attempts: 2 },
    if: when({ rate }, () => true),
  }).run(() => ({ loss: 1 }));
  const best = step("best", { reads: [saved(loss, { max: loss })], after: [] });
  assertProblems({
    epoch: [sequence(group({ if: when(rate, () => true) }, train), on("main", step("other")))],
    exit: [best],
    until: [drained(next), epochs(rate), plateau({ min: loss }, { epochs: rate })],
    checkpoint: {
      to: "file:x",
      every: epochs(rate),
      keep: [keepLast(1), keepBest({ max: loss })],
      blobs: { include: [loss], exclude: [] },
    },
  });
});

Deno.test("a job without its parts", () => {
  assertEquals(found({ checkpoint: undefined }), [
    'wrong-kind: checkpoint has undefined where it needs a plan, as in { to: "file:checkpoints" }: …',
  ]);
  assertEquals(found({ epoch: undefined }), [
    "wrong-kind: epoch has undefined where it needs a list of tasks and groups: …",
  ]);
  assertEquals(checkForm(undefined), [{
    code: "wrong-kind",
    message: "the job's shape has undefined where it needs an object with epoch, until and " +
      "checkpoint",
    mend: MEND,
  }]);
  assertEquals(found({ init: step("one"), until: "3 epochs" }), [
    'wrong-kind: init has a task "one" where it needs a list of tasks and groups: …',
    'wrong-kind: until has "3 epochs" where it needs a condition such as epochs(10): …',
  ]);
});

Deno.test("steps that are none, and a forgotten run", () => {
  const draft = task("train", { writes: { loss } }) as never;
  assertEquals(found({ epoch: [undefined, 3, loss, [step("one")], group(draft)] }), [
    "wrong-kind: the epoch group has undefined where it needs a task or a group: …",
    "wrong-kind: the epoch group has 3 where it needs a task or a group: …",
    'wrong-kind: the epoch group has a blob "loss" where it needs a task or a group: …',
    "wrong-kind: the epoch group has a list where it needs a task or a group: …",
    'forgotten-run: task "train" of the epoch group has no function: give it one with .run(…)',
  ]);
  assertEquals(found({ epoch: [step("one", { after: [draft] })] }), [
    'forgotten-run: task "train" of task "one": after has no function: give it one with .run(…)',
  ]);
  assertEquals(found({ epoch: [task("one", {}).run(none)] }), [
    'wrong-kind: task "one" has a task "one" where it needs what task(…).run(…) gives: …',
  ]);
  assertEquals(found({ epoch: [{ kind: "group", steps: 3 }, { kind: "task" }] }), [
    "wrong-kind: the epoch group has 3 where it needs a list of tasks and groups: …",
    'wrong-kind: task "undefined" has a task where it needs what task(…).run(…) gives: …',
  ]);
});

Deno.test("tokens that are none", () => {
  const rate = param("rate", 1);
  const bad = task("bad", {
    reads: { a: none, b: [loss, 5 as never], c: previous(none), d: saved(loss, loss as never) },
    updates: { e: rate as never },
    writes: { f: previous(loss) as never },
    if: epochs(3) as never,
    retry: 3 as never,
  }).run(() => ({}) as never);
  assertEquals(found({ epoch: [bad] }), [
    'wrong-kind: task "bad": reads: a has undefined where it needs a token: …',
    'wrong-kind: task "bad": reads: b has 5 where it needs a token: …',
    'wrong-kind: task "bad": reads: c: previous has undefined where it needs a blob: …',
    'wrong-kind: task "bad": reads: d: saved has a blob "loss" where it needs { max: blob } or ' +
    "{ min: blob }: …",
    'wrong-kind: task "bad": updates: e has a param "rate" where it needs a blob: …',
    'wrong-kind: task "bad": writes: f has a previous where it needs a blob: …',
    'wrong-kind: task "bad": if has a epochs where it needs when(…): …',
    'wrong-kind: task "bad": retry has 3 where it needs an object, as in { attempts: 3 }: …',
  ]);
  const rows = resource("rows", { reads: { loss: loss as never }, open: () => [1] });
  const next = cursor("next", { over: rate as never, take: "3" as never });
  assertEquals(found({ epoch: [step("read", { reads: [rows, next] })] }), [
    'wrong-kind: resource "rows": reads: loss has a blob "loss" where it needs a param or a ' +
    "resource: …",
    'wrong-kind: cursor "next": over has a param "rate" where it needs a blob or a resource: …',
    'wrong-kind: cursor "next": take has "3" where it needs a param: …',
  ]);
});

Deno.test("conditions and rules that are none", () => {
  assertEquals(
    found({
      epoch: [group({ if: loss as never }, step("one"))],
      until: [
        undefined,
        when(none, () => true),
        drained(loss as never),
        plateau(none, { epochs: 1 }),
      ],
    }),
    [
      'wrong-kind: a group\'s if has a blob "loss" where it needs when(…): …',
      "wrong-kind: until has undefined where it needs a condition such as epochs(10): …",
      "wrong-kind: until: when has undefined where it needs a token: …",
      'wrong-kind: until has a blob "loss" where it needs a cursor: …',
      "wrong-kind: until: plateau has an object where it needs { max: blob } or { min: blob }: …",
    ],
  );
  const plan = {
    to: "file:x",
    every: loss,
    keep: [3, keepBest(none)],
    blobs: { exclude: ["loss"] },
  };
  assertEquals(found({ checkpoint: plan }), [
    'wrong-kind: checkpoint: every has a blob "loss" where it needs epochs(…): …',
    "wrong-kind: checkpoint: keep has 3 where it needs a rule such as keepLast(3): …",
    "wrong-kind: checkpoint: keepBest has an object where it needs { max: blob } or { min: blob }: …",
    'wrong-kind: checkpoint: blobs: exclude has "loss" where it needs a blob: …',
  ]);
  assertEquals(found({ checkpoint: { to: "file:x", keep: keepLast(3), blobs: [loss] } }), [
    "wrong-kind: checkpoint: keep has an object where it needs a list of rules: …",
    "wrong-kind: checkpoint: blobs has a list where it needs include or exclude: …",
  ]);
});

Deno.test("keys that are mistyped", () => {
  const loose = {
    ...{ epoch: [], epochs: [], until: epochs(3), untill: epochs(3) },
    checkpoint: { to: "file:x", evry: epochs(2), keeep: [keepLast(1)], blobs: { includ: [loss] } },
  };
  const unknown = (where: string, key: string, near: string): string =>
    `unknown-key: ${where} has the key "${key}", which it does not know: the nearest is ${near}`;
  assertEquals(found(loose), [
    unknown("the job", "epochs", "epoch"),
    unknown("the job", "untill", "until"),
    unknown("checkpoint", "evry", "every"),
    unknown("checkpoint", "keeep", "keep"),
    unknown("checkpoint: blobs", "includ", "include"),
  ]);
  const declared = { retries: { attempts: 2 }, retry: { attempts: 2, dellay: "1s" } };
  assertEquals(found({ epoch: [task("one", declared as never).run(() => {})] }), [
    unknown('task "one"', "retries", "retry"),
    unknown('task "one": retry', "dellay", "delay"),
  ]);
});

Deno.test("functions, counts and conditions that are missing", () => {
  const rows = resource("rows", {} as never);
  const zero = blob("zero", { initial: 0 as never, codec: "plain" as never });
  const one = task("one", { reads: { rows, zero }, retry: {} as never }).run(() => {});
  assertEquals(found({ epoch: [one] }), [
    'wrong-kind: resource "rows": open has undefined where it needs a function: …',
    'wrong-kind: blob "zero": initial has 0 where it needs a function: …',
    'wrong-kind: blob "zero": codec has "plain" where it needs what codec(…) gives: …',
    'wrong-kind: task "one": retry: attempts has undefined where it needs a number: …',
  ]);
  const [noneOf, allOf] = [any, all] as unknown as [() => Condition, () => Condition];
  assertEquals(
    found({
      until: [
        when(loss, none),
        noneOf(),
        allOf(),
        epochs(none),
        plateau({ min: loss }, {} as never),
      ],
    }),
    [
      "wrong-kind: until: when has undefined where it needs a function: …",
      "no-conditions: until has any() without a condition: name one",
      "no-conditions: until has all() without a condition: name one",
      "wrong-kind: until has undefined where it needs a param: …",
      "wrong-kind: until: plateau: epochs has undefined where it needs a param: …",
    ],
  );
  const keep = [{ keep: "lats", count: 3 }, keepLast(none), keepBest({ max: loss }, "2" as never)];
  assertEquals(found({ checkpoint: { to: "file:x", keep } }), [
    "wrong-kind: checkpoint: keep has an object where it needs a rule such as keepLast(3): …",
    "wrong-kind: checkpoint: keep: last has undefined where it needs a count: …",
    'wrong-kind: checkpoint: keep: best has "2" where it needs a count: …',
  ]);
});

Deno.test("what is gathered from no node, or twice from one", () => {
  const gathers = [gather([], loss), gather(["a", "b", "a"], loss)];
  assertEquals(found({ epoch: [step("one", { reads: gathers })] }), [
    'no-nodes: task "one": reads: in: gather has no nodes: name one',
    'duplicate-node: task "one": reads: in: gather names node "a" twice: name each once',
  ]);
  assertEquals(nodes("a", 2), ["a_0", "a_1"]);
  for (const count of [2.5, -1, NaN, Infinity]) {
    assertThrows(() => nodes("a", count), RangeError, `Cannot name ${count} nodes "a"`);
  }
});

Deno.test("one condition in many places counts in each, and one token is looked at once", () => {
  let doubled: Condition = epochs(1);
  for (let depth = 0; depth < 8; depth++) doubled = any(doubled, doubled);
  assertProblems({ until: doubled }); // 511 conditions
  for (let depth = 8; depth < 100; depth++) doubled = all(doubled, doubled);
  assertProblems(
    { until: doubled },
    "too-many-conditions: until has more than 1000 conditions, those inside others counted " +
      "wherever they stand: nest less",
  );
  let rows = resource("rows_0", { open: () => 0 });
  for (let depth = 1; depth < 100; depth++) {
    rows = resource(`rows_${depth}`, { reads: { a: rows, b: rows }, open: () => 0 });
  }
  assertProblems({ epoch: [task("one", { reads: { rows } }).run(() => {})] });
});

Deno.test("groups that are nested too deep, and one group in many places", () => {
  let deep = group(step("one"));
  for (let depth = 0; depth < MOST_DEPTH - 1; depth++) deep = group(deep);
  assertProblems({ epoch: [deep] });
  assertProblems(
    { epoch: [group(group(deep))] },
    `too-deep: the epoch group is nested more than ${MOST_DEPTH} deep: nest less`,
  );
  let never = any(epochs(1));
  for (let depth = 0; depth < MOST_DEPTH - 1; depth++) never = any(never);
  assertProblems({ until: never });
  assertProblems(
    { until: [any(never), any(never)] },
    `too-deep: until is nested more than ${MOST_DEPTH} deep: nest less`,
  );
  let wide = group();
  for (let depth = 0; depth < 100; depth++) wide = group(wide, wide);
  assertEquals(checkForm(shapeOf({ epoch: [wide] })), []);
});
