// What a resume says where something is wrong, as a new user meets it: what, why, and what next.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runProgram, runWell, withFolder } from "./process.ts";

const JOB = `
import { blob, epochs, job, main, param, resource, task } from "tidemark";
const stamp = (): string => Deno.readTextFileSync(new URL("stamp", import.meta.url));
const data = resource("data", { open: () => [1], stamp });
const rate = param("rate", 1, { min: 0 });
const total = blob<number>("total", { initial: () => 0 });
const large = blob<Float64Array>("large", { initial: () => new Float64Array(20_000) });
const add = task("add", { reads: { rate, total, data }, updates: { large }, writes: { total } })
  .run(({ total, rate, large }, { epoch }) => {
    large[epoch] = epoch;
    return { total: total + rate };
  });
await main(import.meta, job("adder", {
  epoch: [add], until: epochs(3), checkpoint: { to: "file:checkpoints" },
}));
`;

/** One trouble: what is done to a finished job, how it is started then, and what is said. */
interface Trouble {
  readonly name: string;
  /** Spoils what is saved. */
  readonly spoil?: (saved: string) => Promise<void>;
  /** Edits the job, which is to go on to epoch 5. */
  readonly edit?: readonly [string, string];
  readonly args?: readonly string[];
  readonly permits?: readonly string[];
  readonly code: number;
  /** What, why, and what next. */
  readonly says: readonly [string, string, string];
}

const truncateAll = async (folder: string, count: number): Promise<void> => {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort().slice(-count);
  for (const name of names) await Deno.truncate(join(folder, name), 40);
};

const TROUBLES: readonly Trouble[] = [
  {
    name: "the newest epoch is damaged",
    spoil: (saved) => truncateAll(join(saved, "epochs"), 1),
    code: 0,
    says: ["checkpoint 3@a1 is damaged", "no seal at its end", "the job goes back to 2@a1"],
  },
  {
    name: "it is damaged, and the plan stops there",
    spoil: (saved) => truncateAll(join(saved, "epochs"), 1),
    edit: ['"file:checkpoints"', '"file:checkpoints", onDamaged: "stop"'],
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
    says: ['"job.cbor" should have', "but has 3 bytes", "start at another place (--to)"],
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
    says: ["Checkpoint 9 is not in", "adder", "there are 0, 1, 2, 3"],
  },
  {
    name: "a blob has another type",
    edit: [
      'blob<number>("total", { initial: () => 0 })',
      'blob<string>("total", { initial: () => "" })',
    ],
    args: ["--allow-change"],
    code: 78,
    says: [
      'blob "total" of node "main" was saved as a number',
      "declares a string",
      "migrate in the plan",
    ],
  },
  {
    name: "the code was edited",
    edit: ["total + rate", "total + 2 * rate"],
    code: 78,
    says: [
      'the code of task "add" was edited',
      "later epochs may come out otherwise",
      "--allow-change",
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
    name: "a param is not what it may be",
    args: ["--param", "rate=-1"],
    code: 2,
    says: ['param "rate"', "must be at least 0, found -1", "give it another value"],
  },
  {
    name: "it may not read",
    permits: [],
    code: 1,
    says: ["Cannot look at", "Deno does not permit it", "run with --allow-read="],
  },
];

for (const { name, spoil, edit, args = [], permits, code, says } of TROUBLES) {
  Deno.test(`aloud: ${name}`, async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "job.ts");
      const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
      await Deno.writeTextFile(file, JOB);
      await Deno.writeTextFile(join(folder, "stamp"), "v1");
      await runWell(file, { flags, args: ["--quiet"] });
      await spoil?.(join(folder, "checkpoints", "adder"));
      const [before, after] = edit ?? ["", ""];
      assertStringIncludes(JOB, before);
      await Deno.writeTextFile(file, JOB.replace("epochs(3)", "epochs(5)").replace(before, after));
      const ended = await runProgram(file, { flags: permits ?? flags, args });
      assertEquals(ended.code, code, ended.stderr);
      for (const part of says) assertStringIncludes(ended.stdout + ended.stderr, part);
    });
  });
}
