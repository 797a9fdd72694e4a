/** What has become of a job between its starts, and what a resume says of it. */
import { join } from "@std/path";
import { FileStore } from "tidemark";
import { type Edits, flipIn, runBefore, type Trouble, truncateAll } from "./aloud_job.ts";

const PLAN = '"file:checkpoints"';
const ALLOW = ["--allow-change"];
const MIGRATED = `${PLAN}, migrate: [migration("mend", { reads: { total }, writes: { total } })
  .run(({ total }) => ({ total: 2 * total }))]`;

/** A migration that makes less than it should. */
const HALF_SPLIT: Edits = [
  ["const look", 'const sum = blob<number>("sum", { initial: () => 0 });\nconst look'],
  ["reads: { total, sizes }", "reads: { total, sum, sizes }"],
  [
    PLAN,
    `${PLAN}, migrate: [migration("split", { reads: { total }, writes: { sum } })
      .run(({ total }) => ({ sum: total }))]`,
  ],
];

/** The same, made whole after it was applied. */
const SPLIT: Edits = [
  [
    "const look",
    `const sum = blob<number>("sum", { initial: () => 0 });
    const more = blob<number>("more", { initial: () => 0 });
    const look`,
  ],
  [
    "rate, total, data }, updates: { large }, writes: { total }",
    "rate, sum, data }, updates: { large }, writes: { sum }",
  ],
  ["({ total, rate, large }", "({ sum, rate, large }"],
  ["return { total: total + rate }", "return { sum: sum + rate }"],
  ["reads: { total, sizes }", "reads: { sum, more, sizes }"],
  [
    PLAN,
    `${PLAN}, migrate: [migration("split", { reads: { total }, writes: { sum, more } })
      .run(({ total }) => ({ sum: total, more: total }))]`,
  ],
];

/** A phase behind the last epoch. */
const EXIT: Edits = [
  ["epochs(5)", "epochs(3)"],
  ["epoch: [add, guard],", 'epoch: [add, guard], exit: [task("leave", {}).run(() => {})],'],
];

/** What is read late, or behind the last epoch, is damaged. */
const LATE: readonly Trouble[] = [
  {
    name: "a task is the first to read what is damaged",
    spoil: (saved) => flipPacks(saved, "e000003."),
    edits: [[PLAN, `${PLAN}, load: "lazy"`]],
    code: 0,
    says: [
      'a task is the first to read what is damaged: "packs/',
      "The run starts again",
      "reads all that is saved at once",
      "checkpoint 3@a1 is damaged, so that the job goes back to 2@a1",
    ],
  },
  {
    name: "what a phase has saved is damaged",
    spoil: async (saved) => {
      await runBefore(saved, { edits: EXIT });
      await truncateAll(join(saved, "phases"), 9);
    },
    edits: EXIT,
    code: 0,
    says: ["is damaged, so that the job goes back to 3@a1", "Nothing of it is removed"],
  },
];

/** Nobody can tell what a migration has done. */
const MIGRATIONS: readonly Trouble[] = [
  {
    name: "a migration has left the plan, and what it was saved with is damaged",
    spoil: async (saved) => {
      await runBefore(saved, { edits: [[PLAN, MIGRATED]] });
      await truncateAll(join(saved, "epochs"), 2);
    },
    code: 78,
    says: [
      'migration "mend", which attempt 2 had, is gone from the plan',
      "epoch 3@a1 has not gone through it",
      "put it back, to have it applied",
    ],
  },
  {
    name: "nobody can tell whether a migration was applied",
    spoil: (saved) => runBefore(saved, { edits: HALF_SPLIT }),
    edits: SPLIT,
    args: ALLOW,
    code: 78,
    says: [
      'Nobody can tell whether epoch 5@a2 has gone through migration "split": ',
      "Nothing was tried or changed. Look at what the epoch holds",
      "--migrated split if so, --migrated none if through none",
    ],
  },
  ...["none", "split"].map((migrated): Trouble => ({
    name: `nobody could tell, and a person says --migrated ${migrated}`,
    spoil: (saved) => runBefore(saved, { edits: HALF_SPLIT }),
    edits: [...SPLIT, ["epochs(5)", "epochs(6)"]],
    args: [...ALLOW, "--migrated", migrated],
    code: 0,
    says: ["adder: resumed from epoch 5", "finished at epoch 6"],
  })),
];

/** Records that are lost, or say that it was elsewhere. */
const LOST: readonly Trouble[] = [
  ...[["resume"], ["plan", "--resume"]].map((args): Trouble => ({
    name: `the records of an attempt are lost: ${args.join(" ")}`,
    spoil: loseAttempt,
    args,
    code: 0,
    says: [
      "attempt 2 has saved 5@a2 to 5@a2 (exit), but neither of its records is left to say where that belongs",
      "a resume goes on from before it",
      "bring them back from a copy before anything else goes on",
      "or resume with --from 5@a2, on a new line",
    ],
  })),
  {
    name: "the records of an attempt are lost: ls",
    spoil: loseAttempt,
    args: ["ls"],
    code: 0,
    says: ["beside it, attempt 2, of which no record is left (verify names what to bring back)"],
  },
  {
    name: "the record of what a fork was asked to be is damaged",
    spoil: forgetFork,
    args: ["resume", "--as", "other"],
    code: 0,
    says: [
      "if epoch 2 is what a fork began with",
      "nobody can tell which --param and --seed it was given",
      "resume with --from 2@a1 and that",
    ],
  },
  {
    name: "it is damaged, and what the fork was given is given again",
    spoil: async (saved) => {
      await forgetFork(saved);
      await runBefore(saved, { args: ["resume", "--as", "other"] });
    },
    args: ["resume", "--as", "other", "--from", "2@a1", "--param", "rate=2"],
    code: 0,
    says: ["other: resumed from epoch 2", "param rate 1 → 2, as given now", "finished at epoch 5"],
  },
  {
    name: "what a resource is known by is too large to be saved",
    spoil: (saved) => Deno.writeTextFile(join(saved, "../../stamp"), "v".repeat(17 * 2 ** 20)),
    code: 1,
    says: [
      "Cannot save epoch 4 at file:",
      "Cannot write stamp ",
      "it is written with every save, so that a digest of it is to be given instead",
      "run the job again to go on from there",
    ],
  },
  {
    name: "it was saved with another Deno, on another CPU",
    spoil: async (saved) => {
      const preload = join(saved, "../../other.ts");
      await Deno.writeTextFile(
        preload,
        `const other = { version: { ...Deno.version, deno: "2.0.0" }, build: { ...Deno.build, arch: "other" } };
        for (const [name, value] of Object.entries(other)) Object.defineProperty(Deno, name, { value });`,
      );
      await runBefore(saved, {
        edits: [["epochs(5)", "epochs(4)"]],
        flags: [`--preload=${preload}`],
      });
    },
    code: 0,
    says: [
      "saved with deno 2.0.0, now ",
      "saved with arch other, now ",
      "what is computed from here on may differ in its last bits",
      "go on with deno 2.0.0 to rule that out",
    ],
  },
];

/** Something is there to be pruned. */
const KEEPS_ONE: Edits = [
  ["epochs, job, main", "epochs, job, keepLast, main"],
  [PLAN, `${PLAN}, keep: [keepLast(1)]`],
];

/** What was asked for is not done. */
const ASKED: readonly Trouble[] = [
  {
    name: "who was asked to prune has ended before it did",
    spoil: (saved) => askAndEnd(saved),
    code: 0,
    says: ["prune, which process ", "is not done: that has ended", "ask again where it is not"],
  },
  {
    name: "what was asked for cannot be read",
    spoil: async (saved) => {
      await askAndEnd(saved);
      await truncateAll(join(saved, "asks"), 1);
    },
    code: 0,
    says: ["an ask cannot be read, and was removed", "ask again for what has not gone"],
  },
];

/** All of it. */
export const HISTORY: readonly Trouble[] = [...LATE, ...MIGRATIONS, ...LOST, ...ASKED];

/** Flips a bit of the packs of an epoch. */
function flipPacks(saved: string, epoch: string): void {
  const packs = join(saved, "packs/a000001");
  const others = [...Deno.readDirSync(packs)].filter(({ name }) => !name.startsWith(epoch));
  const aside = Deno.makeTempDirSync({ dir: saved });
  for (const { name } of others) Deno.renameSync(join(packs, name), join(aside, name));
  flipIn(packs, 1000);
  for (const { name } of others) Deno.renameSync(join(aside, name), join(packs, name));
  Deno.removeSync(aside);
}

/** Goes on for two epochs, and loses what says that the second of them follows. */
async function loseAttempt(saved: string): Promise<void> {
  await runBefore(saved);
  const lost = [
    "attempts/000002.cbor",
    "attempts/000002.parent.cbor",
    "epochs/e000004.a000002.cbor",
  ];
  for (const name of lost) await Deno.remove(join(saved, name));
}

/** Asks who has the job to prune it, which ends without. */
async function askAndEnd(saved: string): Promise<void> {
  const request = { purpose: "run", pid: Deno.pid, host: undefined, sinceMs: Date.now() };
  const held = await new FileStore(saved).hold(request);
  await runBefore(saved, { edits: KEEPS_ONE, args: ["prune"] });
  if ("hold" in held) await held.hold.release();
}

/** Forks the job with another param, dies, and loses what says so. */
async function forgetFork(saved: string): Promise<void> {
  await Deno.writeTextFile(join(saved, "../../die"), "3");
  const args = ["fork", "--from", "2", "--as", "other", "--param", "rate=2", ...ALLOW];
  await runBefore(saved, { args, code: 1 });
  await Deno.writeTextFile(join(saved, "../../die"), "");
  const attempts = join(saved, "../other/attempts");
  for (const { name } of Deno.readDirSync(attempts)) {
    if (!name.includes("parent")) await Deno.truncate(join(attempts, name), 40);
  }
}
