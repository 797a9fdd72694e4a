import { assertEquals } from "@std/assert";
import { blob } from "../../../dsl/mod.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { MemoryStore } from "../../../storage/mod.ts";
import { overriding } from "../../storage/sample.ts";
import {
  type Listed,
  type ListedLine,
  type ListedState,
  listSaved,
  listText,
} from "../../../runtime/cli/list.ts";

const STATE: ListedState = {
  ...{ epoch: 0, phase: "epoch", attempt: 1, from: "0@a1", bytes: 2_048, at: "2026-01-02T03:04Z" },
  ...{ stop: undefined, problem: undefined },
};

const LINE: ListedLine = {
  ...{ current: false, attempt: 1, branchesFrom: undefined, nearest: undefined, recorded: true },
  ...{ states: [], leftOut: [0, 0] },
};

// More of what is listed of real checkpoints is tested with the commands, in command_line_test.ts.

Deno.test("list: the current line is marked, the others say where they come from", () => {
  const listed: Listed = {
    place: "file:x",
    holder: { pid: 7, beatAgoMs: 1_900 },
    lines: [
      {
        ...LINE,
        ...{ current: true, attempt: 2, leftOut: [0, 9, 0, 0] },
        states: [
          STATE,
          { ...STATE, epoch: 10, attempt: 2, from: "10@a2", stop: "epochs(10)" },
          { ...STATE, epoch: 10, attempt: 2, from: "10@a2", phase: "download" },
        ],
      },
      {
        ...LINE,
        ...{ attempt: 1, branchesFrom: "0@a1", nearest: "0@a1", leftOut: [0, 2] },
        states: [{ ...STATE, epoch: 1, from: "1@a1", problem: "it is damaged" }],
      },
      {
        ...LINE,
        ...{ attempt: 5, branchesFrom: "1@a1", nearest: "1@a1" },
        states: [{ ...STATE, epoch: 2, attempt: 5, from: "2@a5" }],
      },
      {
        ...LINE,
        attempt: 3,
        states: [{ ...STATE, attempt: 3, from: "0@a3" }],
      },
      {
        ...LINE,
        ...{ attempt: 4, branchesFrom: "9@a1" },
        states: [{ ...STATE, epoch: 10, attempt: 4, from: "10@a4" }],
      },
      {
        ...LINE,
        ...{ attempt: 7, branchesFrom: "9@a2", nearest: "0@a1" },
        states: [{ ...STATE, epoch: 10, attempt: 7, from: "10@a7" }],
      },
      {
        ...LINE,
        ...{ attempt: 6, recorded: false },
        states: [{ ...STATE, epoch: 9, attempt: 6, from: "9@a6" }],
      },
    ],
    damaged: ["attempts/000004.parent.cbor is cut off"],
  };
  assertEquals(
    listText(listed),
    `file:x (* is the current line)
* 0@a1   init      2026-01-02T03:04Z  2.0 KiB
|\\ beside it, attempt 1 from 0@a1
|   1@a1   epoch     it is damaged
| |\\ beside it, attempt 5 from 1@a1
| |   2@a5   epoch     2026-01-02T03:04Z  2.0 KiB
|   … 2 more (--all lists them)
|\\ beside it, attempt 7 from 9@a2, which is gone
|   10@a7  epoch     2026-01-02T03:04Z  2.0 KiB
  … 9 more (--all lists them)
* 10@a2  epoch     2026-01-02T03:04Z  2.0 KiB  epochs(10) holds
* 10@a2  download  2026-01-02T03:04Z  2.0 KiB
beside it, attempt 3 from a fresh start
  0@a3   init      2026-01-02T03:04Z  2.0 KiB
beside it, attempt 4 from 9@a1, which is gone
  10@a4  epoch     2026-01-02T03:04Z  2.0 KiB
beside it, attempt 6, of which no record is left (verify names what to bring back)
  9@a6   epoch     2026-01-02T03:04Z  2.0 KiB
damaged: attempts/000004.parent.cbor is cut off
process 7, last heard of 2 s ago, works on it
`,
  );
});

Deno.test("list: that nothing is saved is said", () => {
  assertEquals(
    listText({ place: "file:x", holder: undefined, lines: [], damaged: [] }),
    "nothing is saved at file:x\n",
  );
});

Deno.test("list: what is removed while it is listed is left out, and what came since is there", async () => {
  const small = blob<number>("small");
  const store = new MemoryStore();
  await using session = new LocalSession();
  const manager = new CheckpointManager("x", "memory", { store });
  await session.feed(small, 1);
  await session.run(manager.init());
  for (const epoch of [0, 1]) await session.run(manager.save(epoch));
  const listed = async (most: number) => {
    let removed = 0;
    const removing = overriding(store, {
      stat: async (name, options) => {
        if (name.startsWith("epochs/") && removed < most) {
          const epoch = 2 + removed++;
          await store.remove([name]);
          await session.run(manager.save(epoch));
        }
        return await store.stat(name, options);
      },
    });
    const { engine } = new CheckpointManager("x", "memory", { store: removing });
    const { lines } = await listSaved(engine.archive, { all: true });
    return lines.map(({ states }) => states.map(({ from, problem }) => problem ?? from));
  };
  assertEquals(await listed(1), [["1@a1", "2@a1"]]);
  // It does not look for ever.
  assertEquals((await listed(Infinity)).flat(), []);
});
