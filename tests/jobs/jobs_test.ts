import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Job, JobRunner, LocalSession } from "tidemark";
import { eventsOf, runWell, withFolder } from "../e2e/process.ts";
import mnist from "./a_mnist.ts";
import sweep from "./b_sweep.ts";
import site from "./c_crawl.ts";
import backfill from "./d_backfill.ts";
import embedding from "./e_embed.ts";
import monteCarlo from "./f_montecarlo.ts";
import training from "./g_tfjs.ts";
import reader from "./h_reader.ts";
import { FakeServer } from "./fake_server.ts";
import { live } from "./fakes/tensors.ts";
import { assertSameSaved, savedBlobs } from "./saved.ts";
import { look, settings, test } from "./scripts.ts";

/** One job file, and how it is run. */
interface Case {
  readonly file: string;
  readonly job: Job;
  /** Params, told only when it starts: a resume takes the saved ones. */
  readonly params?: Readonly<Record<string, string | number>>;
  /** Permissions beside those for its checkpoints. */
  readonly flags?: readonly string[];
  /** What it says when it is killed. */
  readonly killAt: RegExp;
  /** The last epoch that was saved by then. */
  readonly saved: number;
}

type Events = Record<string, unknown>[];

/** Runs a job to its end, and another time killed and resumed, both at once; compares what they saved. */
async function check(
  { file, job, params = {}, flags = [], killAt, saved }: Case,
  folder: string,
  resumedParams: Case["params"] = params,
): Promise<{ uninterrupted: Events; resumed: Events; folder: string }> {
  const run = async (
    name: string,
    given: Readonly<Record<string, string | number>>,
    killed?: RegExp,
  ): Promise<Events> => {
    const place = join(folder, name);
    await Deno.mkdir(place, { recursive: true });
    const said = await runWell(fromFileUrl(new URL(file, import.meta.url)), {
      flags: [`--allow-read=${place}`, `--allow-write=${place}`, ...flags],
      args: [
        ...["--json", `--to=file:${place}`],
        ...Object.entries(given).flatMap(([key, value]) => ["--param", `${key}=${value}`]),
      ],
      ...killed === undefined ? {} : { killAt: { said: killed } },
    });
    return eventsOf(said);
  };
  const twice = async (): Promise<Events> => {
    const before = await run("killed", resumedParams, killAt);
    const acknowledged = before.findLast(({ type }) => type === "save-committed");
    assertEquals(acknowledged?.["epoch"], saved, "the last epoch saved before the kill");
    return await run("killed", {});
  };
  const [uninterrupted, resumed] = await Promise.all([run("whole", params), twice()]);
  assertResumed(resumed, saved);
  const last = (events: Events) => events.at(-1);
  assertEquals(last(resumed)?.["epoch"], last(uninterrupted)?.["epoch"]);
  await assertSameSaved(join(folder, "killed", job.name), join(folder, "whole", job.name));
  return { uninterrupted, resumed, folder: join(folder, "killed", job.name) };
}

function assertResumed(events: Events, saved: number): void {
  const started = events.find(({ type }) => type === "run-started");
  assertEquals([started?.["mode"], started?.["from"]], ["resumed", saved]);
  const phases = events.filter(({ type }) => type === "phase-started");
  assertEquals(phases.filter(({ phase }) => phase === "init"), []);
  const epochs = phases.filter(({ phase }) => phase === "epoch").map(({ epoch }) => epoch);
  assertEquals(epochs, Array.from(epochs, (_, i) => saved + 1 + i), "each epoch runs once");
  assertEquals(events.at(-1)?.["outcome"], "finished");
}

/** Where a job is killed: in a task of an epoch, once that has finished but is not saved yet. */
function finished(task: string, epoch: number): RegExp {
  return new RegExp(`"type":"task-finished".*"task":"${task}".*"epoch":${epoch},`);
}

Deno.test("a_mnist: learns until the accuracy stands still, killed in an epoch", async () => {
  await withFolder(async (folder) => {
    const { resumed, uninterrupted } = await check({
      ...{ file: "a_mnist.ts", job: mnist, params: { hidden: 12 } },
      killAt: /"type":"progress".*"epoch":3,.*"done":\d+,"total":1500/,
      saved: 2,
    }, folder);
    assert(String(resumed.at(-1)?.["because"]).includes("plateau"), "the plateau ends it");
    const best = (events: Events) =>
      events.findLast(({ type, task }) => type === "log" && task === "report")?.["message"];
    assert(Number(/[\d.]+$/.exec(String(best(resumed)))?.[0]) > 0.7, String(best(resumed)));
    assertEquals(best(resumed), best(uninterrupted));
  });
});

Deno.test("b_sweep: prunes trials made by a template", async () => {
  await withFolder(async (folder) => {
    const { folder: saved } = await check({
      ...{ file: "b_sweep.ts", job: sweep, params: { trials: 5, "warm-up": 2 } },
      killAt: finished("trial-1.train", 3),
      saved: 2,
    }, folder);
    const { main } = await savedBlobs(saved);
    const pruned = Array.from({ length: 5 }, (_, i) => main?.[`trial-${i}.pruned`]);
    assertEquals(pruned, [false, false, true, true, true]); // of two, neither is past the median
  });
});

Deno.test("c_crawl: what it has told the outside is not told again", async () => {
  await using pages = await FakeServer.start("site");
  await using hook = await FakeServer.start("site");
  await using otherHook = await FakeServer.start("site");
  const params = (to: FakeServer) => ({ start: `${pages.url}/`, hook: `${to.url}/hook`, width: 9 });
  await withFolder(async (folder) => {
    const { folder: saved } = await check(
      {
        ...{ file: "c_crawl.ts", job: site, params: params(hook) },
        flags: [`--allow-net=${pages.host},${hook.host},${otherHook.host}`],
        killAt: finished("announce", 2),
        saved: 1,
      },
      folder,
      params(otherHook),
    );
    const { main } = await savedBlobs(saved);
    const found = main?.["pages"] as Map<string, { status: number }>;
    assertEquals(found.size, new Set(found.keys()).size);
    assert(found.size >= 60 && !found.has(`${pages.url}/page/13`), `${found.size} pages`);
    const [keys, otherKeys] = [await hook.end(), await otherHook.end()];
    assertEquals(keys.length, new Set(keys).size);
    assertEquals(otherKeys, keys, "epoch 2 was announced before the kill, and not again");
  });
});

Deno.test("d_backfill: what it has written is not written again", async () => {
  await using db = await FakeServer.start("db");
  await using otherDb = await FakeServer.start("db");
  const params = ({ url }: FakeServer) => ({ db: url, days: 45 });
  await withFolder(async (folder) => {
    const { folder: saved } = await check(
      {
        ...{ file: "d_backfill.ts", job: backfill, params: params(db) },
        flags: [`--allow-net=${db.host},${otherDb.host}`],
        killAt: finished("load", 4),
        saved: 3,
      },
      folder,
      params(otherDb),
    );
    const { main } = await savedBlobs(saved);
    assertEquals((main?.["totals"] as Map<string, unknown>).size, 45);
    const [keys, otherKeys] = [await db.end(), await otherDb.end()];
    assertEquals(new Set(keys).size, 7);
    assertEquals(otherKeys, keys, "week 4 was written before the kill, and not again");
  });
});

Deno.test("e_embed: takes the next slice after a kill", async () => {
  await withFolder(async (folder) => {
    const texts = join(folder, "texts.txt");
    const lines = Array.from({ length: 23_456 }, (_, i) => `text ${i * i % 9973}`);
    await Deno.writeTextFile(texts, lines.join("\n"));
    const { folder: saved } = await check({
      ...{ file: "e_embed.ts", job: embedding, params: { texts, model: "large-3" } },
      flags: [`--allow-read=${texts}`],
      killAt: finished("embed", 2),
      saved: 1,
    }, folder);
    const { main } = await savedBlobs(saved);
    const vectors = main?.["vectors"] as Float32Array;
    assertEquals(vectors.length, 16 * lines.length);
    assert(vectors.every((value, i) => value !== 0 || i % 16 === 0), "all rows are filled");
  });
});

Deno.test("f_montecarlo: has as many workers after a kill as it was started with", async () => {
  await withFolder(async (folder) => {
    const { folder: saved } = await check({
      ...{ file: "f_montecarlo.ts", job: monteCarlo },
      params: { workers: 3, paths: 20_000, tolerance: 3e-4 },
      killAt: /"type":"task-finished".*"task":"draw".*"epoch":2,/,
      saved: 1,
    }, folder);
    const blobs = await savedBlobs(saved);
    assertEquals(Object.keys(blobs).sort(), ["reducer", "worker_0", "worker_1", "worker_2"]);
    const { mean } = blobs["reducer"]?.["estimate"] as { mean: number };
    assert(Math.abs(mean - 0.0797) < 0.002, `${mean} is the price of Black and Scholes, 0.0797`);
  });
});

Deno.test("g_tfjs: saves through a codec, and disposes of every tensor", async () => {
  await withFolder(async (folder) => {
    await check({
      ...{ file: "g_tfjs.ts", job: training, params: { hidden: 20 } },
      killAt: finished("fit", 5),
      saved: 4,
    }, folder);
  });
  const before = live.count;
  {
    await using session = new LocalSession();
    const runner = new JobRunner(training, { to: "memory:jobs-test", params: { hidden: 5 } });
    assertEquals(await runner.run(session), 10);
    const again = new JobRunner(training, {
      to: "memory:jobs-test",
      resumeFromEpoch: 9,
      params: { hidden: 5 },
    });
    assertEquals(await again.run(session), 10);
  }
  assertEquals(live.count, before);
});

Deno.test("h_reader: reads the rest of the list", async () => {
  await withFolder(async (folder) => {
    const { folder: saved } = await check({
      ...{ file: "h_reader.ts", job: reader },
      killAt: finished("add", 2),
      saved: 1,
    }, folder);
    assertEquals((await savedBlobs(saved))["main"]?.["total"], 28);
  });
});

Deno.test("scripts: a task alone, and blobs fed to and fetched from a session", async () => {
  assertEquals(await test(), 3);
  assertEquals(settings.map(({ value }) => value), [0.05]);
  await using session = new LocalSession();
  await session.feed("w", new Float32Array(2));
  await look(session, { epoch: 1, ran: 1, outcome: "finished", because: "told" });
  assertEquals(await session.fetch("a"), 3);
});
