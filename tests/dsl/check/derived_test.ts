import {
  type AnyBlob,
  blob,
  cursor,
  epochs,
  from,
  gather,
  group,
  keepBest,
  on,
  optional,
  param,
  previous,
  repeat,
  replicate,
  resource,
  saved,
  task,
  when,
} from "../../../dsl/mod.ts";
import { assertProblems, step } from "./helpers.ts";

const images = blob<number[]>("images", { derived: true });
const labels = blob<number[]>("labels", { derived: true });
const seed = blob<number>("seed");
const loss = blob<number>("loss");
const constant = blob("constant", { initial: () => 1 });
const size = param("size", 3);
const data = resource("data", { open: () => [1, 2] });
const read = step("read", { writes: [images] });
const checkpoint = { to: "file:checkpoints" };

const READS = "read params, resources, other derived blobs, or blobs that nothing changes after it";
const ONCE = "let one init task write it, once on each node, and no other change it; " +
  "or do not make it derived";

Deno.test("what a derived blob may be made of, and who may read it", () => {
  const next = cursor("next", { over: images, take: 1 });
  const open = when(size, (size) => size > 1);
  assertProblems({
    init: [
      step("start", { writes: [seed] }),
      step("read", { reads: [size, data, seed, constant], writes: [images], if: open }),
      group(
        { if: when(seed, (seed) => seed > 0) },
        step("name", { reads: [images], writes: [labels] }),
      ),
      step("use", { reads: [images], writes: [loss] }),
      replicate(["x", "y"], step("other", { reads: [from("main", images)], writes: [labels] })),
    ],
    epoch: [step("train", { reads: [next, images, previous(images), seed], writes: [loss] })],
    exit: [step("tell", { reads: [gather(["x", "y"], labels), optional(images)] })],
  });
});

Deno.test("a derived blob is nothing else", () => {
  const scratch = { ...images, scratch: true } as AnyBlob as typeof images;
  const initial = { ...images, initial: () => [1] } as AnyBlob as typeof images;
  assertProblems(
    { init: [step("read", { writes: [scratch] })] },
    'derived-conflict: blob "images" is derived and has scratch too: take one of them out: a scratch ' +
      "blob is dropped after its group, a derived one is made again",
  );
  assertProblems(
    { init: [step("read", { writes: [initial] })] },
    'derived-conflict: blob "images" is derived and has initial too: let an init task write it, which ' +
      "runs again on a resume",
  );
});

Deno.test("a derived blob is not of the plan's blobs", () => {
  assertProblems(
    { init: [read], checkpoint: { ...checkpoint, blobs: { exclude: [images] } } },
    'selects-derived: checkpoint: blobs excludes blob "images", which is derived and never saved: ' +
      "do not make it derived, or take it out of exclude",
  );
});

Deno.test("one init task writes a derived blob, and no other changes it", () => {
  const changes = (what: string): string => `changes-derived: ${what}: ${ONCE}`;
  const grow = task("grow", { updates: { images } }).run(() => {});
  assertProblems(
    { epoch: [read] },
    changes('task "read" of the epoch group writes blob "images", which is derived'),
  );
  assertProblems(
    { init: [read], epoch: [grow], exit: [step("end", { writes: [images] })] },
    changes('task "grow" of the epoch group updates blob "images", which is derived'),
    changes('task "end" of the exit group writes blob "images", which is derived'),
  );
  assertProblems(
    { init: [read, grow] },
    changes('task "grow" of the init group updates blob "images", which is derived'),
  );
  const twice = changes(
    'task "read" of the init group writes blob "images" of node "main", which is derived and written before',
  );
  assertProblems({ init: [repeat(2, read)] }, twice);
  assertProblems({ init: [read, on("other", read)] });
});

Deno.test("a task that writes a derived blob changes nothing else", () => {
  assertProblems(
    { init: [step("read", { writes: [images, labels, seed] })] },
    'derives-beside: task "read" writes blob "images", which is derived, and also changes blob "seed", ' +
      'which is not: change "seed" in a task of its own: this one runs again on each resume',
  );
});

Deno.test("a derived blob is not made of what is another on a resume", () => {
  const says = (what: string): string =>
    `derives-from-changing: task "read" writes blob "images", which is derived, and reads ${what}: ${READS}`;
  const later = (who: string): string =>
    says(
      `blob "seed", which ${who} changes, so that it is another when the task runs again on a resume`,
    );
  const again = "which is another when it runs again on a resume";
  const start = step("start", { writes: [seed] });
  const change = step("change", { reads: [seed], writes: [seed] });
  const make = step("read", { reads: [seed], writes: [images] });
  assertProblems({ init: [start, make, change] }, later('task "change" of the init group'));
  assertProblems(
    { init: [start, make], epoch: [change] },
    later('task "change" of the epoch group'),
  );
  assertProblems({ init: [start, make], exit: [change] }, later('task "change" of the exit group'));
  assertProblems({ init: [start, change, make] });
  const condition = when(seed, (seed) => seed > 0);
  assertProblems(
    { init: [start, group({ if: condition }, read)], epoch: [change] },
    later('task "change" of the epoch group'),
  );
  assertProblems(
    { init: [start, step("read", { writes: [images], if: condition })], epoch: [change] },
    later('task "change" of the epoch group'),
  );
  const next = cursor("next", { over: data, take: 1 });
  assertProblems(
    { init: [step("read", { reads: [next, previous(constant)], writes: [images] })] },
    says(`cursor "next", ${again}`),
    says(`previous(constant), ${again}`),
  );
});

Deno.test("a derived blob is not made of what a resume does not have", () => {
  const init = [
    step("start", { writes: [seed] }),
    step("read", { reads: [seed], writes: [images] }),
  ];
  assertProblems(
    { init, checkpoint: { ...checkpoint, blobs: { exclude: [seed] } } },
    'derives-from-unsaved: task "read" writes blob "images", which is derived, and reads blob "seed", ' +
      `which is not saved and so not there when it runs again on a resume: let it be saved; or ${READS}`,
  );
});

Deno.test("nothing asks for a derived blob of a saved epoch", () => {
  const asks = (who: string): string =>
    `reads-unsaved: ${who} reads blob "count", which is not saved, so that a resume could not: it is ` +
    "derived, and made after stop conditions are judged: keep what is asked of it, such as its length, " +
    "in a blob of its own";
  const count = blob<number>("count", { derived: true });
  const init = [step("read", { writes: [count] })];
  assertProblems({ init, until: [epochs(2), when(count, () => true)] }, asks("until: when"));
  assertProblems(
    { init, checkpoint: { ...checkpoint, keep: [keepBest({ max: count })] } },
    asks("checkpoint: keepBest"),
  );
  assertProblems(
    {
      init: [...init, step("start", { writes: [loss] })],
      epoch: [step("report", { reads: [saved(count, { min: loss })] })],
    },
    'reads-unsaved: task "report": saved reads blob "count", which is not saved: read the blob itself: ' +
      "it is derived, and the same in every epoch",
  );
});

Deno.test("a derived blob is read once it is written", () => {
  assertProblems(
    { init: [step("use", { reads: [images], writes: [loss] }), read] },
    'read-before-write: task "use" of the init group reads blob "images" before anything has written it: ' +
      "write it first, by a task that is listed before, read previous(…) or optional(…), or give it an " +
      "initial value",
  );
});
