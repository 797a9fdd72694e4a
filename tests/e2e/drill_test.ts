// The command `drill`: real processes, killed by themselves.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { Folder, signalAt } from "./adder_folder.ts";
import { ROOT, runProgram, withFolder } from "./process.ts";

const COMMAND_LINE = toFileUrl(join(ROOT, "runtime/cli/command_line.ts")).href;
const PROCESS_OUTPUT = toFileUrl(join(ROOT, "runtime/cli/process_output.ts")).href;
const CONFIG = `--config=${join(ROOT, "deno.json")}`;

/** A job of three blocks and a number, with a line of its own in its one task. */
function jobWith(line: string, plan: string = ""): string {
  return `
import { blob, epochs, job, keepLast, main, param, task } from "tidemark";
const size = param("size", 10, { integer: true, min: 1 });
const total = blob("total", { initial: () => 0 });
const large = blob<Float64Array>("large");
let calls = 0;
const start = task("start", { reads: { size }, writes: { large } })
  .run(({ size }, { rng }) => ({ large: Float64Array.from({ length: size }, rng("start")) }));
const step = task("step", { reads: { total }, updates: { large }, writes: { total } })
  .run(({ total, large }, { epoch, rng }) => {
    calls++;
    console.log("the job's own output");
    large[epoch] = rng("step")();
    ${line}
  });
const drilled = job("drilled", {
  init: [start], epoch: [step], until: epochs(3),
  checkpoint: { to: "file:checkpoints", keep: [keepLast(2)], ${plan} },
});
await main(import.meta, drilled);
`;
}

async function drilled(
  line: string,
  args: readonly string[],
  flags?: readonly string[],
  plan?: string,
) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const place = join(folder, "checkpoints");
  try {
    await Deno.writeTextFile(join(folder, "job.ts"), jobWith(line, plan));
    const own = [`--allow-read=${place}`, `--allow-write=${place}`];
    const children = `--flags=${[CONFIG, ...own].join(" ")}`;
    const result = await runProgram(join(folder, "job.ts"), {
      flags: flags ?? [...own, "--allow-run"],
      args: ["drill", children, ...args],
      cwd: folder,
    });
    const left: string[] = [];
    try {
      for await (const { name } of Deno.readDir(place)) left.push(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    assertEquals(left, [], "the drill leaves nothing");
    return result;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const GOOD = "return { total: total + epoch };";

Deno.test("drill: an exact job passes, killed in real processes", async () => {
  const args = ["--kills", "6", "--param", "size=100000"];
  const { code, stdout, stderr } = await drilled(GOOD, args);
  assertEquals(code, 0, stderr);
  assertEquals(stdout.match(/^trial \d of 6: killed at ".*"; the same end$/gm)?.length, 6);
  assertMatch(stdout, /drilled: exact in 6 trials with [78] kills at a sample of its \d+ steps\n$/);
});

Deno.test("drill: faults of the disk, spoilt checkpoints and a second runner lose nothing", async () => {
  const args = ["--kills", "1", "--faults", "--json", "--param", "size=100000"];
  const plan = 'onSaveError: "warn"';
  const { code, stdout, stderr } = await drilled(GOOD, args, undefined, plan);
  assertEquals(code, 0, stderr);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const faults = lines.filter(({ type }) => type === "drill-fault");
  const warned = faults.filter(({ fault }) => fault.endsWith(`which is so 2 times, under ${plan}`));
  const of = (start: string) =>
    faults.filter((fault) => fault.fault.startsWith(start) && !warned.includes(fault));
  for (const kind of ["full disk", "failed write", "failed sync", "failed link", "failed read"]) {
    const [first, ...others] = of(kind).map(({ outcome }) => outcome);
    assertMatch(first, /^refused \(\w+: .*the same end$/, kind);
    // A late one may meet nothing but what can fail without harm, as the sweep of what is left over.
    for (const outcome of others) assertMatch(outcome, /^(refused \(\w+: .*)?the same end$/, kind);
  }
  const resumed = faults.filter(({ fault }) => fault.endsWith("of a resume"));
  assert(resumed.length >= 8, JSON.stringify(resumed));
  // What cannot be read now is refused, and is no damage: nothing is gone back behind.
  for (const { outcome } of resumed) assertMatch(outcome, /^(refused \(\w+: .*)?the same end$/);
  assert(resumed.some(({ outcome }) => outcome.startsWith("refused (StoreError")));
  assertStringIncludes(of("full disk")[0].outcome, "the disk is full: make room");
  // One of them comes while an epoch is saved, and the job goes on without it.
  assertEquals(warned.some(({ outcome }) => outcome === "the same end"), true);
  assertEquals(of("newest ").length, 4);
  assertMatch(of("a second runner")[0].outcome, /the same end/);
  assertEquals(lines.at(-1), { ...lines.at(-1), type: "drill-passed", faults: faults.length });
});

Deno.test("drill: a job that is not exact is told what differs, who wrote it, and why", async () => {
  const random = await drilled("return { total: total + Math.random() };", ["--kills", "3"]);
  assertEquals(random.code, 1);
  assertStringIncludes(random.stderr, "though nobody kills it");
  assertStringIncludes(random.stderr, 'Task "step" writes it. Likely cause: it calls Math.random');

  const kept = await drilled("return { total: total + calls };", ["--kills", "8", "--json"]);
  assertEquals(kept.code, 1);
  const { type, message } = JSON.parse(kept.stdout.trim().split("\n").at(-1) ?? "");
  assertEquals(type, "drill-failed");
  assertStringIncludes(message, "it keeps something from one epoch to the next outside blobs");
});

Deno.test("drill: a plan that pauses on a full disk is drilled on one that is full for a while, and uploads too", async () => {
  await withFolder(async (cwd) => {
    // A script with an uploader, which its processes are to have too.
    const uploaded = join(cwd, "uploaded");
    const script = jobWith(GOOD, 'onSaveError: "pause"').replace(
      "await main(import.meta, drilled);",
      `import { runCommandLine } from ${JSON.stringify(COMMAND_LINE)};
import { processOutput } from ${JSON.stringify(PROCESS_OUTPUT)};
const upload = task("upload").run(() => Deno.writeTextFileSync(${
        JSON.stringify(uploaded)
      }, "u", { append: true }));
Deno.exit(await runCommandLine(drilled, {
  args: Deno.args, base: import.meta.url, output: processOutput(),
  runner: { uploader: { build: () => upload } },
}));`,
    );
    await Deno.writeTextFile(join(cwd, "job.ts"), script);
    const own = [`--allow-read=${cwd}`, `--allow-write=${cwd}`];
    const { code, stdout, stderr } = await runProgram(join(cwd, "job.ts"), {
      flags: [...own, "--allow-run"],
      args: ["drill", `--flags=${[CONFIG, ...own].join(" ")}`, "--kills=1", "--faults", "--json"],
      cwd,
    });
    assertEquals(code, 0, stdout + stderr);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const passing = lines.flatMap(({ fault = "", outcome }) =>
      fault.endsWith('which is so 2 times, under onSaveError: "pause"') ? [outcome] : []
    );
    // One of them comes while an epoch is saved; the others may come before there is a plan to follow.
    assertEquals(passing.includes("the same end"), true, passing.join("\n"));
    assertEquals((await Deno.readTextFile(uploaded)).startsWith("uu"), true);
  });
});

Deno.test("drill: a process that hangs is ended, and said to hang", async () => {
  const hang = "new Promise(() => { setInterval(() => {}, 1000); })";
  const line = `return calls === 1 && epoch > 1 ? ${hang} : { total: total + epoch };`;
  const { code, stderr } = await drilled(line, ["--kills", "4", "--limit", "6s"]);
  assertEquals(code, 1, stderr);
  assertMatch(
    stderr,
    /killed at ".*", cannot be gone on with: it had not ended after 6 s \(the first, .* took .* s\), and was ended/,
  );
  const first = await drilled(`return ${hang};`, ["--kills", "1", "--limit", "3s"]);
  assertEquals(first.code, 1);
  assertMatch(
    first.stderr,
    /does not end in time also where nobody kills it: it had not ended after 3 s, .*Give it longer/,
  );
});

Deno.test("drill: on a fresh place, with the flags that the job itself needs, it passes", async () => {
  await withFolder(async (cwd) => {
    // A configuration that is found, rather than given by a flag, is found by its processes too.
    const imports = { tidemark: "mod.ts", "@std/path": "links/path/mod.ts" };
    const found = Object.entries(imports).map((
      [name, path],
    ) => [name, toFileUrl(join(ROOT, path))]);
    const config = { imports: Object.fromEntries(found), nodeModulesDir: "none", lock: false };
    await Deno.writeTextFile(join(cwd, "deno.json"), JSON.stringify(config));
    await Deno.writeTextFile(join(cwd, "job.ts"), jobWith(GOOD));
    const flags = ["--allow-read=checkpoints", "--allow-write=checkpoints", "--allow-run"];
    const args = ["drill", "--kills", "1"];
    const { code, stdout, stderr } = await runProgram("job.ts", { flags, args, cwd });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^drilled: exact in 1 trials with 1 kills /m);
  });
});

Deno.test("drill: flags that are given are added to those that it needs itself", async () => {
  const line = 'Deno.writeTextFileSync("calls.log", "x", { append: true });';
  const flags = [
    ...["--allow-read=checkpoints", "--allow-write=checkpoints,calls.log", "--allow-run", CONFIG],
  ];
  const args = [
    ...["drill", "--kills", "1", "--limit", "1m", `--flags=${CONFIG} --allow-write=calls.log`],
  ];
  await withFolder(async (cwd) => {
    await Deno.writeTextFile(join(cwd, "job.ts"), jobWith(`${line} ${GOOD}`));
    const { code, stdout, stderr } = await runProgram("job.ts", { flags, args, cwd });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^drilled: exact in 1 trials with 1 kills /m);
  });
});

Deno.test("drill: a signal ends it and its processes, and nothing of it is left", async () => {
  await using folder = await Folder.make();
  const place = join(folder.path, "checkpoints");
  const own = [`--allow-read=${place}`, `--allow-write=${place}`];
  const args = ["drill", `--flags=${[CONFIG, ...own].join(" ")}`];
  const child = folder.spawn(args, [...own, "--allow-run"]);
  const { code, err } = await signalAt(child, "trial 1 of 20", "SIGTERM");
  assertEquals([code, err], [75, "adder: the drill was stopped; nothing is left of it\n"]);
  assertEquals([...Deno.readDirSync(place)], []);
});

Deno.test("drill: what it needs and does not get is said", async () => {
  const place = "checkpoints";
  const flags = [`--allow-read=${place}`, `--allow-write=${place}`];
  const { code, stderr } = await drilled(GOOD, [], flags);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "--allow-run");
  const failing = await drilled('throw new TypeError("a flaw in the job");', ["--kills", "1"]);
  assertEquals(failing.code, 1);
  assertStringIncludes(failing.stderr, "fails also where nobody kills it");
  assertStringIncludes(failing.stderr, "a flaw in the job");
  const [, given = ""] = /Its processes were started with (.*?)\. Where the job needs more/
    .exec(failing.stderr) ?? [];
  assertStringIncludes(given, CONFIG);
  const usage = await drilled(GOOD, ["--to", "memory:x"]);
  assertEquals(usage.code, 2);
  assertStringIncludes(usage.stderr, "give it a folder");
});

Deno.test("cli: a drill that may start no processes says what for it would", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const file = join(folder, "job.ts");
    await Deno.writeTextFile(file, jobWith("return { total: total + 1 };"));
    const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const without = await runProgram(file, { flags, args: ["drill"], cwd: folder });
    assertEquals(without.code, 1);
    assertMatch(
      without.stderr,
      /^error: Cannot drill the job: that starts it in processes of its own, to kill them, and Deno does not permit it: run with --allow-run, or --allow-run=\/\S+\n$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("drill: where it may not write, it says which folder it needs", async () => {
  const { code, stderr } = await drilled("return { total: total + epoch };", [], [
    ...[CONFIG, "--allow-run", "--allow-read=checkpoints"],
  ]);
  assertEquals(code, 1, stderr);
  assertMatch(
    stderr,
    /^error: Cannot write .*drilled\.drill.*run with --allow-write=\S*checkpoints;/m,
  );
});
