/** What became of the job before, and what a resume says of it. */
import { join } from "@std/path";
import { FileStore } from "tidemark";
import { at, makeOld } from "../runtime/run/old_states.ts";
import { altered, rewrite } from "./spoil.ts";
import { onStore, type Trouble } from "./aloud_job.ts";

const PLAN = '"file:checkpoints"';
const ALLOW = ["--allow-change"];
const ADDS = "total + rate";
const ENDS = "epochs(5)";
const DIES = 'if (beside("die") === String(epoch)) throw new TypeError("a flaw");';

/** Puts migrations in the plan. */
function migrate(text: string): readonly [string, string] {
  return [PLAN, `${PLAN}, migrate: [${text}]`];
}

const MEND = `migration("mend", { reads: { total }, writes: { total } })
  .run(({ total }) => ({ total: total + 1 }))`;

/** Changes one bit in the middle of all that an epoch has written. */
async function alterPacks(saved: string, epoch: string): Promise<void> {
  const packs = join(saved, "packs", "a000001");
  for await (const { name } of Deno.readDir(packs)) {
    if (name.startsWith(epoch)) await rewrite(join(packs, name), altered);
  }
}

/** Removes all records of an attempt, and the first of what it saved, which would say where it began. */
async function loseRecords(saved: string): Promise<void> {
  for (
    const name of [
      "attempts/000002.cbor",
      "attempts/000002.parent.cbor",
      "epochs/e000004.a000002.cbor",
    ]
  ) {
    await Deno.remove(join(saved, name));
  }
}

/** What was saved is not all there. */
const LOST: readonly Trouble[] = [
  {
    name: "damage is found late",
    edits: [[PLAN, `${PLAN}, load: "lazy"`]],
    spoil: (saved) => alterPacks(saved, "e000003"),
    args: ALLOW,
    code: 0,
    says: [
      'a task is the first to read what is damaged: "packs/a000001/e000003.',
      "The run starts again, and reads all that is saved at once",
      "checkpoint 3@a1 is damaged, so that the job goes back to 2@a1",
      "Nothing of it is removed; verify --full says what else is damaged",
    ],
  },
  {
    name: "what exit has saved is damaged",
    edits: [["init: [look],", "init: [look], exit: [look2],"], [
      "const add",
      `const look2 = task("look2", { writes: { total } }).run(() => ({ total: 0 }));
const add`,
    ]],
    earlier: { count: 1, code: 0 },
    then: async (saved) => {
      for await (const { name } of Deno.readDir(join(saved, "phases"))) {
        await Deno.truncate(join(saved, "phases", name), 40);
      }
    },
    args: [],
    code: 0,
    says: [
      "checkpoint 5@a2 (exit) is damaged, so that the job goes back to 5@a2",
      "resumed from epoch 5, at its exit group",
      "exit  done, saved",
    ],
  },
  {
    name: "records of the last attempt are lost",
    earlier: { count: 1, code: 0 },
    then: loseRecords,
    laterEdits: [[ENDS, "epochs(6)"]],
    code: 0,
    says: [
      "attempt 2 has saved 5@a2 to 5@a2 (exit), but neither of its records is left",
      "lies beside the current line, and a resume goes on from before it",
      "bring them back from a copy before anything else goes on (verify names them); or resume with --from 5@a2",
      "adder: resumed from epoch 3",
    ],
  },
];

/** Starts before it came to nothing. */
const STOPPED: readonly Trouble[] = [
  {
    name: "it was told to stop at the same place twice",
    edits: [[
      DIES,
      'if (epoch === 4) Deno.kill(Deno.pid, "SIGTERM");\n  return new Promise<void>((_, no) => epoch === 4 ? signal.addEventListener("abort", () => no(signal.reason)) : _());',
    ], ["(_, { epoch })", "(_, { epoch, signal })"]],
    earlier: { count: 2, code: 75, args: ALLOW },
    args: ALLOW,
    code: 75,
    says: [
      "3 starts in a row, this one among them, began at epoch 3, and those before it were told to stop before they had",
      "(attempt 3, ",
      'give it more time (--stop-after), or have what its tasks have done recorded (grain: "task"',
    ],
  },
];

/** What is saved was made otherwise. */
const OTHERWISE: readonly Trouble[] = [
  {
    name: "nobody can tell whether it was migrated",
    spoil: async (saved) => {
      await makeOld(new FileStore(saved), at(3, 1));
      await Deno.remove(join(saved, "attempts/000001.cbor"));
    },
    edits: [migrate(MEND)],
    args: ALLOW,
    code: 78,
    says: [
      'Nobody can tell whether epoch 3@a1 has gone through migration "mend": it does not say, and the record of attempt 1',
      "Nothing was tried or changed",
      "--migrated mend if so, --migrated none if through none",
    ],
  },
  {
    name: "a migration has left the plan",
    edits: [migrate(MEND)],
    deaths: 1,
    laterEdits: [[`, migrate: [${MEND}]`, ""], [ADDS, "total + 2 * rate"]],
    code: 78,
    says: [
      "The job is not what it was when attempt 2 was started",
      'migration "mend", which attempt 2 had, is gone from the plan, and epoch 3@a1 has not gone through it',
      "put it back, to have it applied",
    ],
  },
  {
    name: "it was saved with another Deno",
    edits: [[
      "const beside",
      'Object.defineProperty(Deno, "version", { value: { ...Deno.version, deno: "1.2.3" } });\nconst beside',
    ]],
    earlier: { count: 1, code: 0, args: ALLOW },
    laterEdits: [['"1.2.3"', "Deno.version.deno"], [ENDS, "epochs(6)"]],
    args: ALLOW,
    code: 0,
    says: [
      "saved with deno 1.2.3, now ",
      "may differ in its last bits; where that matters, go on with the former",
    ],
  },
];

/** Somebody else made it, or the place is another. */
const ELSEWHERE: readonly Trouble[] = [
  {
    name: "the record of a fork that has saved nothing is lost",
    earlier: {
      count: 1,
      args: [...["fork", "--as", "b", "--from", "2"], ...[
        "--param",
        "rate=2",
        "--stop-after",
        "0s",
      ]],
      code: 75,
    },
    then: (saved) => Deno.remove(join(saved, "../b/attempts"), { recursive: true }),
    args: ["resume", "--as", "b"],
    code: 0,
    says: [
      "b: resumed from epoch 2",
      "the record of attempt 1 is damaged or lost: if epoch 2 is what a fork began with, nobody can tell which --param",
      "give them again",
    ],
  },
  {
    name: "the store has no holds",
    edits: [onStore("const store = Object.assign(new FileStore(root), { hold: undefined });")],
    args: ALLOW,
    code: 0,
    says: ["nobody can hold file:", "as stores of its kind have no holds", "let only one run"],
  },
];

/** All of it. */
export const HISTORY: readonly Trouble[] = [...LOST, ...STOPPED, ...OTHERWISE, ...ELSEWHERE];
