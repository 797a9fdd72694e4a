// The command line of a job file, as processes run it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

const JOB = `
import { blob, epochs, job, main, param, task } from "tidemark";
const work = param("work", "quick", { choices: ["quick", "wait", "busy", "deaf", "late", "fail"] });
const count = param("epochs", 3, { integer: true, min: 1 });
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { work, total }, writes: { total }, timeout: Deno.args.includes("work=late") ? "1s" : "1m" })
  .run(async ({ work, total }, { epoch, signal, progress, log }) => {
    if (epoch === 2 && work !== "quick") {
      log("in epoch 2");
      if (work === "fail") throw new TypeError("a flaw in the job");
      if (work === "wait") await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const end = performance.now() + (work === "late" ? 2_500 : 20_000);
      while (performance.now() < end) if (work === "busy") progress(1, 2);
    }
    log("total " + (total + epoch));
    return { total: total + epoch };
  });
const adder = job("adder", {
  epoch: [add], until: epochs(count), checkpoint: { to: "file:checkpoints" },
});
export default adder;
await main(import.meta, adder);
`;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    const path = await Deno.realPath(await Deno.makeTempDir());
    await Deno.writeTextFile(join(path, "job.ts"), JOB);
    return new Folder(path);
  }

  spawn(args: readonly string[], permissions?: readonly string[]): Deno.ChildProcess {
    const own = join(this.path, "checkpoints");
    const given = permissions ?? [`--allow-read=${own}`, `--allow-write=${own}`];
    return new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--config",
        CONFIG,
        ...given,
        join(this.path, "job.ts"),
        ...args,
      ],
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async run(...args: string[]): Promise<Ended> {
    return await ended(this.spawn(args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** How long a process may take to say what is waited for, so that a test that fails also ends. */
const LONGEST_MS = 30_000;

/** Reads until a text has come, then sends signals; gives how it ended, and how soon after the last. */
async function signalAt(
  child: Deno.ChildProcess,
  text: string,
  ...signals: (Deno.Signal | { readonly waitFor: string })[]
): Promise<Ended & { readonly signal: Deno.Signal | null; readonly tookMs: number }> {
  let out = "";
  let err = "";
  let isEnded = false;
  const waiting = new Set<() => void>();
  const told = (): void => waiting.forEach((look) => look());
  const read = async (
    stream: ReadableStream<Uint8Array>,
    add: (part: string) => void,
  ): Promise<void> => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      add(part);
      told();
    }
  };
  const until = (test: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (test()) resolve();
        else if (isEnded) reject(new Error(`it ended before that:\n${out}\n${err}`));
      };
      waiting.add(look);
      look();
    });
  const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  const done = Promise.all([
    read(child.stdout, (part) => void (out += part)),
    read(child.stderr, (part) => void (err += part)),
  ]);
  void done.then(() => {
    isEnded = true;
    told();
  });
  let sentAt = 0;
  try {
    await until(() => out.includes(text));
    for (const signal of signals) {
      if (typeof signal !== "string") await until(() => err.includes(signal.waitFor));
      else {
        child.kill(signal);
        sentAt = performance.now();
      }
    }
  } finally {
    await done;
    clearTimeout(limit);
  }
  const status = await child.status;
  const tookMs = performance.now() - sentAt;
  return { code: status.code, signal: status.signal, out, err, tookMs };
}

Deno.test("cli: starts, goes on, and says when it is finished; output in a pipe is plain", async () => {
  await using folder = await Folder.make();
  const first = await folder.run("--param", "epochs=2");
  assertEquals([first.code, first.err], [0, ""]);
  assertStringIncludes(first.out, "adder: started (attempt 1) at file:");
  assertStringIncludes(first.out, "finished at epoch 2: epochs(2) holds");
  // deno-lint-ignore no-control-regex -- that there are none is the point
  assert(!/[\x00-\x09\x0b-\x1f]/.test(first.out));
  const again = await folder.run();
  assertEquals(again.code, 0);
  assertStringIncludes(again.out, "adder: already finished at epoch 2");
  const more = await folder.run("--param", "epochs=4");
  assertStringIncludes(more.out, "adder: resumed from epoch 2 (attempt 2)");
  assertStringIncludes(more.out, "param epochs 2 → 4, as given now");
  assertStringIncludes(more.out, "total 10");
  const fresh = await folder.run("--fresh", "--quiet");
  assertEquals(fresh.out.trimEnd().split("\n").length, 2);
  assertStringIncludes(fresh.out, "adder: started (attempt 3)");
  const listed = await folder.run("ls");
  assertStringIncludes(listed.out, "* 3@a3");
  assertStringIncludes(listed.out, "  4@a2  exit");
});

Deno.test("cli: resume needs something to resume, and takes any epoch", async () => {
  await using folder = await Folder.make();
  const none = await folder.run("resume");
  assertEquals(none.code, 1);
  assertStringIncludes(none.err + none.out, "Nothing to resume at file:");
  await folder.run();
  const from = await folder.run("resume", "--from", "1");
  assertEquals(from.code, 0);
  assertStringIncludes(from.out, "adder: resumed from epoch 1 (attempt 2)");
  const missing = await folder.run("resume", "--from", "9");
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err + missing.out, "there are 0, 1, 2, 3");
});

Deno.test("cli: a failing task ends with 1, says where, and can be gone on with", async () => {
  await using folder = await Folder.make();
  const failed = await folder.run("--param", "work=fail");
  assertEquals(failed.code, 1);
  assertStringIncludes(
    failed.out + failed.err,
    'Task "add" failed in epoch 2 on node "main" (attempt 1, try 1): a flaw in the job',
  );
  assertStringIncludes(failed.err, "job.ts");
  const mended = await folder.run("--param", "work=quick");
  assertStringIncludes(mended.out, "adder: resumed from epoch 1");
  assertStringIncludes(mended.out, "total 6");
});

Deno.test("cli: usage errors end with 2, and touch nothing", async () => {
  await using folder = await Folder.make();
  for (
    const args of [["--parm", "x=1"], ["--param", "epochs=0"], ["--param", "epoch=1"], [
      "resume",
      "--from",
      "x",
    ]]
  ) {
    const { code, err } = await folder.run(...args);
    assertEquals(code, 2, args.join(" "));
    assert(err.length > 0);
  }
  const names = [];
  for await (const { name } of Deno.readDir(folder.path)) names.push(name);
  assertEquals(names, ["job.ts"]);
});

Deno.test("cli: help, version and plan open no store, and need no permission", async () => {
  await using folder = await Folder.make();
  for (
    const [word, expected] of [["--help", "--param work=quick"], ["--version", "tidemark "], [
      "plan",
      "add@main",
    ]]
  ) {
    const { code, out, err } = await ended(folder.spawn([word ?? ""], []));
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, expected ?? "");
  }
  const plan = await folder.run("plan", "--json");
  assertEquals(JSON.parse(plan.out).job, "adder");
});

Deno.test("cli: --json prints events and nothing else", async () => {
  await using folder = await Folder.make();
  const { out } = await folder.run("--json");
  const types = out.trimEnd().split("\n").map((line) => JSON.parse(line).type);
  assertEquals([types[0], types.at(-1)], ["run-started", "run-finished"]);
});

Deno.test("cli: a missing permission is an error that gives the flag", async () => {
  await using folder = await Folder.make();
  const { code, err, out } = await ended(folder.spawn([], []));
  assertEquals(code, 1);
  assertStringIncludes(err + out, `--allow-read=${join(folder.path, "checkpoints")}`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  for (const work of ["wait", "busy"]) {
    Deno.test(`cli: ${signal} stops a task that is ${work}, with 75, and it goes on from there`, async () => {
      await using folder = await Folder.make();
      const child = folder.spawn(["--param", `work=${work}`]);
      const { code, out, tookMs } = await signalAt(child, "in epoch 2", signal);
      assertEquals(code, 75);
      // The task itself would take 20 s.
      assert(tookMs < 3_000, `it took ${tookMs} ms to stop`);
      assertStringIncludes(out, `stopped (epoch 1 is saved): The run was told to stop (${signal})`);
      const again = await folder.run("--param", "work=quick");
      assertStringIncludes(again.out, "adder: resumed from epoch 1");
      assertStringIncludes(again.out, "total 6");
    });
  }
}

for (const work of ["wait", "busy"]) {
  Deno.test(`cli: --stop-after ends a task that is ${work}, with 75, and it goes on from there`, async () => {
    await using folder = await Folder.make();
    const child = folder.spawn(["--param", `work=${work}`, "--stop-after", "2s"]);
    const { code, out } = await ended(child);
    assertEquals(code, 75);
    assertStringIncludes(out, "The run was told to stop (its time of 2s is up)");
    const again = await folder.run("--param", "work=quick");
    assertStringIncludes(again.out, "adder: resumed from epoch 1");
    assertStringIncludes(again.out, "total 6");
  });
}

Deno.test("cli: a task that hears nothing is ended by a second signal; what is saved is safe", async () => {
  await using folder = await Folder.make();
  const child = folder.spawn(["--param", "work=deaf"]);
  const waitFor = "task add@main has not yielded";
  const { signal, tookMs } = await signalAt(child, "in epoch 2", "SIGINT", { waitFor }, "SIGINT");
  assertEquals(signal, "SIGKILL");
  assert(tookMs < 3_000, `it took ${tookMs} ms to end`);
  const again = await folder.run("--param", "work=quick");
  assertStringIncludes(again.out, "adder: resumed from epoch 1");
  assertStringIncludes(again.out, "total 6");
});

Deno.test("cli: one request to stop that comes twice, as from a shell and a parent, is one", async () => {
  await using folder = await Folder.make();
  const child = folder.spawn(["--param", "work=deaf"]);
  const waitFor = "task add@main has not yielded";
  const twice = ["SIGINT", "SIGTERM"] as const;
  const { signal, err } = await signalAt(child, "in epoch 2", ...twice, { waitFor }, "SIGTERM");
  assertEquals(signal, "SIGKILL");
  assertStringIncludes(err, "SIGTERM again: ended at once; what is saved is safe");
});

Deno.test("cli: a task that is past its timeout and does not yield is told of while it runs", async () => {
  await using folder = await Folder.make();
  const { code, out, err } = await folder.run("--param", "work=late");
  assertEquals([code, err.trimEnd().split("\n")], [0, [
    "task add@main is past its timeout and has not yielded, so that it cannot be told to end",
  ]]);
  assertStringIncludes(out, "past its timeout of 1.0 s, and did not yield");
});

Deno.test("cli: a reader of the output that goes away does not end the work", async () => {
  await using folder = await Folder.make();
  const child = folder.spawn(["--param", "epochs=200"]);
  const reader = child.stdout.getReader();
  const first = await reader.read();
  assertStringIncludes(new TextDecoder().decode(first.value), "adder: started");
  await reader.cancel();
  await child.stderr.cancel();
  assertEquals((await child.status).code, 0);
  assertStringIncludes((await folder.run()).out, "adder: already finished at epoch 200");
});
