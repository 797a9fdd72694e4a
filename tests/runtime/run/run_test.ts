import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  blob,
  epochs,
  from,
  group,
  JobError,
  on,
  optional,
  parallel,
  saved,
  task,
} from "../../../dsl/mod.ts";
import { StoppedError, TaskError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { errorOf, turns } from "../helpers.ts";
import { actions, everywhere, finish, stepsOf, total, valuesOf, weights, World } from "./world.ts";

everywhere(
  "run: a fresh run does everything in its order, and gives the last epoch",
  async (world) => {
    const { seen, epoch, values, runner } = await world.run();
    assertEquals(epoch, 4);
    assertEquals(actions(seen), [
      "init 0",
      "save epoch 0",
      ...[1, 2, 3].flatMap((e) => [`epoch ${e}`, `save epoch ${e}`]),
      "epoch 4",
      "held at 4",
      "save epoch 4",
      "exit 4",
      "save exit 4",
    ]);
    const [started] = seen.of("run-started");
    assertEquals([started?.mode, started?.attempt, started?.from, started?.phase], [
      ...["started", 1, undefined, "init"],
    ]);
    assertEquals(runner.result?.outcome, "finished");
    assertEquals(Object.keys(values), world.nodes);
    for (const node of world.nodes) {
      assertEquals([values[node]?.["total"], values[node]?.["late"], values[node]?.["report"]], [
        ...[10, "at 4", "total 10"],
      ]);
    }
  },
);

everywhere(
  "run: resumed from any epoch, as often as wanted, it ends with the same values",
  async (world) => {
    const whole = await world.run();
    for (const from of [0, 2, 4, 1, 3, 2] as const) {
      const again = await world.run(world.job(), { resumeFromEpoch: `${from}@a1` });
      assertEquals(again.epoch, 4);
      assertEquals(again.values, whole.values, `from ${from}`);
      assertEquals(
        again.seen.started.some((id) => id.startsWith("start@")),
        false,
        "init ran again",
      );
      const ran = again.seen.of("phase-started").filter((e) => e.phase === "epoch").map((e) =>
        e.epoch
      );
      assertEquals(ran, [1, 2, 3, 4].filter((epoch) => epoch > from));
      assertEquals(again.seen.of("run-started")[0]?.mode, "resumed");
    }
  },
);

everywhere(
  "run: resumes with the same manager on a used session, and on a new one",
  async (world) => {
    const checkpoints = world.manager();
    const on = world.session();
    const whole = await world.run(world.job(), { checkpoints }, on);
    for (const from of [1, 3, 0]) {
      await on.session.feed(total, 999, { node: world.node });
      await on.session.feed("stray", 1, { node: world.node });
      const used = await world.run(world.job(), { checkpoints, resumeFromEpoch: from }, on);
      assertEquals(used.values, whole.values);
      const fresh = await world.run(world.job(), { checkpoints, resumeFromEpoch: from });
      assertEquals(fresh.values, whole.values);
    }
  },
);

everywhere('run: "latest" goes on after the newest epoch', async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 2 });
  const rest = await world.run(world.job(), { resumeFromEpoch: "latest" });
  assertEquals(actions(rest.seen).slice(0, 3), ["load 2", "epoch 3", "save epoch 3"]);
});

everywhere(
  "run: stopped after each epoch and gone on with, it ends with the same values",
  async (world) => {
    const whole = await world.run();
    const parts = await World.make(world.kind, world.nodes.length === 1 ? 1 : 3);
    await using _ = parts;
    for (let epoch = 0; epoch <= 3; epoch++) {
      const part = await parts.run(parts.job(), { resumeFromEpoch: "auto", stopAfterEpoch: epoch });
      assertEquals([part.epoch, part.runner.result?.outcome], [epoch, "stopped"]);
      assertEquals(part.runner.result?.ran, epoch === 0 ? 0 : 1);
    }
    const last = await parts.run(parts.job(), { resumeFromEpoch: "auto" });
    assertEquals(last.values, whole.values);
    assertEquals((await parts.epochs()).length, 5);
  },
);

everywhere(
  "run: a fresh start on a used session and place gives the same, and deletes nothing",
  async (world) => {
    const on = world.session();
    const first = await world.run(world.job(), {}, on);
    await on.session.feed(total, 50, { node: world.node });
    const second = await world.run(world.job(), {}, on);
    assertEquals(second.values, first.values);
    assertEquals((await world.epochs()).length, 10);
  },
);

everywhere(
  "run: each phase is recorded, and a resume starts at the first unfinished one",
  async (world) => {
    let broken: string | undefined;
    const ran: [string, string | undefined][] = [];
    const note = blob<string>("note");
    const phase = (name: string) =>
      task(name, { reads: { total, before: optional(note) }, writes: { note } })
        .run(({ total, before }, { node }) => {
          if (node === world.node) ran.push([name, before]);
          if (broken === name) throw new Error(`no ${name}`);
          return { note: `${name} ${total}` };
        });
    const uploader = { build: () => on(world.node, phase("upload")) };
    const given = world.job({
      download: [phase("download")],
      exit: [phase("exit")],
      until: epochs(2),
    });
    const phases = [["upload", undefined], ["download", "upload 3"], [
      "exit",
      "download 3",
    ]] as const;
    for (const [at, before] of phases) {
      broken = at;
      const failed = await world.fail(given, { uploader, resumeFromEpoch: "auto" });
      assertInstanceOf(failed.error, TaskError);
      assertEquals(ran.at(-1), [at, before]);
      ran.length = 0;
      const next = await world.fail(given, { uploader, resumeFromEpoch: "latest" });
      assertEquals(next.seen.of("phase-started").map((e) => e.phase), [at]);
      assertEquals(next.seen.started.every((id) => id.startsWith(at)), true);
      // The blobs of the last finished phase are what the next one gets.
      assertEquals(ran, [[at, before]]);
    }
    broken = undefined;
    const last = await world.run(given, { uploader, resumeFromEpoch: "latest" });
    assertEquals(actions(last.seen).filter((a) => !a.startsWith("load")), [
      "exit 2",
      "save exit 2",
    ]);
    assertEquals(last.values[world.node]?.["note"], "exit 3");
  },
);

everywhere(
  "run: the uploader is given the last epoch and a manager that can load it",
  async (world) => {
    const got: unknown[] = [];
    const { seen } = await world.run(world.job({ until: epochs(2) }), {
      uploader: {
        build: (epoch, checkpoints) => {
          got.push(epoch, checkpoints.blobList());
          return checkpoints.checkDbExists(epoch);
        },
      },
    });
    assertEquals(got, [2, ["late", "report", "total", "weights"]]);
    assertEquals(actions(seen).slice(-5), [
      ...["save epoch 2", "upload 2", "save upload 2", "exit 2", "save exit 2"],
    ]);
  },
);

Deno.test("run: an uploader's group is checked as a job's are", async () => {
  await using world = await World.make("memory", 1);
  const note = blob<number>("note");
  const reads = task("reads", { reads: { note } }).run(() => {});
  const writes = (after: readonly typeof reads[]) =>
    task("writes", { writes: { note }, after }).run(() => ({ note: 1 }));
  for (
    const [build, what] of [
      [() => parallel(writes([]), reads), "stand in parallel"],
      [() => group(writes([reads]), reads), "wait for each other"],
    ] as const
  ) {
    const { error, seen } = await world.fail(world.job({ until: epochs(1) }), {
      uploader: { build },
    });
    assertInstanceOf(error, JobError);
    assertStringIncludes(error.message, what);
    assertEquals(seen.of("task-started").filter((event) => event.phase === "upload"), []);
  }
});

everywhere(
  "run: an uploader may load an older epoch; the run's own line goes on",
  async (world) => {
    const { values } = await world.run(world.job(), {
      uploader: { build: (_, checkpoints) => checkpoints.load(2) },
    });
    assertEquals(values[world.node]?.["report"], "total 3");
    const again = await world.run(world.job(), { resumeFromEpoch: "auto" });
    assertEquals([again.runner.result?.outcome, again.values], ["already finished", values]);
    assertEquals((await world.names("attempts/")).length, 2);
  },
);

everywhere(
  "run: scratch is never saved; what is not set is saved and restored as absent",
  async (world) => {
    await world.run(world.job({ exit: [] }), { stopAfterEpoch: 2 });
    const manager = world.manager();
    const { session } = world.session();
    await session.run(manager.init(world.nodes, 2));
    assertEquals(manager.blobList(), ["late", "total", "weights"]);
    await session.feed("late", "not this", { node: world.node });
    await session.run(manager.load(2));
    assertEquals(Object.keys(valuesOf(session)[world.node] ?? {}), ["total", "weights"]);
  },
);

everywhere(
  "run: a failing task ends the run; the resume runs its epoch again, the same",
  async (world) => {
    const whole = await world.run();
    let fails = true;
    const flaky = task("flaky", { updates: { weights } }).run(({ weights }, { epoch, node }) => {
      if (epoch !== 3 || node !== world.node || !fails) return;
      weights.fill(0);
      throw new Error("once");
    });
    const base = world.job();
    const given = world.job({ epoch: [...stepsOf(base), flaky] });
    await using other = await World.make(world.kind, world.nodes.length === 1 ? 1 : 3);
    const { error, seen } = await other.fail(given);
    assertInstanceOf(error, TaskError);
    assertEquals([error.site.epoch, error.site.attempt], [3, 1]);
    assertEquals(seen.of("run-finished")[0]?.outcome, "failed");
    fails = false;
    const rest = await other.run(given, { resumeFromEpoch: "latest" });
    assertEquals(rest.values, whole.values);
  },
);

everywhere("run: a signal stops it, resumable, and it says so", async (world) => {
  const stop = new AbortController();
  const slow = task("slow").run(async (_, { epoch, progress }) => {
    if (epoch === 2) stop.abort(new Error("SIGTERM"));
    await turns(1);
    await progress(1, 1);
  });
  const given = world.job({ epoch: [slow], init: [], exit: [], until: epochs(3) });
  const { session, seen } = world.session();
  const runner = new JobRunner(given, { checkpoints: world.manager() });
  const error = await errorOf(runner.run(session, { signal: stop.signal }));
  assertInstanceOf(error, StoppedError);
  assertStringIncludes(error.message, "SIGTERM");
  assertEquals([runner.result?.outcome, runner.result?.epoch], ["stopped", 1]);
  assertEquals(seen.of("run-finished")[0]?.outcome, "stopped");
  const rest = await world.run(given, { resumeFromEpoch: "latest" });
  assertEquals(rest.epoch, 3);
});

everywhere("run: saved() reads a blob as it was in the best saved epoch", async (world) => {
  const score = blob<number>("score");
  const best = blob<number>("best");
  const rank = task("rank", { reads: { total }, writes: { score } })
    .run((_, { epoch }) => ({ score: [NaN, 3, 8, NaN, 8, 1][epoch] ?? 0 }));
  const metric = world.nodes.length === 1 ? score : from("n0", score);
  const read = task("read", { reads: { best: saved(total, { max: metric }) }, writes: { best } })
    .run(({ best }) => ({ best }));
  const given = world.job({
    epoch: [...stepsOf(world.job()), rank],
    exit: [finish, read],
    until: epochs(5),
  });
  const { values } = await world.run(given);
  // Of the equal epochs 2 and 4 the newer counts.
  for (const node of world.nodes) assertEquals(values[node]?.["best"], 10);
});
