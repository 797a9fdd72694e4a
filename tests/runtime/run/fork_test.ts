import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { blob, epochs, type Job, job, keepLast, param, set, task } from "../../../dsl/mod.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { JobRunner, type JobRunnerOptions } from "../../../runtime/run/job_runner.ts";
import {
  CheckpointNotFoundError,
  CheckpointStore,
  DamagedError,
  openStore,
  PlaceTakenError,
  RemovedError,
  verifyStore,
} from "../../../storage/mod.ts";
import { recorded } from "../helpers.ts";
import { valuesOf } from "./world.ts";

const size = 200_000;
const samples = blob<Float64Array>("samples");
const keys = blob<string[]>("keys", { initial: () => [] });
const rate = param("rate", 1);

const start = task("start", { writes: { samples } })
  .run((_, { rng }) => ({ samples: Float64Array.from({ length: size }, rng("start")) }));
const walk = task("walk", { reads: { rate }, updates: { samples, keys } })
  .run(({ rate, samples, keys }, { rng, idempotencyKey, epoch }) => {
    samples[epoch * 1000] = rate * rng("walk")();
    keys.push(idempotencyKey);
  });

function walkers(to: string): Job {
  return job("walkers", {
    ...{ init: [start], epoch: [walk], until: epochs(6) },
    checkpoint: { to, keep: [keepLast(2)] },
  });
}

async function run(runner: JobRunner): Promise<Record<string, unknown>> {
  const { session } = recorded();
  await using _ = session;
  await runner.run(session);
  return valuesOf(session)["main"] ?? {};
}

/** A test on a place of its own, in a folder and in memory. */
function everyKind(
  name: string,
  body: (to: string, runner: (options?: JobRunnerOptions) => JobRunner) => Promise<void>,
): void {
  for (const kind of ["file", "memory"]) {
    Deno.test(`${name} (${kind})`, async () => {
      const folder = kind === "file" ? await Deno.makeTempDir() : undefined;
      const to = `${kind}:${folder ?? crypto.randomUUID()}`;
      try {
        await body(to, (options) => new JobRunner(walkers(to), options));
      } finally {
        if (folder !== undefined) await Deno.remove(folder, { recursive: true });
      }
    });
  }
}

everyKind(
  "fork: unchanged it ends with the same values, under keys of its own",
  async (to, make) => {
    await run(make({ stopAfterEpoch: 3 }));
    const fork = await make().fork("again", 2);
    const store = openStore(`${to}/again`);
    assertEquals((await store.list("attempts/")).length, 2);
    assertEquals((await store.list("epochs/")).length, 1);

    const forked = await run(fork);
    const own = await run(make({ resumeFromEpoch: "latest" }));
    assertEquals(forked["samples"], own["samples"]);
    const [ownKeys, forkedKeys] = [own["keys"] as string[], forked["keys"] as string[]];
    assertEquals(ownKeys.slice(0, 2), forkedKeys.slice(0, 2));
    assert(forkedKeys.slice(2).every((key) => key.startsWith("again:") && !ownKeys.includes(key)));
    assertEquals(
      (await verifyStore(await CheckpointStore.open(store), { full: true })).damaged,
      [],
    );
  },
);

everyKind(
  "fork: the newest epoch is the one that is judged, though others are saved meanwhile",
  async (to, make) => {
    await run(make({ stopAfterEpoch: 2 }));
    const source = make();
    const { archive } = source.checkpoints.engine;
    const locate = archive.locate.bind(archive);
    let looks = 0;
    archive.locate = async (wanted) => {
      const found = await locate(wanted);
      if (looks++ === 0) await run(make({ resumeFromEpoch: "latest", stopAfterEpoch: 3 }));
      return found;
    };
    await source.fork("other");
    const names = await openStore(`${to}/other`).list("epochs/");
    assert(looks > 1);
    assertEquals(names.map((name) => name.slice(7, 14)), ["e000002"]);
  },
);

everyKind(
  "fork: where the newest epoch is removed meanwhile it is of the next, and of a named one there is none",
  async (to, make) => {
    await run(make({ stopAfterEpoch: 2 }));
    const removing = (): JobRunner => {
      const source = make();
      const { archive } = source.checkpoints.engine;
      const readEpoch = archive.readEpoch.bind(archive);
      let looks = 0;
      archive.readEpoch = async (epoch) => {
        const found = await readEpoch(epoch);
        // The plan keeps two, so that what was read goes.
        if (looks++ === 0) await run(make({ resumeFromEpoch: found.epoch }));
        return found;
      };
      return source;
    };
    await removing().fork("other");
    const names = await openStore(`${to}/other`).list("epochs/");
    assertEquals(names.map((name) => name.slice(7, 14)), ["e000006"]);
    await run(make({ stopAfterEpoch: 2 }));
    await assertRejects(() => removing().fork("named", 2), RemovedError);
  },
);

everyKind("fork: what the parent removes is still there for the fork", async (to, make) => {
  await run(make({ stopAfterEpoch: 2 }));
  const fork = await make().fork("other", 1);
  await run(make({ resumeFromEpoch: "latest" }));
  const kept = await openStore(`${to}/walkers`).list("epochs/");
  assertEquals(kept.map((name) => name.slice(7, 14)), ["e000005", "e000006"]);

  const changed = new JobRunner(walkers(to), { as: "other", set: [set(rate, 9)] });
  assertEquals(changed.name, "other");
  assertEquals((await run(fork))["samples"], (await run(make()))["samples"]);
  for (const name of ["walkers", "other"]) {
    const store = await CheckpointStore.open(openStore(`${to}/${name}`));
    const report = await verifyStore(store, { full: true });
    assertEquals([report.damaged, report.garbage], [[], []]);
  }
});

everyKind("fork: of a damaged epoch nothing is made, also of the newest", async (to, make) => {
  await run(make({ stopAfterEpoch: 3 }));
  const store = openStore(`${to}/walkers`);
  const [pack = ""] = (await store.list("packs/a000001/")).filter((name) => /e000003/.test(name));
  await store.remove([pack]);
  for (const from of ["latest", 3] as const) {
    await assertRejects(() => make().fork("other", from), DamagedError, "e000003");
  }
  const other = openStore(`${to}/other`);
  assertEquals(
    (await Promise.all(["", "attempts/", "epochs/"].map((at) => other.list(at)))).flat(),
    [],
  );
  assertEquals(typeof await run(await make().fork("other", 2)), "object");
});

everyKind(
  "fork: a name that is taken, an epoch that is not there, a bad name",
  async (to, make) => {
    await run(make());
    await make().fork("taken");
    const error = await assertRejects(() => make().fork("taken"), PlaceTakenError);
    assert(error.message.includes("Give the fork another name"), error.message);
    await assertRejects(() => make().fork("walkers"), PlaceTakenError);
    await assertRejects(() => make().fork("free", 99), CheckpointNotFoundError);
    await assertRejects(() => make().fork("../out"), RangeError, '"../out"');
    assertThrows(() => new JobRunner(walkers(to), { as: "con" }), RangeError, "reserved");
    assertEquals(await openStore(`${to}/free`).list(""), []);
  },
);

everyKind(
  "fork: of an epoch whose attempt's record is damaged or gone, nothing is made",
  async (to, make) => {
    await run(make());
    const store = openStore(`${to}/walkers`);
    const record = "attempts/000001.cbor";
    const bytes = await store.get(record);
    await store.remove([record]);
    await store.put(record, bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1));
    // Nobody could tell any more what the job was.
    await assertRejects(() => make().fork("other"), DamagedError, record);
    await store.remove([record]);
    const gone = 'Damaged: "record of attempt 1" should have a file of its own, but has none';
    await assertRejects(() => make().fork("other"), DamagedError, gone);
    assertEquals(await openStore(`${to}/other`).list(""), []);
  },
);

const ASKED = { set: [set(rate, 9)], seed: 77 };

/** Saves two epochs, and gives what a fork of them ends with that is asked to be another, and never killed. */
async function asAsked(
  make: (options?: JobRunnerOptions) => JobRunner,
): Promise<Record<string, unknown>> {
  await run(make({ stopAfterEpoch: 2 }));
  return await run(await make(ASKED).fork("whole", 2));
}

everyKind(
  "fork: one that is killed before its own start goes on with the params and the seed it was asked for",
  async (_, make) => {
    const whole = await asAsked(make);
    // Nothing runs between the two.
    await make(ASKED).fork("killed", 2);
    const later = make({ as: "killed", resumeFromEpoch: "latest" });
    const foreseen = await later.changesSince();
    assert(
      foreseen.settings.some((text) => text.includes("param rate 1 → 9, as was asked of the fork")),
    );
    // And so does what is forked from its beginning.
    await make({ as: "killed" }).fork("again", 2);
    assertEquals((await run(later))["samples"], whole["samples"]);
    const again = await run(make({ as: "again", resumeFromEpoch: "latest" }));
    assertEquals(again["samples"], whole["samples"]);
  },
);

everyKind(
  "fork: it keeps a param that is declared in another shape than the default one",
  async (to) => {
    const kind = param("kind", "plain", { choices: ["plain", "other"] });
    const step = param("step", 1);
    const sum = blob("sum", { initial: () => 0 });
    const add = task("add", { reads: { step, sum }, writes: { sum } })
      .run(({ step, sum }) => ({ sum: sum + step }));
    const none = task("none", { writes: { sum } }).run(() => ({ sum: 0 }));
    const shaped = job("shaped", { kind }, ({ kind }) => ({
      epoch: [kind === "other" ? add : none],
      until: epochs(3),
      checkpoint: { to },
    }));
    const make = (more: JobRunnerOptions) => new JobRunner(shaped, more);
    await run(make({ set: [set(kind, "other")], stopAfterEpoch: 1 }));
    const of = { set: [set(kind, "other"), set(step, 50)] };
    await make(of).fork("asked", 1);
    assertEquals((await run(make({ as: "asked", resumeFromEpoch: "latest" })))["sum"], 101);
    const again = make({ as: "asked", resumeFromEpoch: 1 });
    assertEquals((await run(again))["sum"], 101);
  },
);

everyKind(
  "fork: where its record is lost, it says that nobody knows what it was asked",
  async (to, make) => {
    const whole = await asAsked(make);
    await make(ASKED).fork("lost", 2);
    const store = openStore(`${to}/lost`);
    await store.remove(await store.list("attempts/"));
    const later = (more: JobRunnerOptions) =>
      make({ ...more, as: "lost", resumeFromEpoch: "latest" });
    const { warnings } = await later({}).changesSince();
    assertEquals(warnings.length, 1);
    assert(warnings[0]?.includes("resume with --from"), warnings[0]);
    assertEquals((await run(later(ASKED)))["samples"], whole["samples"]);
  },
);

everyKind(
  "fork: a script that saves in it without a runner goes on as it was asked",
  async (to, make) => {
    const whole = await asAsked(make);
    for (const epoch of [2, 3]) {
      const name = `script-${epoch}`;
      await make(ASKED).fork(name, 2);
      const manager = new CheckpointManager("unused", "memory", {
        store: openStore(`${to}/${name}`),
      });
      const { session } = recorded();
      await using _ = session;
      await session.run(manager.init(undefined, 2));
      await session.run(manager.load(2));
      await session.run(manager.save(epoch));
      const store = await CheckpointStore.open(openStore(`${to}/${name}`));
      const last = await store.readManifest((await store.history()).line.at(-1)!);
      const begun = await store.readAttempt(last.attempt);
      for (const told of [last.run, begun]) {
        assertEquals([told?.params["rate"], told?.seed], [9, 77]);
      }
    }
    const later = make({ as: "script-2", resumeFromEpoch: "latest" });
    assertEquals((await run(later))["samples"], whole["samples"]);
  },
);
