import { assertEquals } from "@std/assert";
import {
  all,
  any,
  blob,
  cursor,
  drained,
  epochs,
  from,
  gather,
  job,
  type JobOptions,
  keepBest,
  not,
  on,
  optional,
  param,
  plateau,
  previous,
  replicate,
  resource,
  saved,
  when,
} from "../../../dsl/mod.ts";
import { assertProblems, problemsOf, step } from "./helpers.ts";

const loss = blob<number>("loss");
const total = blob("total", { initial: () => 0 });
const write = step("write", { writes: [loss] });
const add = step("add", { reads: [total], writes: [total] });
const rows = resource("rows", { open: () => [1, 2] });
const next = cursor("next", { over: rows, take: 1 });
const holds = () => true;

Deno.test("no stop condition", () => {
  const says = "no-stop-condition: until is missing or empty, so that the job would never stop: " +
    "say when it stops, as in until: epochs(10)";
  assertProblems({ until: [] as unknown as JobOptions["until"] }, says);
  assertProblems({ until: undefined as unknown as JobOptions["until"] }, says);
});

Deno.test("stop conditions that are there to be judged", () => {
  const goal = param("goal", 3);
  assertProblems({
    init: [step("start", { writes: [loss] })],
    epoch: [add, step("read", { reads: [next] }), on("other", step("part", { writes: [loss] }))],
    until: [
      when({ loss, total, goal, maybe: optional(loss) }, holds),
      when(from("other", loss), holds),
      when(gather(["main", "other"], loss), holds),
      any(all(epochs(goal), not(plateau({ min: from("other", loss) }, { epochs: 2 })))),
      drained(next),
    ],
  });
});

Deno.test("a stop condition may read what tasks only read, where it has an initial value", () => {
  assertProblems({ epoch: [step("read", { reads: [total] })], until: when(total, holds) });
});

Deno.test("a stop condition on what does not exist between epochs", () => {
  const says = (kind: string) =>
    `bad-stop-condition: until: when reads a ${kind}, which does not exist between epochs: ` +
    "read blobs, optional(…), from(…), gather(…) and params there";
  const epoch = [write, add, step("read", { reads: [next] })];
  assertProblems({ epoch, until: when(previous(loss), holds) }, says("previous"));
  assertProblems({ epoch, until: when({ rows }, holds) }, says("resource"));
  assertProblems({ epoch, until: not(when({ next }, holds)) }, says("cursor"));
  assertProblems({ epoch, until: when({ a: saved(loss, { max: total }) }, holds) }, says("saved"));
});

Deno.test("a stop condition on a blob that is not there after an epoch", () => {
  const says = 'never-written: until: when reads blob "loss", which no task of the init or epoch ' +
    'group writes on node "main": write it in a task of the epoch group';
  assertProblems({ until: when(loss, holds) }, says);
  assertProblems({ until: when(optional(loss), holds) }, says);
  assertProblems(
    { exit: [write], until: when(loss, holds) },
    `${says}, or give it an initial value`,
  );
  assertProblems(
    { until: plateau({ max: total }, { epochs: 1 }) },
    'never-written: until: plateau reads blob "total", which no task of the init or epoch group ' +
      'writes on node "main": write it in a task of the epoch group',
  );
  assertEquals(
    problemsOf({ epoch: [step("read", { reads: [loss] })], until: when(loss, holds) })[1],
    'never-written: until: when reads blob "loss", which no task of the init or epoch group ' +
      'writes on node "main": write it in a task of the epoch group, or give it an initial value',
  );
});

Deno.test("a stop condition on a blob of another node", () => {
  const says = (what: string) =>
    `other-node: until: ${what} reads blob "loss" of node "main", but it is written on "w0": ` +
    'read it with from("w0", …)';
  const epoch = [replicate(["w0", "w1"], write)];
  assertProblems({ epoch, until: when(loss, holds) }, says("when"));
  assertProblems({ epoch, until: plateau({ min: loss }, { epochs: 2 }) }, says("plateau"));
  assertProblems(
    { epoch: [on("w0", add), step("read")], until: when(total, holds) },
    'other-node: until: when reads blob "total" of node "main", but it is written on "w0": read ' +
      'it with from("w0", …)',
  );
});

Deno.test("a stop condition on a blob that is not saved", () => {
  const scratch = blob<number>("scratch", { scratch: true });
  assertProblems(
    { epoch: [step("write", { writes: [scratch] })], until: when(scratch, holds) },
    'reads-unsaved: until: when reads blob "scratch", which is not saved, so that a resume ' +
      "could not: do not make it scratch",
  );
  assertProblems(
    {
      epoch: [write],
      until: plateau({ min: loss }, { epochs: 1 }),
      checkpoint: { to: "file:x", blobs: { exclude: [loss] } },
    },
    'reads-unsaved: until: plateau reads blob "loss", which is not saved, so that a resume ' +
      "could not: take it into the checkpoint plan's blobs",
  );
});

Deno.test("a cursor that is never drained", () => {
  assertProblems(
    { init: [step("read", { reads: [next] })], until: drained(next) },
    'never-drained: until: drained waits for cursor "next", which no task of the epoch group ' +
      "reads: let an epoch task read it",
  );
  const round = cursor("round", { over: rows, take: 1, wrap: true });
  assertProblems(
    { epoch: [step("read", { reads: [round] })], until: any(drained(round), epochs(3)) },
    'never-drained: until: drained waits for cursor "round", which wraps and so is never ' +
      "drained: take wrap out, or stop by epochs(…)",
  );
});

Deno.test("several problems of several kinds come in one error", () => {
  const found = problemsOf({
    init: [step("a b")],
    epoch: [step("read", { reads: [loss] }), step("read")],
    until: [] as unknown as JobOptions["until"],
    checkpoint: { to: "nowhere", keep: [keepBest({ max: loss }, 0)] },
  });
  assertEquals(found.map((problem) => problem.split(":")[0]), [
    "bad-name",
    "duplicate-name",
    "duplicate-task",
    "bad-count",
    "never-written",
    "no-stop-condition",
    "bad-place",
    "never-written",
  ]);
  const built = job("right", { epoch: [write], until: epochs(1), checkpoint: { to: "memory:x" } });
  assertEquals(built.name, "right");
});
