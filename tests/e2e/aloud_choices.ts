/** What a person asks of a job that is saved and cannot have, or may not mean, and what is said of it. */
import { join } from "@std/path";
import { type Edits, runBefore, type Trouble } from "./aloud_job.ts";
import { newerVersion, rewrite } from "./spoil.ts";

const PLAN = '"file:checkpoints"';

/** A param that the first tasks alone read. */
const OF_INIT: Edits = [
  ["const look", 'const first = param("first", 1);\nconst look'],
  ["init: [look]", 'init: [look, task("begin", { reads: { first } }).run(() => {})]'],
];

/** All of it. */
export const CHOICES: readonly Trouble[] = [
  {
    name: "a fork is to have a name that is taken",
    spoil: (saved) => runBefore(saved, { args: ["fork", "--from", "2", "--as", "other"] }),
    args: ["fork", "--from", "2", "--as", "other"],
    code: 1,
    says: [
      "Cannot fork to file:",
      'epochs of job "other" are saved there already',
      "Give the fork another name, or go on with what is there (resume --as)",
    ],
  },
  {
    name: "an epoch is of a newer Tidemark",
    spoil: (saved) => rewrite(join(saved, "epochs/e000003.a000001.cbor"), newerVersion),
    code: 1,
    says: [
      "it has format version 2, and this Tidemark knows version 1",
      "Use the Tidemark that wrote it, or a newer one",
    ],
  },
  {
    name: "a fresh start has saved nothing, and is to be resumed",
    spoil: startInVain,
    args: ["resume"],
    code: 1,
    says: [
      "Nothing to resume at file:",
      "nothing is saved on the current line",
      "Go on from what lies beside it, as with --from 3@a1",
      'start the job with "run"',
    ],
  },
  {
    name: "it goes on from what lies beside it",
    spoil: startInVain,
    args: ["resume", "--from", "3@a1"],
    code: 0,
    says: ["adder: resumed from epoch 3", "finished at epoch 5"],
  },
  {
    name: "a param has another value that comes too late",
    spoil: (saved) => runBefore(saved, { edits: OF_INIT }),
    edits: [...OF_INIT, ["epochs(5)", "epochs(6)"]],
    args: ["--param", "first=2"],
    code: 0,
    says: [
      "param first is read by init alone, which has run: another value changes nothing",
      "start anew with --fresh to have it",
    ],
  },
  {
    name: "it has finished, and was edited since",
    edits: [["epochs(5)", "epochs(3)"], ["total + rate", "total + 2 * rate"]],
    code: 0,
    says: [
      "adder: already finished at epoch 3",
      "the job is not what it was at epoch 3@a1",
      "is finished all the same: plan --resume says how it differs",
    ],
  },
  {
    name: "a migration is said to be applied that no plan has",
    edits: [[
      PLAN,
      `${PLAN}, migrate: [migration("mend", { reads: { total }, writes: { total } })
        .run(({ total }) => ({ total: 2 * total }))]`,
    ]],
    args: ["--migrated", "mand"],
    code: 2,
    says: ['"mand"', "the plan has only mend: name one that it has, or put"],
  },
];

/** Starts anew, and fails before anything is saved. */
async function startInVain(saved: string): Promise<void> {
  const edits: Edits = [["=> ({ sizes: data.length })", '=> { throw new Error("a flaw"); }']];
  await runBefore(saved, { edits, args: ["--fresh"], code: 1 });
}
