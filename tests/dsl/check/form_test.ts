import { assertEquals } from "@std/assert";
import {
  any,
  blob,
  cursor,
  drained,
  epochs,
  gather,
  group,
  keepBest,
  keepLast,
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
