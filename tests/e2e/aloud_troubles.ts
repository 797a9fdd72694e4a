/** All that can be wrong at a resume, and what is said of it; of bytes that are hostile, see bad_input_test.ts. */
import { join } from "@std/path";
import { CHANGED, SETTINGS } from "./aloud_changes.ts";
import { CHOICES } from "./aloud_choices.ts";
import { FULL } from "./aloud_full_disk.ts";
import { HISTORY } from "./aloud_history.ts";
import { STOPS } from "./aloud_stops.ts";
import { flipIn, onStore, type Trouble, truncateAll } from "./aloud_job.ts";

const PLAN = '"file:checkpoints"';
const ALLOW = ["--allow-change"];

/** What is saved cannot be read. */
const UNREADABLE: readonly Trouble[] = [
  {
    name: "the newest epoch is damaged",
    spoil: (saved) => truncateAll(join(saved, "epochs"), 1),
    code: 0,
    says: ["checkpoint 3@a1 is damaged", "no seal at its end", "the job goes back to 2@a1"],
  },
  {
    name: "it is damaged, and the plan stops there",
    spoil: (saved) => truncateAll(join(saved, "epochs"), 1),
    edits: [[PLAN, `${PLAN}, onDamaged: "stop"`]],
    code: 1,
    says: ["Checkpoint 3@a1 at file:", 'onDamaged is "stop"', "resume --from 2"],
  },
  {
    name: "all epochs are damaged",
    spoil: (saved) => truncateAll(join(saved, "epochs"), 9),
    code: 1,
    says: [
      "No epoch that is saved at file:",
      'all are damaged; the newest: "epochs/e000003.a000001.cbor"',
      "start anew with --fresh, which deletes nothing",
    ],
  },
  {
    name: "all packs are gone",
    spoil: (saved) => Deno.remove(join(saved, "packs"), { recursive: true }),
    code: 1,
    says: ["No epoch that is saved at file:", "but has no such object", "verify --full"],
  },
  {
    name: "the job's own record is damaged",
    spoil: (saved) => Deno.truncate(join(saved, "job.cbor"), 3),
    code: 1,
    says: ['"job.cbor" should have', "but has 3 bytes", "the next start writes it anew"],
  },
  {
    name: "nothing is saved",
    spoil: (saved) => Deno.remove(saved, { recursive: true }),
    args: ["resume"],
    code: 1,
    says: ["Nothing to resume at file:", "no epoch is saved there", 'Start the job with "run"'],
  },
  {
    name: "an epoch that is not saved is asked for",
    args: ["resume", "--from", "9"],
    code: 1,
    says: ["Checkpoint 9 is not in", "adder", "there are 0, 1, 2, 3: take one of them"],
  },
  {
    name: "the folder is another job's",
    spoil: (saved) => Deno.rename(saved, join(saved, "../other")),
    edits: [['job("adder"', 'job("other"']],
    code: 1,
    says: [
      'holds the checkpoints of job "adder", not of "other"',
      "give each job a folder of its own (--to, or to in the plan)",
    ],
  },
  {
    name: "it may not read",
    permits: () => [],
    code: 1,
    says: ["Cannot look at", "Deno does not permit it", "run with --allow-read="],
  },
];

/** Others have the job, or it comes to no end. */
const RUNNING: readonly Trouble[] = [
  {
    name: "another process has the job",
    isHeld: true,
    code: 76,
    says: [
      "Another process works on file:",
      `process ${Deno.pid}`,
      "Let it work, or stop it; or take the job over with --take-over",
    ],
  },
  {
    name: "it is taken over from another process",
    isHeld: true,
    args: ["--take-over"],
    code: 0,
    says: [
      `this job was taken over from process ${Deno.pid}`,
      "its next save is refused",
      "what it has not recorded by now is lost",
    ],
  },
  {
    name: "it is taken over by another process",
    edits: [[
      "large[epoch] = epoch;",
      `if (epoch === 5) Deno.writeTextFileSync(
        new URL("checkpoints/adder/attempts/000003.cbor", import.meta.url), "");
      large[epoch] = epoch;`,
    ]],
    args: ALLOW,
    code: 76,
    says: [
      "Attempt 2 was fenced by attempt 3, so 5@a2 lies on a side line",
      "another runner has taken this job over, so that this one ends",
      "ls shows what lies where",
    ],
  },
  {
    name: "the store has no holds",
    edits: [onStore("const store = Object.assign(new FileStore(root), { hold: undefined });")],
    args: ALLOW,
    code: 0,
    says: [
      "nobody can hold file:",
      "as stores of its kind have no holds: a second runner would not be refused, but make the saves of " +
      "the first fail: let only one run",
    ],
  },
  {
    name: "a task fails",
    deaths: 1,
    isDying: true,
    code: 1,
    says: [
      'Task "guard" failed in epoch 4 on node "main" (attempt 3, try 1): a flaw',
      "epoch 3 is saved at file:",
      "to go on from there:\n  deno run … job.ts\n",
    ],
  },
  {
    name: "it dies at the same place for the third time",
    deaths: 2,
    isDying: true,
    code: 1,
    says: [
      "3 starts in a row, this one among them, began at epoch 3",
      "before they had saved anything or recorded any work (attempt 3, ",
      "see what they printed last, or go back with resume --from",
    ],
  },
  {
    name: "it goes on in the middle of an epoch",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    code: 0,
    says: ["epoch 4 goes on where it ended: 1 task had finished then, and does not run again"],
  },
  {
    name: "what tasks had done is damaged",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    then: (saved) => flipIn(join(saved, "tasks"), 10),
    code: 0,
    says: [
      "what tasks had done is lost in part, so that they do it again, and nothing is to be done",
      "should have the SHA-256",
    ],
  },
  {
    name: "what tasks had done is damaged: plan --resume",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    then: (saved) => flipIn(join(saved, "tasks"), 10),
    args: ["plan", "--resume"],
    code: 0,
    says: [
      "what tasks had done is lost in part, so that they do it again, and nothing is to be done",
      "should have the SHA-256",
    ],
  },
  {
    name: "what tasks had done was with another seed",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    args: ["--seed", "7"],
    code: 0,
    says: [
      "seed 0 → 7, as given now",
      "what tasks have done since that state had the seed 0, and is done again",
    ],
  },
  {
    name: "what tasks had done was before an edit",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    laterEdits: [['"a flaw"', '"another flaw"']],
    args: ALLOW,
    code: 0,
    says: [
      "what tasks had finished before the change is used where they, and the params that they read, are " +
      "what they were",
      "a task that is given another version does it again",
    ],
  },
  {
    name: "what tasks had done was before an edit of what they may use",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    laterEdits: [["new URL(name, import.meta.url)", "new URL(`./${name}`, import.meta.url)"]],
    args: ALLOW,
    code: 0,
    says: [
      "beside of the job's file was edited: tasks may use it",
      "what tasks have finished since the last save is used as it is, though code beside them was edited",
      "a task that is given another version does it again",
    ],
  },
  {
    name: "what tasks had done was before a migration",
    edits: [[PLAN, `${PLAN}, grain: "task"`]],
    deaths: 1,
    laterEdits: [[
      PLAN,
      `${PLAN}, migrate: [migration("mend", { reads: { total }, writes: { total } })
        .run(({ total }) => ({ total: 2 * total }))]`,
    ]],
    args: ALLOW,
    code: 0,
    says: [
      "what tasks have done since that state may have read blobs in their old form, and is done again",
    ],
  },
];

/** All of it. */
export const TROUBLES: readonly Trouble[] = [
  ...UNREADABLE,
  ...CHANGED,
  ...SETTINGS,
  ...RUNNING,
  ...FULL,
  ...HISTORY,
  ...CHOICES,
  ...STOPS,
];
