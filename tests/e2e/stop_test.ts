// Jobs that are told to stop, as processes run them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ended, Folder, JOB, signalAt } from "./adder_folder.ts";

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

for (const by of ["SIGTERM", "--stop-after"]) {
  Deno.test(`cli: a task that hears nothing of ${by} ends with the process when its grace is over`, async () => {
    await using folder = await Folder.make();
    const args = ["--param", "work=deaf", "--grace", "2s"];
    const why = by === "SIGTERM" ? "" : ", as the time of --stop-after is up";
    let result: { readonly code: number; readonly err: string };
    if (by === "SIGTERM") {
      const signalled = await signalAt(folder.spawn(args), "in epoch 2", "SIGTERM");
      assertEquals(signalled.signal, "SIGALRM");
      assert(signalled.tookMs >= 2_000 && signalled.tookMs < 6_000, `${signalled.tookMs} ms`);
      result = signalled;
    } else {
      result = await ended(folder.spawn([...args, "--stop-after", "1500ms"]));
    }
    const { code, err } = result;
    assertEquals(code, 142);
    const [first = "", second = ""] = err.trimEnd().split("\n");
    assertStringIncludes(
      first,
      `task add@main has not yielded, and so has not heard that it is to stop${why}; the process ` +
        `ends in 2s (--grace) if that goes on`,
    );
    assertStringIncludes(
      second,
      `task add@main was to stop${why}, and has not yielded for 2s (--grace): the process was ended`,
    );
    const again = await folder.run("--param", "work=quick");
    assertStringIncludes(again.out, "adder: resumed from epoch 1");
    assertStringIncludes(again.out, "total 6");
  });
}

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

/** A job whose stop condition takes long after epoch 2, while no task runs. */
const JUDGING = `
import { blob, epochs, job, main, task, when } from "tidemark";
const total = blob("total", { initial: () => 0 });
const add = task("add", { reads: { total }, writes: { total } })
  .run(({ total }, { epoch, log }) => {
    log("total " + (total + epoch));
    return { total: total + epoch };
  });
const isEnough = when(total, (total) => {
  if (total === 3 && Deno.args.includes("--grace")) {
    console.log("judging");
    const end = performance.now() + 3_000;
    while (performance.now() < end);
  }
  return false;
});
const adder = job("adder", {
  epoch: [add], until: [epochs(3), isEnough], checkpoint: { to: "file:checkpoints" },
});
export default adder;
await main(import.meta, adder);
`;

Deno.test("cli: what keeps the process busy while no task runs is not ended with its grace, but stops", async () => {
  await using folder = await Folder.make(JUDGING);
  const child = folder.spawn(["--grace", "1s"]);
  const { code, signal, out, err, tookMs } = await signalAt(child, "judging", "SIGTERM");
  assertEquals([code, signal], [75, null], err);
  // It is the longer of the grace and 1.5 s after which it would be ended.
  assert(tookMs > 2_000, `it took only ${tookMs} ms to stop`);
  assertStringIncludes(
    err,
    "the process has not yielded, and so has not heard that it is to stop; a second signal ends it at once",
  );
  assertStringIncludes(out, "stopped (epoch 2 is saved): The run was told to stop (SIGTERM)");
  assertStringIncludes((await folder.run()).out, "total 6");
});

Deno.test("cli: a process that was stopped itself meanwhile has not used up its grace", async () => {
  await using folder = await Folder.make(JOB.replace("20_000", "8_000"));
  const child = folder.spawn(["--param", "work=deaf", "--grace", "4s"]);
  const goOn = setTimeout(() => child.kill("SIGCONT"), 7_000);
  const { code, err } = await signalAt(child, "in epoch 2", "SIGTERM", {
    waitFor: "task add@main has not yielded",
  }, "SIGSTOP");
  clearTimeout(goOn);
  assertEquals(code, 75, err);
});
