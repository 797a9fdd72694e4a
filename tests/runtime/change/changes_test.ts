/** What a job is told of its edits, on jobs in one process: their text is that of their functions alone. */
import { assertEquals } from "@std/assert";
import {
  blob,
  codec,
  cursor,
  epochs,
  group,
  type JobOptions,
  keepLast,
  resource,
  set,
  task,
  when,
} from "../../../dsl/mod.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { add, begin, jobOf, rate, scale, started, total, weights, words } from "./edited_job.ts";

/** What differs, in short: the judgement's first letter, and what. */
async function changed(
  now: Partial<JobOptions>,
  options: JobRunnerOptions = {},
): Promise<string[]> {
  const to = await started();
  const { changes } = await new JobRunner(jobOf(now), { to, ...options }).changesSince();
  return changes.map(({ what, verdict }) => `${verdict[0]} ${what}`);
}

const EDITS: Readonly<Record<string, readonly [Partial<JobOptions>, ...string[]]>> = {
  "nothing": [{}],
  "a new task": [
    { epoch: [add, scale, task("more").run(() => {})] },
    't task "more" of epoch is new',
  ],
  "a task gone": [{ epoch: [add] }, 't task "scale" of epoch is gone'],
  "the order": [{ epoch: [scale, add] }, 't the order of epoch: "add", "scale" → "scale", "add"'],
  "a group": [
    { epoch: [add, group({ if: when(total, (t) => t > 0) }, scale)] },
    't the order of epoch: "add", "scale" → "add", if when(total) ("scale")',
  ],
  "a task of exit": [
    { exit: [task("report", { reads: { rate } }).run(() => {})] },
    'h task "report": reads: total → rate (param rate)',
  ],
  "a task of init": [
    {
      init: [task("begin", { updates: { weights } }).run(({ weights }) => void weights.fill(2))],
    },
    'h the code of task "begin" was edited',
  ],
  "code": [
    {
      epoch: [
        add,
        task("scale", { updates: { weights } }).run(({ weights }) => void weights.sort()),
      ],
    },
    't the code of task "scale" was edited',
  ],
  "a comment and a layout": [
    {
      epoch: [
        add,
        task("scale", { updates: { weights } })
          .run(
            (
              // Reversed.
              { weights },
            ) => void weights.reverse(),
          ),
      ],
    },
  ],
  "when it runs": [
    {
      epoch: [
        add,
        task("scale", { updates: { weights }, timeout: "1s", retry: { attempts: 2 } })
          .run(({ weights }) => void weights.reverse()),
      ],
    },
    'h task "scale": retry: none → 2',
    'h task "scale": timeout: none → 1s',
  ],
  "until": [{ until: epochs(4) }, "h the job's until: epochs(2) → epochs(4)"],
  "a predicate": [
    { until: [epochs(2), when(total, (t) => t > 5)] },
    "h the job's until: epochs(2) → epochs(2) or when(total)",
  ],
  "the plan": [
    { checkpoint: { to: "memory:other", keep: [keepLast(2)], blobs: { exclude: [] } } },
    "h the plan's keep: none → last 2",
    "h the plan's to: memory:unused → memory:other",
  ],
};

for (const [what, [now, ...expected]] of Object.entries(EDITS)) {
  Deno.test(`an edited job is told: ${what}`, async () => {
    const found = await changed(now);
    assertEquals(found.map((line) => line.replace(/\s+/g, " ")), expected);
  });
}

Deno.test("a param given now is deliberate: the job goes on and says it", async () => {
  const to = await started();
  const set5 = { to, set: [set(rate, 0.05)] };
  const { changes, settings, refusal } = await new JobRunner(jobOf(), set5).changesSince();
  assertEquals([changes, refusal], [[], undefined]);
  assertEquals(settings, ["param rate 0.1 → 0.05, as given now"]);
});

Deno.test("a cursor, a resource, a codec: whatever later epochs see in another way", async () => {
  const coded = (text: string): Partial<JobOptions> => {
    const list = blob<{ n: number }>("list", {
      codec: codec({ encode: ({ n }) => `${n}`, decode: (s: string) => ({ n: Number(s) }) }),
      initial: () => ({ n: 0 }),
    });
    const other = blob<{ n: number }>("list", {
      codec: codec({ encode: ({ n }) => `${n}`, decode: (s: string) => ({ n: +s }) }),
      initial: () => ({ n: 0 }),
    });
    const used = text === "other" ? other : list;
    const more = resource("words", { open: () => ["a", "c"] });
    const over = text === "other" ? more : words;
    const slice = cursor("next", { over, take: text === "other" ? 2 : 1, wrap: true });
    const use = task("use", { reads: { slice, used } }).run(() => {});
    return { epoch: [use] };
  };
  const to = await started(jobOf(coded("one")));
  const { changes } = await new JobRunner(jobOf(coded("other")), { to }).changesSince();
  assertEquals(changes.map(({ what, verdict }) => `${verdict}: ${what}`), [
    'to be allowed: the codec of blob "list" was edited',
    'to be allowed: the code of resource "words" was edited',
    'to be allowed: cursor "next": takes: 1 at a time of resource words, again and again → ' +
    "2 at a time of resource words, again and again",
  ]);
});

Deno.test("a version says whether an edit counts", async () => {
  const versioned = (version: number | undefined, step: number): Partial<JobOptions> => ({
    epoch: [
      step === 1
        ? task("add", { reads: { total }, writes: { total }, ...version ? { version } : {} })
          .run(({ total }) => ({ total: total + 1 }))
        : task("add", { reads: { total }, writes: { total }, ...version ? { version } : {} })
          .run(({ total }) => ({ total: 1 + total })),
    ],
  });
  const verdicts = async (
    one: Partial<JobOptions>,
    other: Partial<JobOptions>,
  ): Promise<string[]> => {
    const to = await started(jobOf(one));
    const { changes } = await new JobRunner(jobOf(other), { to }).changesSince();
    return changes.map(({ what, verdict }) => `${verdict[0]} ${what}`);
  };
  assertEquals(await verdicts(versioned(1, 1), versioned(1, 2)), [
    'h the code of task "add" was edited',
  ]);
  assertEquals(await verdicts(versioned(1, 1), versioned(2, 1)), ['t task "add": version: 1 → 2']);
  assertEquals(await verdicts(versioned(undefined, 1), versioned(1, 1)), []);
  assertEquals(await verdicts(versioned(undefined, 1), versioned(1, 2)), [
    't the code of task "add" was edited',
  ]);
  assertEquals(await verdicts(versioned(1, 1), versioned(undefined, 1)), [
    't task "add": version: 1 → none',
  ]);
});

Deno.test("blobs of another type or size, and those that are missing, are impossible", async () => {
  const bare = blob<number>("bare");
  const sized = blob("weights", { initial: () => new Float32Array(4) });
  const typed = blob("weights", { initial: () => new Float64Array(3) });
  const impossible = async (now: Partial<JobOptions>): Promise<string[]> =>
    (await changed(now)).filter((line) => line.startsWith("i"));
  const scaling = (weights: typeof sized | typeof typed): JobOptions["epoch"] => [
    add,
    task("scale", { updates: { weights } }).run(({ weights }) => void weights.reverse()),
  ];
  assertEquals(await impossible({ init: [], epoch: scaling(sized) }), [
    'i blob "weights" of node "main" was saved as Float32Array of 3, and the job declares Float32Array of 4',
  ]);
  assertEquals(await impossible({ init: [], epoch: scaling(typed) }), [
    'i blob "weights" of node "main" was saved as a Float32Array, and the job declares a Float64Array (by its initial value)',
  ]);
  const fill = task("fill", { writes: { bare } }).run(() => ({ bare: 1 }));
  const use = task("use", { reads: { bare } }).run(() => {});
  assertEquals(await impossible({ init: [begin, fill], epoch: [add, scale, use] }), [
    'i blob "bare" of node "main" is not in the checkpoint',
  ]);
  assertEquals(await impossible({ epoch: [add, scale, fill, use] }), []);
});
