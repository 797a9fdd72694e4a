import {
  blob,
  cursor,
  from,
  gather,
  group,
  keepLast,
  on,
  optional,
  parallel,
  previous,
  repeat,
  replicate,
  saved,
  sequence,
  task,
  when,
} from "../../../dsl/mod.ts";
import { assertProblems, step } from "./helpers.ts";

const a = blob<number>("a");
const b = blob<number>("b");
const counted = blob("counted", { initial: () => 0 });
const scratch = blob<number>("scratch", { scratch: true });
const table = blob("table", { initial: () => [1, 2, 3] });
const checkpoint = { to: "file:checkpoints" };

Deno.test("a read that nothing writes", () => {
  const says = 'never-written: task "read" reads blob "a", which nothing writes: ' +
    "write it in a task, or give it an initial value";
  assertProblems({ epoch: [step("read", { reads: [a] })] }, says);
  assertProblems({ exit: [step("read", { reads: [optional(a)] })] }, says);
  assertProblems({ epoch: [step("read", { reads: [previous(a)] })] }, says);
  assertProblems({ epoch: [step("read", { reads: [[a]].flat() })] }, says);
  assertProblems({ epoch: [repeat(3, replicate(["x", "y"], step("read", { reads: [a] })))] }, says);
  assertProblems(
    { epoch: [step("read", { reads: [cursor("next", { over: blob<number[]>("a"), take: 1 })] })] },
    says,
  );
});

Deno.test("a condition that reads what nothing writes", () => {
  const condition = when({ a, counted }, () => true);
  assertProblems(
    { epoch: [group({ if: condition }, step("free"))] },
    'never-written: a group\'s if reads blob "a", which nothing writes: ' +
      "write it in a task, or give it an initial value",
  );
  assertProblems(
    { epoch: [step("read", { if: condition })] },
    'never-written: task "read" reads blob "a", which nothing writes: ' +
      "write it in a task, or give it an initial value",
  );
});

Deno.test("what is written anywhere before may be read", () => {
  assertProblems({
    init: [step("start", { writes: [a] })],
    epoch: [step("read", { reads: [a] }), step("both", { reads: [a, counted], writes: [a] })],
    download: [step("down", { reads: [a, b].slice(0, 1), writes: [b] })],
    exit: [step("last", { reads: [a, b] })],
  });
  assertProblems({ epoch: [step("write", { writes: [a] }), step("read", { reads: [a] })] });
  assertProblems({
    epoch: [group({ if: when(counted, () => true) }, step("write", { writes: [a] }))],
    exit: [step("read", { reads: [a] })],
  });
});

Deno.test("a read before the first write", () => {
  const says = (group: string) =>
    `read-before-write: task "read" of the ${group} group reads blob "a" before anything has ` +
    "written it: write it first, by a task that is listed before, read previous(…) or " +
    "optional(…), or give it an initial value";
  const read = step("read", { reads: [a] });
  const write = step("write", { writes: [a] });
  assertProblems({ epoch: [read, write] }, says("epoch"));
  assertProblems({ init: [read], epoch: [write] }, says("init"));
  assertProblems({ download: [read], exit: [write] }, says("download"));
  assertProblems({ epoch: [step("read", { reads: [a], writes: [a] })] }, says("epoch"));
  const list = blob<number[]>("a");
  assertProblems({ epoch: [task("read", { updates: { list } }).run(() => {})] }, says("epoch"));
  assertProblems({
    epoch: [
      step("theirs", { reads: [previous(a)] }),
      step("maybe", { reads: [optional(a)] }),
      write,
    ],
  });
});

Deno.test("a read of another node's blob without from or gather", () => {
  const write = step("write", { writes: [a] });
  const read = step("read", { reads: [a] });
  assertProblems(
    { epoch: [on("left", write), on("right", read)] },
    'other-node: task "read" on node "right" reads blob "a" of node "right", but it is written ' +
      'on "left": read it with from("left", …), or run the task there with on(…)',
  );
  assertProblems(
    { epoch: [replicate(["w0", "w1", "w2", "w3", "w4"], write), read] },
    'other-node: task "read" on node "main" reads blob "a" of node "main", but it is written ' +
      'on "w0", "w1", "w2", "w3" …: read it with gather(nodes, …), or from(node, …)',
  );
  assertProblems({
    epoch: [
      on("left", write),
      on("right", step("one", { reads: [from("left", a)] })),
      on("right", step("all", { reads: [gather(["left"], a)] })),
    ],
  });
});

Deno.test("an initial value does not stand in for another node's blob", () => {
  const add = step("add", { reads: [counted], writes: [counted] });
  assertProblems(
    { epoch: [on("left", add), on("right", step("read", { reads: [counted] }))] },
    'other-node: task "read" on node "right" reads blob "counted" of node "right", but it is ' +
      'written on "left": read it with from("left", …), or run the task there with on(…)',
  );
  assertProblems({
    epoch: [
      on("left", step("one", { reads: [table] })),
      on("right", step("other", { reads: [table, from("left", table)] })),
    ],
  });
});

Deno.test("a node that is not there", () => {
  const write = on("worker_0", step("write", { writes: [a] }));
  assertProblems(
    { epoch: [write, step("read", { reads: [from("worker_9", a)] })] },
    'unknown-node: task "read" reads blob "a" from node "worker_9", which is not in the job: ' +
      "its nodes are worker_0, main",
  );
  assertProblems(
    { epoch: [write, step("read", { reads: [gather(["worker_0", "worker-1"], a)] })] },
    'unknown-node: task "read" reads blob "a" from node "worker-1", which is not in the job: ' +
      "its nodes are worker_0, main",
  );
});

Deno.test("a scratch blob read before it is written", () => {
  const says = 'reads-scratch: task "read" of the epoch group can read blob "scratch" before ' +
    "anything in the group has written it, and it is scratch: ";
  const onEveryWay = `${says}write it earlier in the group on every way, or let it be saved`;
  const write = step("write", { writes: [scratch] });
  const read = step("read", { reads: [scratch] });
  assertProblems({ epoch: [read, write] }, onEveryWay);
  assertProblems({ init: [write], epoch: [read] }, onEveryWay);
  const often = when(counted, (n) => n > 0);
  assertProblems({ epoch: [group({ if: often }, write), read] }, onEveryWay);
  assertProblems(
    { epoch: [step("write", { writes: [scratch], if: often }), read] },
    onEveryWay,
  );
  assertProblems(
    { epoch: [write, step("read", { reads: [previous(scratch)] })] },
    `${says}let it be saved: previous(…) is what the last epoch left`,
  );
});

Deno.test("a scratch blob read after it is written, or that may be missing", () => {
  const write = step("write", { writes: [scratch] });
  const read = step("read", { reads: [scratch] });
  const often = when(counted, (n) => n > 0);
  assertProblems({ epoch: [write, read] });
  assertProblems({ epoch: [group({ if: often }, write, group({ if: often }, read))] });
  assertProblems({ epoch: [sequence(parallel(write, step("free")), repeat(2, read))] });
  assertProblems({ epoch: [replicate(["w0", "w1"], write, read)] });
  assertProblems({ init: [write, read], epoch: [write], exit: [write, read] });
  assertProblems({ epoch: [step("maybe", { reads: [optional(scratch)] }), write] });
  const fresh = blob("fresh", { scratch: true, initial: () => 0 });
  assertProblems({ epoch: [step("add", { reads: [fresh], writes: [fresh] })] });
});

Deno.test("an excluded blob that a resumed run would not have", () => {
  const read = step("read", { reads: [a] });
  const write = step("write", { writes: [a] });
  const says = (group: string) =>
    `reads-excluded: task "read" of the ${group} group can read blob "a" before anything in the ` +
    "group has written it, and it is not in the checkpoint plan's blobs: write it earlier in " +
    "the group on every way, or let it be saved";
  const without = { checkpoint: { ...checkpoint, blobs: { exclude: [a] } } };
  const only = { checkpoint: { ...checkpoint, blobs: { include: [b] } } };
  for (const plan of [without, only]) {
    assertProblems({ ...plan, init: [write], epoch: [read] }, says("epoch"));
    assertProblems({ ...plan, epoch: [write], exit: [read] }, says("exit"));
    assertProblems({ ...plan, init: [write, read], epoch: [write, read] });
  }
  assertProblems(
    { ...without, init: [write], epoch: [step("read", { reads: [optional(a)] })] },
    says("epoch"),
  );
});

Deno.test("a constant may be excluded: it is made anew as it was", () => {
  assertProblems({
    epoch: [step("read", { reads: [table, previous(table)] })],
    checkpoint: { ...checkpoint, blobs: { exclude: [table] }, keep: [keepLast(1)] },
  });
});

Deno.test("a saved blob need not be written before it is read", () => {
  const best = saved(a, { max: counted });
  assertProblems({
    epoch: [
      step("early", { reads: [best] }),
      step("write", { writes: [a, counted] }),
    ],
  });
});
