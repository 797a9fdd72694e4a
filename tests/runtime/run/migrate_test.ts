/** Jobs whose blobs have another form than the checkpoint has. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  blob,
  codec,
  epochs,
  type Job,
  job,
  type JobOptions,
  type Migration,
  migration,
  replicate,
  task,
} from "../../../dsl/mod.ts";
import { JobChangedError, MigrationError } from "../../../runtime/change/errors.ts";
import { StoppedError } from "../../../runtime/errors.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { openStore } from "../../../storage/mod.ts";

const weights = blob("weights", { initial: () => Float32Array.of(1, 2, 3, 4) });
const grow = task("grow", { updates: { weights } }).run(({ weights }) => {
  for (const [index, weight] of weights.entries()) weights[index] = weight + 1;
});

const left = blob("left", { initial: () => new Float64Array(2) });
const right = blob("right", { initial: () => new Float64Array(2) });
const growBoth = task("grow", { updates: { left, right } }).run((both) => {
  for (const half of Object.values(both)) half.forEach((value, at) => half[at] = value + 1);
});
const split = migration("split", { reads: { weights }, writes: { left, right } })
  .run(({ weights }) => ({
    left: Float64Array.from(weights.slice(0, 2)),
    right: Float64Array.from(weights.slice(2)),
  }));

function jobOf(epoch: JobOptions["epoch"], migrate: readonly Migration[], until = 4): Job {
  const checkpoint = { to: "memory:unused", onChange: "allow", migrate } as const;
  return job("moved", { epoch, until: epochs(until), checkpoint });
}

const before = jobOf([grow], []);
const after = jobOf([growBoth], [split]);

async function run(given: Job, options: JobRunnerOptions): Promise<Record<string, unknown>> {
  await using session = new LocalSession();
  await new JobRunner(given, options).run(session);
  const node = session.nodes[0] ?? "main";
  return Object.fromEntries(session.workspace(node).values);
}

async function started(given: Job = before, stopAfterEpoch: number = 2): Promise<string> {
  const to = `memory:${crypto.randomUUID()}`;
  await run(given, { to, stopAfterEpoch });
  return to;
}

/** All objects of the job's folder. */
async function objects(to: string): Promise<readonly string[]> {
  const store = openStore(`${to}/moved`);
  const folders = ["attempts/", "epochs/", "packs/", "phases/", "tasks/"];
  return (await Promise.all(folders.map((folder) => store.list(folder)))).flat();
}

Deno.test("a migration gives the job its blobs in their new form, and is run once on a line", async () => {
  const to = await started();
  const foreseen = await new JobRunner(after, { to }).changesSince();
  assertEquals(foreseen.changes.filter(({ what }) => what.includes("split")), [
    ...["left", "right"].map((name) => ({
      what: `blob "${name}" of node "main" is made by migration "split"`,
      why: "of what the checkpoint has",
      verdict: "harmless",
    } as const)),
  ]);
  const one = await run(after, { to, resumeFromEpoch: "latest", stopAfterEpoch: 3 });
  const values = { left: Float64Array.of(4, 5), right: Float64Array.of(6, 7) };
  assertEquals(one, values);
  // The next resume finds them saved; an older epoch goes through it again.
  assertEquals(await run(after, { to, resumeFromEpoch: "latest" }), {
    ...{ left: Float64Array.of(5, 6), right: Float64Array.of(7, 8) },
  });
  assertEquals(await run(after, { to, resumeFromEpoch: 1, stopAfterEpoch: 3 }), values);
  assertEquals(
    (await run(after, { to, resumeFromEpoch: "latest" }))["left"],
    Float64Array.of(5, 6),
  );
});

Deno.test("without its migration the job is refused, and is told of one", async () => {
  const to = await started();
  const wide = blob("weights", { initial: () => new Float64Array(4) });
  const widened = task("grow", { updates: { wide } }).run(() => {});
  const error = await assertRejects(() =>
    run(jobOf([widened], []), { to, resumeFromEpoch: "latest" })
  );
  assertInstanceOf(error, JobChangedError);
  assert(error.message.includes("Map what is impossible with a migration"), error.message);
  // The same name, in another form.
  const widen = migration("widen", { reads: { weights }, writes: { wide } })
    .run(({ weights }) => ({ wide: Float64Array.from(weights) }));
  const values = await run(jobOf([widened], [widen]), { to, resumeFromEpoch: "latest" });
  assertEquals(values, { weights: Float64Array.of(3, 4, 5, 6) });
});

Deno.test("a migration that fails, or gives what cannot be saved, changes nothing", async () => {
  const to = await started();
  const saved = await objects(to);
  const failing: Readonly<Record<string, Migration>> = {
    "a flaw": migration("bad", { reads: { weights }, writes: { left, right } }).run(() => {
      throw new TypeError("a flaw");
    }),
    "it returned no right": migration("bad", { reads: { weights }, writes: { left, right } })
      .run((() => ({ left: new Float64Array(2) })) as never),
    "it returned a Float32Array for blob": migration("bad", {
      ...{ reads: { weights }, writes: { left, right } },
    }).run(
      (({ weights }: { weights: Float32Array }) => ({ left: weights, right: weights })) as never,
    ),
    "is a function": migration("bad", { reads: { weights }, writes: { left, right } })
      .run((() => ({ left: () => {}, right: 1 })) as never),
    'reads blob "lost", which was not set': migration("bad", {
      ...{ reads: { weights, lost: blob<number>("lost") }, writes: { left, right } },
    }).run(({ lost }) => ({ left: Float64Array.of(lost), right: Float64Array.of(lost) })),
  };
  for (const [why, bad] of Object.entries(failing)) {
    await using session = new LocalSession();
    session.workspace("main").set("mine", 1);
    const runner = new JobRunner(jobOf([growBoth], [bad]), { to, resumeFromEpoch: "latest" });
    const error = await assertRejects(() => runner.run(session));
    assertInstanceOf(error, MigrationError, String(error));
    assertEquals([error.migration, error.node, error.epoch], ["bad", "main", 2]);
    assert(error.message.includes(why), `${error.message} | ${why}`);
    assert(error.message.includes("What is saved stays as it was"));
    assertEquals(await objects(to), saved);
    assertEquals(Object.fromEntries(session.workspace("main").values), { mine: 1 });
  }
  // The job as it was goes on.
  assertEquals(
    (await run(before, { to, resumeFromEpoch: "latest" }))["weights"],
    Float32Array.of(5, 6, 7, 8),
  );
});

Deno.test("migrations follow each other, each node has its own, and codecs old and new are used", async () => {
  const nodes = ["n0", "n1"];
  const pair = codec({
    encode: ({ a, b }: { a: number; b: number }) => [a, b],
    decode: ([a = 0, b = 0]: number[]) => ({ a, b }),
  });
  const old = blob<{ a: number; b: number }>("point", { codec: pair });
  const place = task("place", { writes: { old } })
    .run((_, { replica }) => ({ old: { a: replica.index, b: 7 } }));
  const move = task("move", { updates: { old } }).run(({ old }) => void old.a++);
  const middle = blob<number[]>("middle");
  const now = blob<{ a: number }>("point", {
    codec: codec({ encode: ({ a }: { a: number }) => a, decode: (a: number) => ({ a }) }),
  });
  const first = migration("first", { reads: { old }, writes: { middle } })
    .run(({ old }) => ({ middle: [old.a, old.b] }));
  const second = migration("second", { reads: { middle }, writes: { now } })
    .run(({ middle: [a = 0, b = 0] }, { node, epoch }) => ({
      now: { a: 100 * a + 10 * b + epoch + (node === "n1" ? 0.5 : 0) },
    }));
  const step = task("move", { updates: { now } }).run(() => {});
  const planned = { to: "memory:unused", onChange: "allow" } as const;
  const to = await started(job("moved", {
    ...{ init: [replicate(nodes, place)], epoch: [replicate(nodes, move)] },
    ...{ until: epochs(4), checkpoint: planned },
  }));
  const moved = job("moved", {
    ...{ epoch: [replicate(nodes, step)], until: epochs(4) },
    init: [replicate(nodes, task("place", { writes: { now } }).run(() => ({ now: { a: 0 } })))],
    checkpoint: { ...planned, migrate: [first, second] },
  });
  await using session = new LocalSession();
  await new JobRunner(moved, { to, resumeFromEpoch: "latest" }).run(session);
  const values = nodes.map((node) => Object.fromEntries(session.workspace(node).values));
  assertEquals(values, [{ point: { a: 272 } }, { point: { a: 372.5 } }]);
  await using later = new LocalSession();
  await new JobRunner(moved, { to, resumeFromEpoch: 4 }).run(later);
  assertEquals(later.workspace("n1").get("point"), { a: 372.5 });
});

Deno.test("a run that dies before its first save leaves the migration to the next one", async () => {
  const to = await started();
  const failing = task("grow", { updates: { left, right } }).run(() => {
    throw new TypeError("a flaw");
  });
  const options = { to, resumeFromEpoch: "latest" } as const;
  await assertRejects(() => run(jobOf([failing], [split]), options));
  assertEquals(await run(after, { ...options, stopAfterEpoch: 3 }), {
    ...{ left: Float64Array.of(4, 5), right: Float64Array.of(6, 7) },
  });
});

Deno.test("property: a migrated job ends as one that had its new form all along", async () => {
  const counts = fc.record({
    stop: fc.integer({ min: 0, max: 3 }),
    again: fc.integer({ min: 1, max: 3 }),
  });
  const whole = await run(jobOf([growBoth], [], 4), {
    to: `memory:${crypto.randomUUID()}`,
  });
  await fc.assert(
    fc.asyncProperty(counts, async ({ stop, again }) => {
      const to = await started(before, stop);
      for (let more = stop + 1; more < 4; more += again) {
        await run(after, { to, resumeFromEpoch: "latest", stopAfterEpoch: more });
      }
      const end = await run(after, { to, resumeFromEpoch: "latest" });
      // The whole run began with zeros.
      const offset = (half: unknown, by: number): Float64Array =>
        (half as Float64Array).map((value, at) => value + by + at);
      assertEquals(end, { left: offset(whole["left"], 1), right: offset(whole["right"], 3) });
    }),
    { numRuns: 20 },
  );
});

Deno.test("what tasks did with blobs in their old form, they do again in the new one", async () => {
  const to = `memory:${crypto.randomUUID()}`;
  const meters = blob("length", { initial: () => 2 });
  const seen = blob("seen", { initial: () => 0 });
  const centimeters = blob("length", { initial: () => 200 });
  const read = (length: typeof meters) =>
    task("read", { reads: { length }, writes: { seen } }).run(({ length }) => ({ seen: length }));
  const tell = (run: () => void) => task("tell", { reads: { seen } }).run(run);
  const convert = migration("convert", { reads: { meters }, writes: { centimeters } })
    .run(({ meters }) => ({ centimeters: 100 * meters }));
  const jobWith = (epoch: JobOptions["epoch"], migrate: readonly Migration[]): Job =>
    job("moved", {
      ...{ epoch, until: epochs(1) },
      checkpoint: { to, grain: "task", onChange: "allow", migrate },
    });
  const failing = tell(() => {
    throw new TypeError("a flaw");
  });
  await assertRejects(() => run(jobWith([read(meters), failing], []), { to }));
  const mended = jobWith([read(centimeters), tell(() => {})], [convert]);
  assertEquals(await run(mended, { to, resumeFromEpoch: "latest" }), { length: 200, seen: 200 });
});

for (const load of ["eager", "lazy"] as const) {
  Deno.test(`a blob that is made anew may have been anything before (load: ${load})`, async () => {
    const size = blob("size", { initial: () => 3 });
    const big = blob("list", { initial: () => new Float32Array(5000) });
    const list = blob("list", { initial: () => ["none"] });
    const use = (list: typeof big) =>
      task("use", { reads: { size }, updates: { list } }).run(({ list }) => void (list[0] = 1));
    const fill = migration("fill", { reads: { size }, writes: { list } })
      .run(({ size }) => ({ list: new Array(size).fill("made") }));
    const jobWith = (epoch: JobOptions["epoch"], migrate: readonly Migration[]): Job => {
      const checkpoint = { to: "memory:unused", onChange: "allow", migrate, load } as const;
      return job("moved", { epoch, until: epochs(2), checkpoint });
    };
    const to = await started(jobWith([use(big)], []), 1);
    const say = task("use", { reads: { size, list } }).run(() => {});
    const values = await run(jobWith([say], [fill]), { to, resumeFromEpoch: "latest" });
    assertEquals(values, { size: 3, list: ["made", "made", "made"] });
  });
}

Deno.test("migration: whoever is told to stop waits for none, and nothing was changed", async () => {
  const to = await started();
  const saved = await objects(to);
  const stop = new AbortController();
  const halves = Promise.withResolvers<
    Record<"left" | "right", Float64Array<ArrayBuffer>>
  >();
  const hangs = migration("split", { reads: { weights }, writes: { left, right } }).run(() => {
    stop.abort(new StoppedError("a test"));
    return halves.promise;
  });
  await using session = new LocalSession();
  const runner = new JobRunner(jobOf([growBoth], [hangs]), { to, resumeFromEpoch: "latest" });
  await assertRejects(() => runner.run(session, { signal: stop.signal }), StoppedError, "a test");
  assertEquals([await objects(to), session.workspace("main").has("left")], [saved, false]);
  // What it comes to later is nobody's.
  halves.resolve({ left: new Float64Array(2), right: new Float64Array(2) });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(session.workspace("main").has("left"), false);
  const whole = await run(after, { to, resumeFromEpoch: "latest" });
  assertEquals(whole["right"], Float64Array.of(7, 8));
});
