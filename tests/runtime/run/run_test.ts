import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  blob,
  codec,
  epochs,
  from,
  on,
  param,
  saved,
  set,
  task,
} from "../../../dsl/mod.ts";
import {
  EpochNotFoundError,
  NothingToResumeError,
  StoppedError,
  TaskError,
} from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { errorOf, turns } from "../helpers.ts";
import {
  actions,
  everywhere,
  finish,
  notices,
  total,
  valuesOf,
  weights,
  World,
} from "./world.ts";

everywhere("run: a fresh run does everything in its order, and gives the last epoch", async (world) => {
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
});

everywhere("run: resumed from any epoch, as often as wanted, it ends with the same values", async (world) => {
  const whole = await world.run();
  for (const from of [0, 2, 4, 1, 3, 2] as const) {
    // The fourth epoch's exit is on the first line: going on from the end of that runs nothing.
    const again = await world.run(world.job(), { resumeFromEpoch: from === 4 ? "4@a1" : `${from}@a1` });
    assertEquals(again.epoch, 4);
    assertEquals(again.values, whole.values, `from ${from}`);
    assertEquals(again.seen.started.some((id) => id.startsWith("start@")), false, "init ran again");
    const ran = again.seen.of("phase-started").filter((e) => e.phase === "epoch").map((e) => e.epoch);
    assertEquals(ran, [1, 2, 3, 4].filter((epoch) => epoch > from));
    assertEquals(again.seen.of("run-started")[0]?.mode, from === 4 ? "already finished" : "resumed");
  }
});

everywhere("run: resumes with the same manager on a used session, and on a new one", async (world) => {
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
});

everywhere('run: "latest" goes on after the newest epoch', async (world) => {
  await world.run(world.job(), { stopAfterEpoch: 2 });
  const rest = await world.run(world.job(), { resumeFromEpoch: "latest" });
  assertEquals(actions(rest.seen).slice(0, 3), ["load 2", "epoch 3", "save epoch 3"]);
});

everywhere("run: stopped after each epoch and gone on with, it ends with the same values", async (world) => {
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
});

everywhere("run: a fresh start on a used session and place gives the same, and deletes nothing", async (world) => {
  const on = world.session();
  const first = await world.run(world.job(), {}, on);
  await on.session.feed(total, 50, { node: world.node });
  const second = await world.run(world.job(), {}, on);
  assertEquals(second.values, first.values);
  assertEquals((await world.epochs()).length, 10);
});

everywhere("run: a resume where nothing is, and from an epoch that is not saved", async (world) => {
  const none = await world.fail(world.job(), { resumeFromEpoch: "latest" });
  assertInstanceOf(none.error, NothingToResumeError);
  await world.run();
  const missing = await world.fail(world.job(), { resumeFromEpoch: 9 });
  assertInstanceOf(missing.error, EpochNotFoundError);
  for (const epoch of [0, 1, 2, 3, 4]) assertStringIncludes(missing.error.message, String(epoch));
  assertEquals((await world.names("attempts/")).length, 2);
});

everywhere("run: a finished job runs nothing and takes no attempt", async (world) => {
  const first = await world.run();
  const attempts = await world.names("attempts/");
  const again = await world.run(world.job(), { resumeFromEpoch: "auto" });
  assertEquals([again.epoch, again.seen.started, again.runner.result?.outcome], [
    ...[4, [], "already finished"],
  ]);
  assertEquals(again.values, first.values);
  assertEquals(await world.names("attempts/"), attempts);
});

everywhere("run: changed from epochs(2) to epochs(4) it goes on, and says so", async (world) => {
  await world.run(world.job({ until: epochs(2) }));
  const more = await world.run(world.job({ until: epochs(4) }), { resumeFromEpoch: "latest" });
  assertEquals(actions(more.seen).filter((a) => a.startsWith("epoch")), ["epoch 3", "epoch 4"]);
  assert(notices(more.seen).some((text) => text.includes("epochs(2) held")), notices(more.seen).join());
  assertEquals(more.values[world.node]?.["total"], 10);
  assertEquals(more.values[world.node]?.["report"], "total 10");
});

everywhere("run: each phase is recorded, and a resume starts at the first unfinished one", async (world) => {
  let broken: string | undefined;
  const ran: string[] = [];
  const note = blob<string>("note");
  const phase = (name: string) =>
    task(name, { reads: { total }, writes: { note } }).run(({ total }, { node }) => {
      if (node === world.node) ran.push(name);
      if (broken === name) throw new Error(`no ${name}`);
      return { note: `${name} ${total}` };
    });
  const uploader = { build: () => on(world.node, phase("upload")) };
  const given = world.job({ download: [phase("download")], exit: [phase("exit")], until: epochs(2) });
  for (const [at, before] of [["upload", ""], ["download", "upload 3"], ["exit", "download 3"]] as const) {
    broken = at;
    ran.length = 0;
    const failed = await world.fail(given, { uploader, resumeFromEpoch: "auto" });
    assertInstanceOf(failed.error, TaskError);
    assertEquals(ran.at(-1), at);
    const on = world.session();
    await on.session.run(world.manager().load("latest"));
    // The blobs of the last finished phase are what the next one gets.
    const next = await world.fail(given, { uploader, resumeFromEpoch: "latest" });
    assertEquals(next.seen.of("phase-started").map((e) => e.phase), [at]);
    assertEquals(next.seen.started.every((id) => id.startsWith(at)), true);
    if (before !== "") {
      const saved = await world.names("phases/");
      assertEquals(saved.length > 0, true);
    }
  }
  broken = undefined;
  const last = await world.run(given, { uploader, resumeFromEpoch: "latest" });
  assertEquals(actions(last.seen).filter((a) => !a.startsWith("load")), ["exit 2", "save exit 2"]);
  assertEquals(last.values[world.node]?.["note"], "exit 3");
});

everywhere("run: the uploader is given the last epoch and a manager that can load it", async (world) => {
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
});

everywhere("run: scratch is never saved; what is not set is saved and restored as absent", async (world) => {
  await world.run(world.job({ exit: [] }), { stopAfterEpoch: 2 });
  const manager = world.manager();
  const { session } = world.session();
  await session.run(manager.init(world.nodes, 2));
  assertEquals(manager.blobList(), ["late", "total", "weights"]);
  await session.feed("late", "not this", { node: world.node });
  await session.run(manager.load(2));
  assertEquals(Object.keys(valuesOf(session)[world.node] ?? {}), ["total", "weights"]);
});

everywhere("run: a failing task ends the run; the resume runs its epoch again, the same", async (world) => {
  const whole = await world.run();
  let fails = true;
  const flaky = task("flaky", { updates: { weights } }).run(({ weights }, { epoch, node }) => {
    if (epoch !== 3 || node !== world.node || !fails) return;
    weights.fill(0);
    throw new Error("once");
  });
  const base = world.job();
  const given = world.job({ name: "flaky", epoch: [...stepsOf(base), flaky] });
  await using other = await World.make(world.kind, world.nodes.length === 1 ? 1 : 3);
  const { error, seen } = await other.fail(given);
  assertInstanceOf(error, TaskError);
  assertEquals([error.site.epoch, error.site.attempt], [3, 1]);
  assertEquals(seen.of("run-finished")[0]?.outcome, "failed");
  fails = false;
  const rest = await other.run(given, { resumeFromEpoch: "latest" });
  assertEquals(rest.values, whole.values);
});

everywhere("run: settings given now win over the saved, those over the default, and each difference is said", async (world) => {
  const rate = param("rate", 1);
  const other = param("other", "a");
  const add = task("add", { reads: { rate, other, total }, writes: { total } })
    .run(({ rate, total }) => ({ total: total + rate }));
  const given = world.job({ epoch: [add], until: epochs(9), init: [], exit: [] });
  const first = await world.run(given, { set: [set(rate, 10)], seed: 7, stopAfterEpoch: 1 });
  assertEquals(first.values[world.node]?.["total"], 10);
  const saved = await world.run(given, { resumeFromEpoch: "latest", stopAfterEpoch: 2 });
  assertEquals(saved.values[world.node]?.["total"], 20);
  assertEquals(saved.seen.of("run-started")[0]?.seed, 7);
  assert(notices(saved.seen).some((t) => t.includes("rate is 10, as saved; the default is 1")));
  const now = await world.run(given, {
    params: { rate: 100 },
    seed: 8,
    resumeFromEpoch: "latest",
    stopAfterEpoch: 3,
  });
  assertEquals(now.values[world.node]?.["total"], 120);
  assert(notices(now.seen).some((t) => t.includes("rate 10 → 100")));
  assert(notices(now.seen).some((t) => t.includes("seed 7 → 8")));
  const kept = await world.run(given, { resumeFromEpoch: "latest", stopAfterEpoch: 4 });
  assertEquals(kept.values[world.node]?.["total"], 220);
  const wrong = await errorOf(
    new JobRunner(given, { checkpoints: world.manager(), params: { rat: 1 } })
      .run(world.session().session),
  );
  assertStringIncludes(wrong.message, "rate");
});

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

everywhere("run: a new blob gets its initial value on a resume, one without is not set; both are said", async (world) => {
  await world.run(world.job({ exit: [] }), { stopAfterEpoch: 1 });
  const extra = blob("extra", { initial: () => 5 });
  const bare = blob<number>("bare");
  const grow = task("grow", { reads: { extra }, writes: { extra, bare } })
    .run(({ extra }) => ({ extra: extra + 1, bare: extra }));
  const given = world.job({ epoch: [...stepsOf(world.job()), grow], exit: [], until: epochs(3) });
  const { values, seen } = await world.run(given, { resumeFromEpoch: "latest" });
  assertEquals([values[world.node]?.["extra"], values[world.node]?.["bare"]], [7, 6]);
  assert(notices(seen).some((t) => t.includes("extra") && t.includes("initial value")));
  assert(notices(seen).some((t) => t.includes("bare") && t.includes("not set")));
});

everywhere("run: a blob whose type has changed is an error that names both types", async (world) => {
  await world.run(world.job({ exit: [] }), { stopAfterEpoch: 1 });
  const text = blob("total", { initial: () => "zero" });
  const shout = task("shout", { updates: {}, reads: { text }, writes: { text } })
    .run(({ text }) => ({ text: `${text}!` }));
  const changed = world.job({ epoch: [shout], init: [], exit: [] });
  const before = await world.epochs();
  const { error } = await world.fail(changed, { resumeFromEpoch: "latest" });
  assertEquals(error.name, "BlobTypeError");
  for (const part of ['"total"', world.node, "number", "string"]) assertStringIncludes(error.message, part);
  const coded = blob("total", {
    codec: codec({ encode: (n: { n: number }) => n.n, decode: (n: number) => ({ n }) }),
  });
  const use = task("use", { updates: { coded } }).run(() => {});
  const begin = task("begin", { writes: { coded } }).run(() => ({ coded: { n: 1 } }));
  const withCodec = world.job({ init: [begin], epoch: [use], exit: [] });
  assertEquals((await world.fail(withCodec, { resumeFromEpoch: "latest" })).error.name, "BlobTypeError");
  assertEquals(await world.epochs(), before);
});

everywhere("run: another job's place is refused, and left as it was", async (world) => {
  await world.run();
  const before = [await world.epochs(), await world.names("attempts/")];
  for (const resumeFromEpoch of [undefined, "latest"] as const) {
    const { error } = await world.fail(world.job({ name: "another" }), {
      ...resumeFromEpoch === undefined ? {} : { resumeFromEpoch },
    });
    assertEquals(error.name, "WrongJobError");
    for (const part of ['"world"', '"another"']) assertStringIncludes(error.message, part);
  }
  assertEquals([await world.epochs(), await world.names("attempts/")], before);
});

everywhere("run: saved() reads a blob as it was in the best saved epoch", async (world) => {
  const score = blob<number>("score");
  const best = blob<number>("best");
  const rank = task("rank", { reads: { total }, writes: { score } })
    .run((_, { epoch }) => ({ score: [NaN, 3, 8, NaN, 8, 1][epoch] ?? 0 }));
  const metric = world.nodes.length === 1 ? score : from("n0", score);
  const read = task("read", { reads: { best: saved(total, { max: metric }) }, writes: { best } })
    .run(({ best }) => ({ best }));
  const given = world.job({ epoch: [...stepsOf(world.job()), rank], exit: [finish, read], until: epochs(5) });
  const { values } = await world.run(given);
  // Of the equal epochs 2 and 4 the newer counts.
  for (const node of world.nodes) assertEquals(values[node]?.["best"], 10);
});

/** The epoch steps of the world's own job, without the nodes around them. */
function stepsOf({ build }: ReturnType<World["job"]>) {
  const [first, ...rest] = build({}).epoch;
  if (first === undefined) throw new Error("no steps");
  return first.kind === "group" && first.replicated ? first.steps : [first, ...rest];
}
