// Errors that nobody awaits: the last checkpoint is untouched, and what to do next is said.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ROOT, runProgram, runWell, withFolder } from "./process.ts";

const JOB = (flaw: string) => `
import { blob, epochs, job, main, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(async ({ total }, { epoch }) => {
    if (epoch === 3) {
      ${flaw}
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    return { total: total + epoch };
  });
const tell = task("tell", { reads: { total } }).run(({ total }, { log }) => log("total " + total));
await main(import.meta, job("adder", {
  epoch: [add], exit: [tell], until: epochs(4), checkpoint: { to: "file:checkpoints" },
}));
`;

const FLAWS = {
  "a promise": 'void Promise.reject(new TypeError("nobody awaits me"));',
  "a timer": 'setTimeout(() => { throw new TypeError("nobody awaits me"); });',
};

for (const [where, flaw] of Object.entries(FLAWS)) {
  Deno.test(`cli: an error in ${where} that nobody awaits ends the job, and says how to go on`, async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "job.ts");
      const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
      await Deno.writeTextFile(file, JOB(flaw));
      const { code, stdout, stderr } = await runProgram(file, {
        ...{ flags, args: ["--grace", "500ms"] },
      });
      assertEquals(code, 1, stderr);
      assertEquals((stdout + stderr).split("An error that nobody awaits").length, 2, stdout);
      assertMatch(
        stderr,
        /^error: An error that nobody awaits was thrown while task "add" in epoch 3 ran, .*: TypeError: nobody awaits me\. Await/m,
      );
      assertStringIncludes(stderr, "job.ts:7:");
      assertMatch(
        stderr,
        /epoch 2 is saved at file:.*; to go on from there:\n {2}deno run … job\.ts\n/,
      );
      assertStringIncludes(await runWell(file, { flags, args: ["verify", "--full"] }), "adder");
      await Deno.writeTextFile(file, JOB("").replace("60_000", "1"));
      const again = await runWell(file, { flags, args: ["resume", "--allow-change"] });
      assertStringIncludes(again, "adder: resumed from epoch 2");
      assertStringIncludes(again, "total 10");
    });
  });
}

/** A job whose task makes two requests with its signal, and awaits one of them only. */
const REQUESTS = (declared: string, work: string) => `
import { blob, epochs, job, main, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const request = (signal) => new Promise((_, reject) =>
  signal.addEventListener("abort", () => setTimeout(() => reject(new Error("aborted")))));
const add = task("add", { reads: { total }, writes: { total }, ${declared} })
  .run(async ({ total }, { epoch, signal, try: number }) => {
    if (number === 1) { void request(signal); ${work} }
    return { total: total + epoch };
  });
await main(import.meta, job("adder", {
  epoch: [add], until: epochs(1), checkpoint: { to: "file:checkpoints", grain: "task" },
}));
`;

/** Outlasts what the aborted request takes to reject. */
const UNTIL_ABORTED =
  "await new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 100)));";

async function runText(text: string, args: readonly string[], allowed?: readonly string[]) {
  let ended: Awaited<ReturnType<typeof runProgram>> | undefined;
  await withFolder(async (folder) => {
    const file = join(folder, "job.ts");
    const own = [`--allow-read=${folder}`, `--allow-write=${folder}`, "--no-check"];
    const flags = allowed ?? own;
    await Deno.writeTextFile(file, text);
    ended = await runProgram(file, { flags, args });
  });
  assert(ended !== undefined);
  return ended;
}

Deno.test("cli: what rejects unheard while the job stops is a warning, and the job stops", async () => {
  const text = REQUESTS("", `Deno.kill(Deno.pid, "SIGTERM"); ${UNTIL_ABORTED}`);
  const { code, stdout, stderr } = await runText(text, []);
  assertEquals(code, 75, stderr);
  assertStringIncludes(
    stdout + stderr,
    "thrown while the job ends, which it does as before: Error: aborted",
  );
});

Deno.test("cli: what a try that timed out leaves behind ends no job that tries again", async () => {
  const text = REQUESTS('timeout: "100ms", retry: { attempts: 2 }', UNTIL_ABORTED);
  const { code, stdout, stderr } = await runText(text, []);
  assertEquals(code, 0, stderr);
  assertStringIncludes(
    stdout + stderr,
    "thrown by what a try has left behind that was told to end",
  );
});

/** A job whose task makes pieces, of which the first try leaves a request behind that it does not await. */
const PIECES = (pieces: string) => `
import { blob, epochs, job, main, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const request = (signal) => new Promise((_, reject) =>
  signal.addEventListener("abort", () => setTimeout(() => reject(new Error("aborted")))));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const add = task("add", { reads: { total }, writes: { total } })
  .run(async ({ total }, { map, step }) => { ${pieces} await wait(300); return { total: total + 1 }; });
await main(import.meta, job("adder", {
  epoch: [add], until: epochs(1), checkpoint: { to: "file:checkpoints", grain: "task" },
}));
`;

/** A piece whose first try times out, and leaves a request behind. */
const TIMED_OUT = `await map("pages", [1], async (_, { signal, try: number }) => {
  if (number === 1) { void request(signal); await wait(150); }
  return 1;
}, { key: String, timeout: "100ms", retry: { attempts: 2 } });`;

Deno.test("cli: what a piece that timed out leaves behind ends no job that tries it again", async () => {
  const { code, stdout, stderr } = await runText(PIECES(TIMED_OUT), []);
  assertEquals(code, 0, stderr);
  assertStringIncludes(
    stdout + stderr,
    'by what a try has left behind that was told to end (TaskTimeoutError: piece "1" of map "pages" took',
  );
});

Deno.test("cli: what a piece leaves behind that is not needed any more ends no job", async () => {
  const { code, stdout, stderr } = await runText(
    PIECES(`for await (const first of map("pages", [1, 2], async (page, { signal }) => {
      if (page === 2) { void request(signal); await wait(150); }
      return page;
    }, { key: String, concurrency: 2 })) break;`),
    [],
  );
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout + stderr, 'told to end (NotNeededError: map "pages" ended)');
});

Deno.test("cli: a flaw of a piece that nobody told to end ends the job, also beside one that timed out", async () => {
  const flaw = 'setTimeout(() => void Promise.reject(new TypeError("a flaw")), 50);';
  const { code, stderr } = await runText(
    PIECES(`${TIMED_OUT} await step("a", () => { ${flaw} });`),
    [],
  );
  assertEquals(code, 1, stderr);
  assertMatch(
    stderr,
    /An error that nobody awaits was thrown while task "add".*: TypeError: a flaw/,
  );
});

Deno.test("cli: a flaw of a task that has time left ends the job, also behind a try that timed out", async () => {
  const text = REQUESTS('timeout: "100ms", retry: { attempts: 2 }', UNTIL_ABORTED)
    .replace(
      "await main",
      `const other = task("other", { timeout: "1h" }).run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      void Promise.reject(new TypeError("a flaw"));
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    await main`,
    ).replace("epoch: [add]", "epoch: [add, other]");
  const { code, stdout, stderr } = await runText(text, []);
  assertEquals(code, 1, stderr);
  assertStringIncludes(
    stdout + stderr,
    "(TaskTimeoutError: it took longer than its timeout of 100 ms",
  );
  assertMatch(stderr, /while task "other" in epoch 1 ran, .*: TypeError: a flaw/);
});

Deno.test("cli: a try that overran its timeout and came to its end leaves nothing behind", async () => {
  const work = `const end = performance.now() + 300;
    while (performance.now() < end);
    setTimeout(() => void Promise.reject(new TypeError("a flaw")));
    return { total: 1 };`;
  const tail = `
const wait = task("wait").run(() => new Promise((resolve) => setTimeout(resolve, 500)));`;
  const text = REQUESTS('timeout: "100ms"', work)
    .replace("void request(signal);", "").replace("await main", `${tail}\nawait main`)
    .replace("epoch: [add]", "epoch: [add, wait]");
  const { code, stdout, stderr } = await runText(text, []);
  assertEquals(code, 1, stderr);
  assertStringIncludes(stdout + stderr, "and did not yield");
  assertMatch(
    stderr,
    /An error that nobody awaits was thrown while task "wait".*: TypeError: a flaw/,
  );
});

Deno.test("cli: an error that nobody awaits ends the run as an event, and its task does not count", async () => {
  const work = `setTimeout(() => { throw Object.create(null); });
    await new Promise((resolve) => setTimeout(resolve, 100));`;
  const { code, stdout } = await runText(REQUESTS("", work), ["--json"]);
  assertEquals(code, 1);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const { type, outcome, epoch, error } = events.at(-1);
  assertEquals([type, outcome, epoch], ["run-finished", "failed", 0]);
  assertEquals([error.name, error.cause.message], ["UncaughtError", "a value that has no text"]);
});

Deno.test("cli: a drill says in its own words that an error was awaited by nobody", async () => {
  const work = `setTimeout(() => { throw new Error("boom"); });
    await new Promise((resolve) => setTimeout(resolve, 100));`;
  const own = ["--allow-read", "--allow-write", "--no-check"];
  const args = ["drill", `--flags=${["--config=" + join(ROOT, "deno.json"), ...own].join(" ")}`];
  const { code, stdout, stderr } = await runText(REQUESTS("", work), args, ["--allow-run", ...own]);
  assertEquals(code, 1);
  assertStringIncludes(stdout + stderr, "An error that nobody awaits was thrown");
  assert(!/did not say how far|ext:/.test(stdout + stderr), stdout + stderr);
});

/** A script that runs a job, whose third epoch forgets a promise that fails. */
const SCRIPT = `
import { blob, epochs, job, JobRunner, LocalSession, StoppedError, task } from "tidemark";
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(async ({ total }, { epoch, signal }) => {
    if (epoch === 3 && Deno.args.includes("flaw")) {
      void Promise.reject(new TypeError("nobody awaits me"));
      await new Promise((_, reject) => {
        const timer = setTimeout(reject, 60_000);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
    }
    return { total: total + epoch };
  });
const adder = job("adder", { epoch: [add], until: epochs(4), checkpoint: { to: "file:checkpoints" } });
const stop = new AbortController();
if (Deno.args.includes("listen")) {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    stop.abort(event.reason);
  });
}
await using session = new LocalSession();
const runner = new JobRunner(adder, { base: import.meta.url, resumeFromEpoch: "auto" });
try {
  await runner.run(session, { signal: stop.signal });
  console.log("total", await session.fetch(total));
} catch (error) {
  console.log(error instanceof StoppedError, error.cause?.message, "at", runner.result?.epoch);
}
`;

Deno.test("script: an error that nobody awaits ends the process, or what its listener says", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "script.ts");
    const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`, "--no-check"];
    await Deno.writeTextFile(file, SCRIPT);
    const died = await runProgram(file, { flags, args: ["flaw"] });
    assertEquals(died.code, 1);
    assertStringIncludes(died.stderr, "nobody awaits me");
    assertEquals(died.stdout, "");
    assertEquals(
      await runWell(file, { flags, args: ["flaw", "listen"] }),
      "true nobody awaits me at 2\n",
    );
    assertEquals(await runWell(file, { flags }), "total 10\n");
  });
});
