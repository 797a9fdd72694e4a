import { assertEquals } from "@std/assert";
import { isSaved } from "../../../dsl/check/plan.ts";
import {
  blob,
  type CheckpointPlan,
  from,
  group,
  keepBest,
  keepEvery,
  keepLast,
  keepYounger,
  on,
  saved,
  task,
  when,
} from "../../../dsl/mod.ts";
import { assertProblems, step } from "./helpers.ts";

const to = "file:checkpoints";
const loss = blob<number>("loss");
const model = blob<number[]>("model");
const scratch = blob<number>("scratch", { scratch: true });
const epoch = [step("train", { writes: [loss, model, scratch] })];

Deno.test("which blobs a plan saves", () => {
  const saves = (blobs: CheckpointPlan["blobs"]) => {
    const plan: CheckpointPlan = blobs === undefined ? { to } : { to, blobs };
    return [loss, model, scratch].filter((one) => isSaved(plan, one)).map(({ name }) => name);
  };
  assertEquals(saves(undefined), ["loss", "model"]);
  assertEquals(saves({}), ["loss", "model"]);
  assertEquals(saves({ exclude: [loss] }), ["model"]);
  assertEquals(saves({ include: [loss, scratch] }), ["loss"]);
  assertEquals(saves({ include: [loss, model], exclude: [model] }), ["loss"]);
  assertEquals(saves({ include: [] }), []);
});

Deno.test("a place that is none", () => {
  for (const place of ["", "file:", "checkpoints", "ftp:x", ":x", "FILE:x", "/tmp/x"]) {
    assertProblems(
      { checkpoint: { to: place } },
      `bad-place: checkpoint: to is "${place}", which names no place: write a kind (file, ` +
        'memory) and a path, as in "file:checkpoints"',
    );
  }
  for (const place of ["file:a", "file:/tmp/a b", "memory:x"]) {
    assertProblems({ checkpoint: { to: place } });
  }
});

Deno.test("an empty keep", () => {
  assertProblems(
    { checkpoint: { to, keep: [] as unknown as readonly [ReturnType<typeof keepLast>] } },
    "keeps-nothing: checkpoint: keep is an empty list: name a rule such as keepLast(3), or take " +
      "keep out to keep all",
  );
  assertProblems({ epoch, checkpoint: { to } });
  const keep = [keepLast(1), keepEvery(2), keepBest({ min: loss }), keepYounger("1d")] as const;
  assertProblems({ epoch, checkpoint: { to, keep } });
});

Deno.test("keepBest by what is not there, not saved, or elsewhere", () => {
  const other = blob<number>("other");
  assertProblems(
    { epoch, checkpoint: { to, keep: [keepBest({ max: other })] } },
    'never-written: checkpoint: keepBest reads blob "other", which no task of the init or epoch ' +
      'group writes on node "main": write it in a task of the epoch group',
  );
  assertProblems(
    { epoch, checkpoint: { to, keep: [keepBest({ max: scratch })] } },
    'reads-unsaved: checkpoint: keepBest reads blob "scratch", which is not saved, so that a ' +
      "resume could not: do not make it scratch",
  );
  const there = [on("w", ...epoch)];
  assertProblems(
    { epoch: there, checkpoint: { to, keep: [keepBest({ max: loss })] } },
    'other-node: checkpoint: keepBest reads blob "loss" of node "main", but it is written on ' +
      '"w": read it with from("w", …)',
  );
  assertProblems({ epoch: there, checkpoint: { to, keep: [keepBest({ max: from("w", loss) })] } });
});

Deno.test("saved needs what it reads, and what it is the best by, to be kept", () => {
  const best = saved(model, { min: loss });
  const report = step("report", { reads: [best] });
  const exit = [report];
  assertProblems({ epoch, exit });
  assertProblems({ epoch, exit, checkpoint: { to, keep: [keepLast(1), keepBest({ min: loss })] } });
  assertProblems(
    { epoch, exit, checkpoint: { to, keep: [keepLast(1), keepBest({ max: loss })] } },
    'best-not-kept: task "report": saved reads the best epoch by { min: loss }, which the ' +
      "plan's keep does not keep: add keepBest({ min: loss }) to keep",
  );
  assertProblems(
    { epoch, exit, checkpoint: { to, blobs: { exclude: [model] } } },
    'reads-unsaved: task "report": saved reads blob "model", which is not saved: take it into ' +
      "the checkpoint plan's blobs",
  );
  assertProblems(
    { epoch, exit, checkpoint: { to, blobs: { exclude: [loss] } } },
    'reads-unsaved: task "report": saved reads blob "loss", which is not saved, so that a ' +
      "resume could not: take it into the checkpoint plan's blobs",
  );
  assertProblems(
    { init: [report], epoch },
    'saved-in-init: task "report": saved reads blob "model" in the init group, before any save: ' +
      "read it in a later group",
  );
});

Deno.test("saved by a number that no epoch has yet", () => {
  const best = saved(model, { min: loss });
  const keep = [keepBest({ min: loss })] as const;
  const checkpoint = { to, keep };
  const look = task("look", { reads: { best } }).run(() => {});
  const train = step("train", { writes: [loss, model] });
  assertProblems(
    { epoch: [train, look], checkpoint },
    'saved-too-early: task "look": saved chooses an epoch by blob "loss" in every epoch, but in ' +
      'the first one no epoch has it yet: only tasks of the epoch group write it: give "loss" ' +
      "an initial value, or run the task under if from epoch 2 on",
  );
  assertProblems({ init: [step("first", { writes: [loss] })], epoch: [train, look], checkpoint });
  assertProblems({
    epoch: [train, group({ if: when(model, (all) => all.length > 1) }, look)],
    checkpoint,
  });
  assertProblems({ epoch: [train], exit: [look], checkpoint });
});

Deno.test("a scratch blob that is to be saved", () => {
  assertProblems(
    { epoch, checkpoint: { to, blobs: { include: [loss, model, scratch] } } },
    'includes-scratch: checkpoint: blobs includes blob "scratch", which is scratch and never ' +
      "saved: do not make it scratch, or take it out of include",
  );
  assertProblems({ epoch, checkpoint: { to, blobs: { exclude: [scratch] } } });
});

Deno.test("options that are none, from plain JavaScript", () => {
  const plan = { to, grain: "task", durability: "strong", check: true, snapshot: "some" };
  assertProblems(
    { epoch, checkpoint: plan as unknown as CheckpointPlan },
    'bad-option: checkpoint: durability is "strong": write one of "power", "process", "none"',
    'bad-option: checkpoint: snapshot is "some": write one of "blocks", "none"',
    'bad-option: checkpoint: check is "true": write one of "off", "reads"',
  );
});
