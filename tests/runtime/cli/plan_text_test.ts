import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  blob,
  cursor,
  epochs,
  from,
  gather,
  group,
  job,
  keepBest,
  keepEvery,
  keepLast,
  keepWithin,
  keepYounger,
  on,
  optional,
  param,
  previous,
  replicate,
  resource,
  saved,
  sequence,
  task,
  when,
} from "../../../dsl/mod.ts";
import { compile } from "../../../runtime/program.ts";
import { planText } from "../../../runtime/cli/plan_text.ts";

const rows = resource("rows", { open: () => [1, 2, 3] });
const next = cursor("next", { over: rows, take: 1, wrap: true });
const size = param("size", 2, { integer: true, min: 1, max: 9 });
const weights = blob<Float64Array>("weights", { initial: () => new Float64Array(2) });
const loss = blob<number>("loss");
const notes = blob<string[]>("notes");
const hint = blob("hint", { initial: () => "" });
const batch = blob<number[]>("batch", { scratch: true });

const start = task("start", { reads: { size }, writes: { loss } }).run(() => ({ loss: 1 }));
const load = task("load", { reads: { next }, writes: { batch } })
  .run(({ next }) => ({ batch: [...next.items] }));
const learn = task("learn", {
  reads: { batch },
  updates: { weights },
  retry: { attempts: 3, delay: "2s", maxDelay: "1m" },
  timeout: "10m",
}).run(() => {});
const collect = task("collect", {
  reads: {
    all: gather(["w0", "w1"], weights),
    first: from("w0", weights),
    last: previous(loss, 0),
    hint: optional(hint),
  },
  writes: { loss },
  if: when(size, (n) => n > 1),
}).run(() => ({ loss: 0 }));
const note = task("note", { writes: { notes } }).run(() => ({ notes: [] }));
const tidy = task("tidy", {
  updates: { notes },
  retry: { attempts: 2, restore: false },
}).run(() => {});
const report = task("report", { reads: { best: saved(loss, { min: loss }) } }).run(() => {});

const trained = job("trained", {
  init: [start],
  epoch: [
    replicate(["w0", "w1"], sequence(load, learn)),
    collect,
    group({ if: when(loss, (l) => l > 0) }, on("w0", note, tidy)),
  ],
  exit: [report],
  until: [epochs(size), when(loss, (l) => l < 0.1)],
  checkpoint: {
    to: "file:ck",
    every: epochs(2),
    keep: [
      keepLast(3),
      keepEvery(10),
      keepBest({ min: loss }),
      keepYounger("2h"),
      keepEvery("6h"),
      keepWithin("1.5 GiB"),
    ],
    durability: "process",
    onSaveError: "retry",
    check: "reads",
    blobs: { exclude: [notes] },
  },
});

Deno.test("plan text: the exact steps of a job, with what they move, load, keep and save", () => {
  assertEquals(
    planText(compile(trained, { params: { size: 5 }, upload: true }), "file:/x/trained"),
    `job trained
nodes: main, w0, w1

params (a resume takes the saved values where none are given)
  --param size=5  whole number, at least 1, at most 9, 2 by default

checkpoints
  to file:/x/trained
  save after init, every 2 epochs, and after the last epoch
  keep the last 3, every 10 epochs, the best 1 by the lowest loss, younger than 2h, one every 6h, the newest within 1.5 GiB
  durability: process; grain: epoch
  a failed save: retry; a damaged epoch: fallback; an edited job: stop
  what tasks read is compared before and after
  saved of main: loss, hint
  saved of w0: weights
  saved of w1: weights
  not saved: w0/batch (scratch), w1/batch (scratch), w0/notes (excluded)

a fresh start
  start@main  reads param size; writes loss
  find the blobs to save
  save epoch 0, commit

a resume
  load the saved epoch
  stop if epochs(param size) or when(loss)
  find the blobs to save

each epoch
  load@w0  reads cursor next; writes batch
  learn@w0  reads batch; updates weights
      after load@w0
      timeout 10m a try
      up to 3 tries, first after 2s, at most 1m apart
      keeps a copy of weights, for each try to start from
  load@w1  reads cursor next; writes batch
  learn@w1  reads batch; updates weights
      after load@w1
      timeout 10m a try
      up to 3 tries, first after 2s, at most 1m apart
      keeps a copy of weights, for each try to start from
  collect@main  reads weights of w0, w1, w0/weights, loss from before the group, hint if set; writes loss
      after learn@w0, learn@w1
      transfer weights of w0, w1 to main
      transfer w0/weights to main
      if when(size)
  if@main-5  judges when(loss)
      after collect@main
  note@w0  writes notes
      only if if@main-5 held
  tidy@w0  updates notes
      after note@w0
      only if if@main-5 held
      up to 2 tries
      keeps no copy of notes: a try may see what the last one left
  stop if epochs(param size) or when(loss)
  save the epoch, commit (every 2 epochs, and the last)

at the end
  run the uploader's tasks
  save, commit: upload is done
  report@main  reads saved loss
      load loss of the saved epoch with the lowest loss
  save, commit: exit is done
`,
  );
});

Deno.test("plan text: a plan that leaves all to its defaults", () => {
  const one = job("one", { epoch: [start], until: epochs(1), checkpoint: { to: "memory:x" } });
  const text = planText(compile(one), "memory:x/one");
  assertStringIncludes(text, "  save after init, after each epoch, and after the last epoch\n");
  assertStringIncludes(text, "  keep all\n");
  assertStringIncludes(text, "  durability: the strongest the place has; grain: epoch\n");
  assertStringIncludes(text, "  saved: loss\n");
  assertStringIncludes(text, "  init: no tasks\n");
});

Deno.test("plan: what is derived is run again by a resume, and not saved", () => {
  const images = blob<number[]>("images", { derived: true });
  const labels = blob<number[]>("labels", { derived: true });
  const read = task("read", { writes: { images } }).run(() => ({ images: [1] }));
  const name = task("name", { reads: { images }, writes: { labels } })
    .run(({ images }) => ({ labels: [...images] }));
  const use = task("use", { reads: { labels } }).run(() => {});
  const textOf = (plan: object): string => {
    const checkpoint = { to: "file:x", ...plan };
    const shape = { init: [read, name], epoch: [use], until: epochs(1), checkpoint };
    return planText(compile(job("derives", shape)), "file:x");
  };
  const text = textOf({});
  assertStringIncludes(text, "  not saved: images (derived), labels (derived)\n");
  assertStringIncludes(
    text,
    [
      "a resume",
      "  load the saved epoch",
      "  stop if epochs(1)",
      "  run again what is derived, and compare it with what it was: read@main, name@main",
      "  find the blobs to save",
    ].join("\n"),
  );
  assertStringIncludes(
    textOf({ load: "lazy" }),
    "compare it with what it was, as far as what is still to run reads it: read@main, name@main\n",
  );
});
