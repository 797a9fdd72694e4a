import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { blob, epochs, type Job, job, param, task } from "../../../dsl/mod.ts";
import { type CommandLine, runCommandLine } from "../../../runtime/cli/command_line.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import type { Watch } from "../../../runtime/cli/watch.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import type { RunEvent } from "../../../runtime/events.ts";
import { untilAborted, withoutWaiting } from "../helpers.ts";

const count = param("epochs", 3, { integer: true, min: 1 });
const total = blob("total", { initial: () => 0 });

/** A job that adds its epochs up, at a place of its own, and does something else in epoch 2. */
function adder(inEpoch2: (signal: AbortSignal) => void | Promise<void> = () => {}): Job {
  const add = task("add", { reads: { total }, writes: { total } })
    .run(async ({ total }, { epoch, signal }) => {
      if (epoch === 2) await inEpoch2(signal);
      return { total: total + epoch };
    });
  return job("adder", {
    epoch: [add],
    until: epochs(count),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A watch that hears what it is told. */
function quietWatch(controller = new AbortController()): () => Watch {
  return () => ({
    signal: controller.signal,
    stopReason: () => controller.signal.aborted ? controller.signal.reason : undefined,
    observe: () => {},
    foreignLines: () => 0,
    ready: Promise.resolve(),
    [Symbol.dispose]() {},
  });
}

async function run(job: Job, words: string, line: Partial<CommandLine> = {}): Promise<Ended> {
  let out = "";
  let err = "";
  const code = await runCommandLine(job, {
    args: words.split(" ").filter((word) => word !== ""),
    base: "file:///jobs/adder.ts",
    output: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      ...{ isTerminal: false, noColor: true, size: () => ({ columns: 80, rows: 24 }) },
    },
    watch: quietWatch(),
    ...line,
  });
  return { code, out, err };
}

function firstLine({ out }: Ended): string {
  return out.split("\n")[0] ?? "";
}

Deno.test("command line: run starts, goes on, or says that it is finished", async () => {
  const job = adder();
  const first = await run(job, "--param epochs=2");
  assertEquals([first.code, first.err], [0, ""]);
  assertStringIncludes(firstLine(first), "adder: started (attempt 1) at memory:");
  assertStringIncludes(first.out, "\nfinished at epoch 2: epochs(2) holds\n");
  const again = await run(job, "run");
  assertEquals([again.code, again.out.trimEnd().split("\n").length], [0, 2]);
  assertStringIncludes(firstLine(again), "adder: already finished at epoch 2 (memory:");
  const more = await run(job, "--param epochs=4 --seed 5");
  assertStringIncludes(firstLine(more), "adder: resumed from epoch 2 (attempt 2) at memory:");
  assertStringIncludes(more.out, "param epochs 2 → 4, as given now");
  assertStringIncludes(more.out, "seed 0 → 5, as given now");
  assertStringIncludes(firstLine(await run(job, "--fresh")), "adder: started (attempt 3)");
});

Deno.test("command line: resume goes on from any epoch, and needs one", async () => {
  const job = adder();
  const none = await run(job, "resume");
  assertEquals([none.code, none.out], [1, ""]);
  assertStringIncludes(none.err, "error: Nothing to resume at memory:");
  await run(job, "");
  const from = await run(job, "resume --from 1");
  assertStringIncludes(firstLine(from), "adder: resumed from epoch 1 (attempt 2)");
  const other = await run(job, "resume --from 2@a1");
  assertStringIncludes(firstLine(other), "adder: resumed from epoch 2 (attempt 3)");
  const missing = await run(job, "resume --from 9");
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err, "there are 0, 1, 2, 3");
});

Deno.test("command line: what is wrong with the words ends with 2, and opens nothing", async () => {
  const job = adder();
  const words: Readonly<Record<string, string>> = {
    "--parm x=1": "Unknown flag --parm",
    "--param epochs=0": 'param "epochs"',
    "--param epoch=1": 'Unknown param "epoch": the nearest are epochs',
    "resume --from x": '--from: Cannot parse epoch "x"',
    "drill-run": 'Unknown command "drill-run"',
    "--to nowhere": 'Cannot parse --to "nowhere": write a kind (file, memory) and a path',
    "--to tape:x": 'Cannot parse --to "tape:x"',
    "plan --param epochs=none": "Cannot parse --param epochs=none: it takes a number",
  };
  for (const [text, expected] of Object.entries(words)) {
    const { code, err, out } = await run(job, text);
    assertEquals([code, out], [2, ""], `${text}: ${err}`);
    assertStringIncludes(err, expected);
  }
  assertStringIncludes((await run(job, "ls")).out, "nothing is saved at memory:");
});

Deno.test("command line: what a shape's own function throws is an error, and opens nothing", async () => {
  const odd = job("odd", { count }, ({ count }) => {
    if (count === 7) throw new TypeError("seven is not possible");
    return { epoch: [], until: epochs(count), checkpoint: { to: "memory:odd" } };
  });
  const { code, out, err } = await run(odd, "--param epochs=7");
  assertEquals([code, out, err], [1, "", "error: seven is not possible\n"]);
});

Deno.test("command line: help, version and plan open nothing", async () => {
  const job = adder();
  const help = await run(job, "resume --help");
  assertStringIncludes(help.out, "Usage: deno run … adder.ts [command] [flags]");
  assertStringIncludes((await run(job, "-V")).out, "tidemark ");
  assertStringIncludes((await run(job, "plan")).out, "  add@main  reads total; writes total\n");
  const plan = JSON.parse((await run(job, "plan --json --to file:elsewhere")).out);
  assertEquals(plan.place, "file:/jobs/elsewhere/adder");
  assertEquals(plan.actions.epoch, [{ do: "run", phase: "epoch" }, { do: "judge" }, {
    do: "save",
  }]);
  assertEquals(plan.groups.epoch[0].id, "add@main");
  assertEquals((await run(job, "--help --to nowhere")).code, 0);
});

Deno.test("command line: a failing task ends with 1, and says what is kept and what to do", async () => {
  const flaw = (): void => {
    throw new TypeError("a flaw in the job");
  };
  const { code, out, err } = await run(adder(flaw), "");
  assertEquals(code, 1);
  assertStringIncludes(
    err,
    'error: Task "add" failed in epoch 2 on node "main" (attempt 1, try 1): a flaw in the job\n',
  );
  assertStringIncludes(err, "command_line_test.ts");
  assert(!err.includes("runtime/task"), "no frames of the runtime");
  const kept = /epoch 1 is saved at memory:\S+; to go on from there:\n {2}deno run … adder.ts\n$/;
  assert(kept.test(err), err);
  assertEquals(out.includes("finished"), false);
});

Deno.test("command line: a stop ends with 75, is told, and can be gone on with", async () => {
  const controller = new AbortController();
  let isFirst = true;
  const job = adder((signal) => {
    if (!isFirst) return;
    isFirst = false;
    controller.abort(new StoppedError("SIGTERM"));
    return untilAborted(signal);
  });
  const { code, out, err } = await run(job, "", { watch: quietWatch(controller) });
  assertEquals([code, err], [75, ""]);
  assertStringIncludes(out, "\nSIGTERM: stopping; a second signal ends the process at once\n");
  assertStringIncludes(out, "\nstopped (epoch 1 is saved): The run was told to stop (SIGTERM)");
  const again = await run(job, "");
  assertStringIncludes(firstLine(again), "adder: resumed from epoch 1");
  assertEquals(again.code, 0);
});

Deno.test("command line: a task that does not end when it is to stop leaves 75, and is named", async () => {
  const controller = new AbortController();
  const job = adder(() => {
    controller.abort(new StoppedError("SIGINT"));
    return new Promise(() => {});
  });
  await withoutWaiting(async () => {
    const { code, err } = await run(job, "", { watch: quietWatch(controller) });
    assertEquals(code, 75);
    assertStringIncludes(err, 'Task "add" did not end within');
    assertStringIncludes(err, "epoch 1 is saved at memory:");
  });
});

Deno.test("command line: --to wins over the manager that a script gives, and that over the plan", async () => {
  const [of, manager, to] = [adder(), crypto.randomUUID(), crypto.randomUUID()];
  const runner = { checkpoints: new CheckpointManager(manager, "memory") };
  const started = async (words: string): Promise<string> =>
    firstLine(await run(of, words, { runner }));
  assertStringIncludes(await started(`--to memory:${to}`), ` at memory:${to}/adder`);
  assertStringIncludes(await started(""), ` at memory:${manager}`);
});

Deno.test("command line: stopping after an epoch, as a script may ask, ends with 75", async () => {
  const { code, out } = await run(adder(), "", { runner: { stopAfterEpoch: 2 } });
  assertEquals(code, 75);
  assertStringIncludes(out, "\nstopped (epoch 2 is saved): it was to stop after epoch 2\n");
});

Deno.test("command line: --json prints each event on standard output, and nothing else", async () => {
  const seen: RunEvent[] = [];
  const { out, err } = await run(adder(), "--json", { onEvent: (event) => void seen.push(event) });
  const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ type }) => type), seen.map(({ type }) => type));
  assertEquals([lines[0].type, lines.at(-1).type, err], ["run-started", "run-finished", ""]);
});

Deno.test("command line: --quiet prints how a run starts and ends", async () => {
  const { out } = await run(adder(), "-q");
  assertEquals(out.trimEnd().split("\n").map((line) => line.split(" ")[0]), ["adder:", "finished"]);
});

Deno.test("command line: ls shows the current line and those beside it", async () => {
  const job = adder();
  await run(job, "--param epochs=2");
  await run(job, "resume --from 1 --param epochs=3");
  const { lines } = JSON.parse((await run(job, "ls --json")).out);
  const shape = lines.map((
    line: { current: boolean; branchesFrom?: string; states: { from: string; phase: string }[] },
  ) => [line.current, line.branchesFrom, ...line.states.map((s) => `${s.from} ${s.phase}`)]);
  assertEquals(shape, [
    [true, undefined, "0@a1 epoch", "1@a1 epoch", "2@a2 epoch", "3@a2 epoch", "3@a2 exit"],
    [false, "1@a1", "2@a1 epoch", "2@a1 exit"],
  ]);
  const text = (await run(job, "ls")).out;
  assert(/^\* 3@a2 {2}exit {3}\S+Z {2}\d+ B {2}epochs\(3\) holds$/m.test(text), text);
  assertStringIncludes(text, "\n|\\ beside it, attempt 1 from 1@a1\n|   2@a1  epoch");
});
