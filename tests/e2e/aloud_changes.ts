/** What may be another at a resume, and what is said of it. */
import { join } from "@std/path";
import type { Trouble } from "./aloud_job.ts";

const PLAN = '"file:checkpoints"';
const ADDS = "total + rate";
const ALLOW = ["--allow-change"];

/** The job is another. */
export const CHANGED: readonly Trouble[] = [
  {
    name: "a blob has another type",
    edits: [[
      'blob<number>("total", { initial: () => 0 })',
      'blob<string>("total", { initial: () => "" })',
    ]],
    args: ALLOW,
    code: 78,
    says: [
      'blob "total" of node "main" was saved as a number',
      "declares a string",
      "migrate in the plan",
    ],
  },
  {
    name: "a blob is not saved that is read",
    edits: [
      ["const look", 'const extra = blob<number>("extra");\nconst look'],
      [
        "const add",
        'const more = task("more", { writes: { extra } }).run(() => ({ extra: 1 }));\nconst add',
      ],
      ["init: [look]", "init: [look, more]"],
      ["reads: { total, sizes }", "reads: { total, sizes, extra }"],
    ],
    args: ALLOW,
    code: 78,
    says: [
      'blob "extra" of node "main" is not in the checkpoint',
      'task "guard" reads it before anything writes it',
      "migrate in the plan",
    ],
  },
  {
    name: "the code was edited",
    edits: [[ADDS, "total + 2 * rate"]],
    code: 78,
    says: [
      'the code of task "add" was edited',
      "later epochs may come out otherwise",
      "--allow-change",
    ],
  },
  {
    name: "the code was edited, which is allowed",
    edits: [[ADDS, "total + 2 * rate"]],
    args: ALLOW,
    code: 0,
    says: [
      "changed since epoch 3@a1",
      'the code of task "add" was edited',
      "may come out otherwise",
    ],
  },
  {
    name: "a migration fails",
    edits: [[
      PLAN,
      `${PLAN}, migrate: [migration("mend", { reads: { total }, writes: { total } })
        .run(() => { throw new TypeError("a flaw"); })]`,
    ]],
    code: 78,
    says: [
      'Migration "mend" failed on node "main" of epoch 3: a flaw',
      "What is saved stays as it was",
      "mend it, and run the job again",
    ],
  },
  {
    name: "a derived blob is another",
    edits: [["data.length", "data.length + 1"]],
    code: 78,
    says: [
      'Derived blob "sizes" of node "main" is not what it was when epoch 3@a1 was saved',
      'What has changed since: the code of task "look" was edited',
      "go on with the new value with --allow-change",
    ],
  },
  {
    name: "a derived blob is another, which is allowed",
    edits: [["data.length", "data.length + 1"]],
    args: ALLOW,
    code: 0,
    says: [
      'made derived blob "sizes" again, and it is not what it was; changes are allowed',
      "later epochs may come out otherwise",
      'What has changed since: the code of task "look" was edited',
    ],
  },
  {
    name: "what a resource opens is another",
    spoil: (saved) => Deno.writeTextFile(join(saved, "../../stamp"), "v2"),
    code: 0,
    says: [
      'was string "v1", and is string "v2"',
      "may come out otherwise",
      "bring the former one back",
    ],
  },
  {
    name: "what the job is made of may not be read",
    permits: (folder) => [
      `--allow-read=${["checkpoints", "stamp", "die"].map((name) => join(folder, name))}`,
      `--allow-write=${folder}`,
    ],
    code: 0,
    says: ["not seen: job.ts and what it imports and deno.lock (no --allow-read)"],
  },
];

/** Its settings are others. */
export const SETTINGS: readonly Trouble[] = [
  {
    name: "a param is not what it may be",
    args: ["--param", "rate=-1"],
    code: 2,
    says: ['param "rate"', "must be at least 0, found -1", "give it another value"],
  },
  {
    name: "a saved param is not what it may be now",
    edits: [["1, { min: 0 }", "3, { min: 2 }"]],
    code: 1,
    says: [
      'param "rate" must be at least 2, found 1, which is what it was saved with',
      "give it another value now: --param rate=",
    ],
  },
  {
    name: "a param has another value",
    args: ["--param", "rate=2"],
    code: 0,
    says: ["param rate 1 → 2, as given now"],
  },
  {
    name: "a param has another default",
    edits: [['param("rate", 1', 'param("rate", 3']],
    code: 0,
    says: ["param rate is 1, as saved; the default is 3"],
  },
  {
    name: "a param has another name",
    edits: [['param("rate", 1', 'param("speed", 2']],
    args: ALLOW,
    code: 0,
    says: [
      "param rate was saved as 1; the job no longer has it",
      "param speed is new: its default is 2",
    ],
  },
  {
    name: "the seed is another",
    args: ["resume", "--seed", "7"],
    code: 0,
    says: ["seed 0 → 7, as given now"],
  },
  {
    name: "the job had finished, and is to go on",
    code: 0,
    says: [
      "adder: resumed from epoch 3 (attempt 2)",
      "the job had stopped because epochs(3) held",
      "under the plan as it is now it goes on",
    ],
  },
  {
    name: "the job has finished",
    edits: [["epochs(5)", "epochs(3)"]],
    code: 0,
    says: ["adder: already finished at epoch 3 (file:"],
  },
  {
    name: "the stop condition cannot be judged",
    edits: [["epochs(5)", 'when(total, () => { throw new TypeError("a flaw"); })']],
    code: 1,
    says: [
      "Cannot judge until: when(total) after epoch 3: a flaw",
      "Mend the condition, and run the job again",
    ],
  },
  {
    name: "its time is up",
    args: ["--stop-after", "0s"],
    code: 75,
    says: ["its time of 0s is up", "stopped (epoch 3 is saved)", "it can be resumed"],
  },
];
