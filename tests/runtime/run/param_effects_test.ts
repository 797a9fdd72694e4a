// What is said of params that are others than before where init has run, and of a finished job that was edited.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { blob, epochs, group, job, param, set, task, when } from "../../../dsl/mod.ts";
import { DerivedChangedError } from "../../../runtime/derived/errors.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { recorded } from "../helpers.ts";
import { notices } from "./world.ts";

const size = param("size", 3);
const rate = param("rate", 0.5);
const pace = param("pace", 1);
const samples = blob<number[]>("samples");
const words = blob<number[]>("words", { derived: true });
const sum = blob("sum", { initial: () => 0 });

const start = task("start", { reads: { size }, writes: { samples } })
  .run(({ size }) => ({ samples: Array.from({ length: size }, (_, at) => at) }));
const isOn = param("isOn", 1);
const load = task("load", { reads: { rate, pace }, writes: { words } })
  .run(({ rate }) => ({ words: [rate, 2 * rate] }));
const add = task("add", { reads: { sum, samples, pace }, writes: { sum } })
  .run(({ sum, samples, pace }) => ({ sum: sum + pace * samples.length }));

function makeJob(to: string, epoch = [add]) {
  return job("effects", {
    init: [start, group({ if: when(isOn, (on) => on > 0) }, load)],
    epoch,
    until: epochs(4),
    checkpoint: { to },
  });
}

async function run(to: string, options: JobRunnerOptions, epoch = [add]): Promise<string[]> {
  const { session, seen } = recorded();
  await using _ = session;
  await new JobRunner(makeJob(to, epoch), options).run(session);
  return notices(seen);
}

Deno.test("a param that init alone reads is said to change nothing, and one read later is not", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(to, { stopAfterEpoch: 1 });
  const given = { set: [set(size, 9), set(pace, 1)] };
  const { warnings, settings } = await new JobRunner(makeJob(to), given).changesSince();
  assertEquals(warnings.length, 1);
  assertMatch(warnings[0] ?? "", /^param size is read by init alone.*--fresh/);
  assert(settings.some((text) => text.startsWith("param size 3 → 9")));
  const said = await run(to, { ...given, resumeFromEpoch: "latest", stopAfterEpoch: 2 });
  assertEquals(said.filter((text) => text.includes("init alone")), warnings);
  // It is what the job is from now on.
  const again = await run(to, { resumeFromEpoch: "latest", stopAfterEpoch: 3 });
  assertEquals(again.filter((text) => text.includes("init alone")), []);
});

Deno.test("of a param from which a derived blob is made again it is said that the job may not go on", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(to, { stopAfterEpoch: 1 });
  const warningsOf = async (options: JobRunnerOptions) =>
    (await new JobRunner(makeJob(to), options).changesSince()).warnings;
  const [warning, ...more] = await warningsOf({ set: [set(rate, 0.7)] });
  assertEquals(more, []);
  assertMatch(
    warning ?? "",
    /^param rate is another, and what is derived is made again of it \(words\): .*--allow-change$/,
  );
  // This one says whether it is made at all.
  assertMatch((await warningsOf({ set: [set(isOn, 0)] }))[0] ?? "", /^param isOn .*words/);
  await assertRejects(
    () => run(to, { set: [set(isOn, 0)], resumeFromEpoch: "latest" }),
    DerivedChangedError,
    "What has changed since: param isOn is 0, and was 1",
  );
  // This one is read by the epochs too.
  assertMatch((await warningsOf({ set: [set(pace, 2)] }))[0] ?? "", /^param pace .*words/);
  assertEquals(await warningsOf({ set: [set(rate, 0.5)] }), []);
});

Deno.test("where something is uploaded, no param is said to be read by init alone", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  const uploader = { build: () => task("upload", { reads: { size } }).run(() => {}) };
  await run(to, { stopAfterEpoch: 1 });
  const given = { set: [set(size, 9)], uploader } as const;
  const { warnings } = await new JobRunner(makeJob(to), given).changesSince();
  assertEquals(warnings, []);
});

Deno.test("a finished job that was edited is finished, and says that it is another", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  await run(to, {});
  assertEquals(await run(to, { resumeFromEpoch: "auto" }), []);
  const other = task("add", { reads: { sum }, writes: { sum } }).run(({ sum }) => ({
    sum: sum + 2,
  }));
  const [said, ...more] = await run(to, { resumeFromEpoch: "auto" }, [other as typeof add]);
  assertEquals(more, []);
  assertMatch(
    said ?? "",
    /^the job is not what it was at epoch 4@a1, and is finished all the same/,
  );
});
