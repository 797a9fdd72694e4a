import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  blob,
  epochs,
  type Job,
  job,
  keepBest,
  keepLast,
  param,
  set,
  task,
} from "../../../dsl/mod.ts";
import { MultiNodeCheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { type CommandLine, runCommandLine } from "../../../runtime/cli/command_line.ts";
import { explainText } from "../../../runtime/cli/keeping.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { MemoryStore, type Store } from "../../../storage/mod.ts";
import { newerVersion } from "../../e2e/spoil.ts";
import { overriding } from "../../storage/sample.ts";

const total = blob("total", { initial: () => 0 });
const never = blob<number>("never");

function adder(): Job {
  const add = task("add", { reads: { total }, writes: { total } })
    .run(({ total }, { epoch }) => ({ total: total + epoch }));
  const set = task("set", { writes: { never } }).run(() => ({ never: NaN }));
  return job("adder", {
    epoch: [add, set],
    until: epochs(4),
    checkpoint: {
      to: `memory:${crypto.randomUUID()}`,
      keep: [keepLast(2), keepBest({ max: never })],
    },
  });
}

async function run(
  job: Job,
  words: string,
  runner: CommandLine["runner"] = {},
): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await runCommandLine(job, {
    args: words.split(" ").filter((word) => word !== ""),
    base: "file:///jobs/adder.ts",
    runner,
    output: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      ...{ isTerminal: false, noColor: true, size: () => ({ columns: 80, rows: 24 }) },
    },
    watch: () => ({
      ...{ signal: new AbortController().signal, stopReason: () => undefined, observe: () => {} },
      ...{ foreignLines: () => 0, ready: Promise.resolve(), [Symbol.dispose]() {} },
    }),
  });
  return { code, out, err };
}

Deno.test("explain says why each epoch stays or goes, and a rule that cannot be met", async () => {
  const job = adder();
  assertEquals((await run(job, "explain")).out.split("\n")[1], "nothing is saved");
  const first = await run(job, "run");
  const unmet = "no checkpoint has a number in main/never, so that none is best by it";
  assertEquals(first.out.split(unmet).length + first.err.split(unmet).length, 3);
  const { code, out } = await run(job, "explain");
  assertEquals(code, 0);
  assertStringIncludes(out, "keep the last 2, the best 1 by the highest never\n");
  assertStringIncludes(out, "  3@a1         stays  among the last 2\n");
  assertStringIncludes(out, `  note: ${unmet}\n`);
  const data = JSON.parse((await run(job, "explain --json")).out);
  assertEquals(data.states[0], { from: "3@a1", keep: true, reasons: ["among the last 2"] });
  assertEquals(data.unmet, [unmet]);
});

Deno.test("explain and prune judge by the params that were saved, as a resume does", async () => {
  const kept = param("kept", 1, { integer: true, min: 1 });
  const add = task("add", { reads: { total }, writes: { total } })
    .run(({ total }, { epoch }) => ({ total: total + epoch }));
  const to = `memory:${crypto.randomUUID()}`;
  const shaped = job("shaped", { kept }, ({ kept }) => ({
    epoch: [add],
    until: epochs(5),
    checkpoint: { to, keep: [keepLast(kept)] },
  }));
  await run(shaped, "run --param kept=3");
  const { out } = await run(shaped, "explain");
  assertStringIncludes(out, "keep the last 3\n");
  assertEquals(out.match(/ stays /g)?.length, out.match(/@a1/g)?.length);
  assertStringIncludes((await run(shaped, "prune --dry-run")).out, "nothing is to be removed");
  assertStringIncludes((await run(shaped, "explain --param kept=2")).out, "keep the last 2\n");
  // What was asked of a fork is in the record of its attempt until it has run.
  await new JobRunner(shaped, { set: [set(kept, 4)] }).fork("other");
  assertStringIncludes((await run(shaped, "explain --as other")).out, "keep the last 4\n");
});

Deno.test("a pinned epoch outlives the plan's keep, until it is unpinned", async () => {
  const job = adder();
  await run(job, "run");
  const pinned = await run(job, "pin 3");
  assertEquals([pinned.code, pinned.out], [
    0,
    "3@a1 is pinned: it stays until it is unpinned\n",
  ]);
  // A new line, whose retention would drop it.
  await run(job, "run --fresh");
  assertStringIncludes(
    (await run(job, "explain")).out,
    "  3@a1         stays  among the last 2; pinned",
  );
  assertStringIncludes((await run(job, "unpin 3")).out, "3@a1 is pinned no more");
  assertEquals((await run(job, "unpin 3")).out, "3 is not pinned\n");
  assertEquals((await run(job, "explain")).out.includes("pinned"), false);
  await run(job, "pin latest");
  assertStringIncludes((await run(job, "unpin latest")).out, "4@a2 is pinned no more");
  const unknown = await run(job, "unpin 9");
  assertEquals([unknown.code, unknown.out], [1, ""]);
  assertStringIncludes(unknown.err, "there are ");
});

Deno.test("where the newest epoch is removed while it is pinned, the next is; a named one is not", async () => {
  const store = new MemoryStore();
  const at = (store: Store) => ({
    checkpoints: new MultiNodeCheckpointManager("x", "memory", { store }),
  });
  /** The store, where another process removes the first epoch that is pinned. */
  const removing = () => {
    let isDone = false;
    return overriding(store, {
      put: async (name, bytes, options) => {
        if (name.startsWith("pins/") && !isDone) {
          isDone = true;
          const saved = [...await store.list("phases/"), ...await store.list("epochs/")];
          await store.remove(saved.filter((one) => one.slice(7, 14) === name.slice(5, 12)));
        }
        await store.put(name, bytes, options);
      },
    });
  };
  const job = adder();
  await run(job, "run", at(store));
  assertStringIncludes((await run(job, "pin latest", at(removing()))).out, "3@a1 is pinned");
  await run(job, "unpin latest", at(store));
  const named = await run(job, "pin 3", at(removing()));
  assertEquals([named.code, named.out], [1, ""]);
  assertEquals(await store.list("pins/"), []);
});

Deno.test("what cannot be pinned is an error that says why", async () => {
  const job = adder();
  await run(job, "run");
  const gone = await run(job, "pin 1");
  assertEquals(gone.code, 1);
  assertStringIncludes(gone.err, "there are 3, 4");
  for (const words of ["pin", "pin x", "pin 1 2", "unpin", "ls 3"]) {
    const { code, err } = await run(job, words);
    assertEquals([code, err.startsWith("error: ")], [2, true], words);
  }
});

Deno.test("explain tells of very many epochs", () => {
  const verdicts = Array.from({ length: 200_000 }, (_, epoch) => ({
    ref: { epoch, attempt: 1, phase: "epoch" as const },
    keep: true,
    isCounted: true,
    reasons: ["it is pinned"],
  }));
  const text = explainText({ verdicts, unmet: [] });
  assertEquals(text.split("\n").length, verdicts.length + 1);
});

Deno.test("verify gives 1 also where nothing is damaged, and something is of a newer version", async () => {
  const store = new MemoryStore();
  const at = { checkpoints: new MultiNodeCheckpointManager("x", "memory", { store }) };
  const job = adder();
  await run(job, "run", at);
  assertEquals((await run(job, "verify", at)).code, 0);
  const name = "attempts/000001.cbor";
  const bytes = newerVersion(await store.get(name));
  await store.remove([name]);
  await store.put(name, bytes);
  const { code, out } = await run(job, "verify", at);
  assertEquals(code, 1);
  assertStringIncludes(out, " good, 0 damaged (");
  assertStringIncludes(out, `  ${name}: version 2\n`);
});
