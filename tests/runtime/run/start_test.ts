import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { blob, codec, epochs, job, JobError, on, param, set, task } from "../../../dsl/mod.ts";
import { NothingToResumeError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { CheckpointNotFoundError } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { actions, everywhere, notices, start, stepsOf, total } from "./world.ts";

everywhere(
  "run: told to stop after an epoch that is saved, it runs none and takes no attempt",
  async (world) => {
    await world.run(world.job(), { stopAfterEpoch: 2 });
    const attempts = await world.names("attempts/");
    for (const stopAfterEpoch of [2, 1]) {
      const again = await world.run(world.job(), { resumeFromEpoch: "latest", stopAfterEpoch });
      assertEquals([again.epoch, again.seen.started, again.runner.result?.outcome], [
        2,
        [],
        "stopped",
      ]);
      const beyond = stopAfterEpoch === 2 ? "" : ", and stands at 2";
      const because = `it was to stop after epoch ${stopAfterEpoch}${beyond}`;
      assertEquals(again.runner.result?.because, because);
      assertEquals(await world.names("attempts/"), attempts);
    }
  },
);

everywhere("run: a resume where nothing is, and from an epoch that is not saved", async (world) => {
  const none = await world.fail(world.job(), { resumeFromEpoch: "latest" });
  assertInstanceOf(none.error, NothingToResumeError);
  await world.run();
  const missing = await world.fail(world.job(), { resumeFromEpoch: 9 });
  assertInstanceOf(missing.error, CheckpointNotFoundError);
  for (const epoch of [0, 1, 2, 3, 4]) assertStringIncludes(missing.error.message, String(epoch));
  assertEquals((await world.names("attempts/")).length, 2);
  // Beside the line, where it takes its attempt to name it.
  await world.run(world.job(), { resumeFromEpoch: 1, seed: 9, stopAfterEpoch: 2 });
  const beside = await world.fail(world.job(), { resumeFromEpoch: 3 });
  assertStringIncludes(beside.error.message, "there are 3@a1, 0, 1, 2: take one of them");
});

everywhere(
  "run: a resume of what has begun and saved nothing tells of forks too",
  async (world) => {
    const message = async () => {
      const { error } = await world.fail(world.job(), { resumeFromEpoch: "latest" });
      assertInstanceOf(error, NothingToResumeError);
      return error.message;
    };
    assert((await message()).endsWith('Start the job with "run"'));
    const dies = task("dies").run(() => {
      throw new Error("dies in init");
    });
    await world.fail(world.job({ init: [start, dies] }));
    assert((await message()).endsWith('with "run", or, where it was to be a fork, fork it again'));
  },
);

everywhere(
  "run: a resume behind a fresh start that saved nothing names what it left",
  async (world) => {
    await world.run();
    const dies = task("dies").run(() => {
      throw new Error("dies in init");
    });
    await world.fail(world.job({ init: [start, dies] }));
    const { error } = await world.fail(world.job(), { resumeFromEpoch: "latest" });
    assertInstanceOf(error, NothingToResumeError);
    assertStringIncludes(error.message, "nothing is saved on the current line");
    assertStringIncludes(error.message, "--from 4@a1");
    const again = await world.run(world.job(), { resumeFromEpoch: "4@a1" });
    assertEquals([again.epoch, again.runner.result?.ran], [4, 0]);
  },
);

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
  assert(
    notices(more.seen).some((text) => text.includes("epochs(2) held")),
    notices(more.seen).join(),
  );
  assertEquals(more.values[world.node]?.["total"], 10);
  assertEquals(more.values[world.node]?.["report"], "total 10");
});

everywhere(
  "run: settings given now win over the saved, those over the default, and each difference is said",
  async (world) => {
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
  },
);

everywhere("run: a saved value that the job no longer allows is refused as one", async (world) => {
  const made = (max: number) => {
    const rate = param("rate", 1, { max });
    const add = task("add", { reads: { rate, total }, writes: { total } })
      .run(({ rate, total }, { epoch }) => {
        if (dies === epoch) throw new Error("dies");
        return { total: total + rate };
      });
    return world.job({ init: [add], epoch: [add], exit: [] });
  };
  const params = { rate: 9 };
  let dies = 0;
  const refused = async () => {
    const { error } = await world.fail(made(5), { resumeFromEpoch: "auto" });
    assertInstanceOf(error, JobError);
    for (const part of ["rate", "at most 5, found 9", "it was saved with", "--param rate="]) {
      assertStringIncludes(error.message, part);
    }
  };
  // It may be that of a start which saved nothing.
  await world.fail(made(10), { params });
  await refused();
  dies = -1;
  await world.run(made(10), { params, stopAfterEpoch: 1 });
  await refused();
  const given = await world.run(made(5), { params: { rate: 5 }, resumeFromEpoch: "latest" });
  assertEquals(given.values[world.node]?.["total"], 33);

  const workers = (max: number) => {
    const count = param("count", 1, { max, integer: true });
    return job("shaped", { count }, () => ({
      epoch: [task("none", { reads: { count } }).run(() => {})],
      until: epochs(2),
      checkpoint: { to: "memory:unused" },
    }));
  };
  await using place = await world.beside();
  await place.run(workers(9), { params: { count: 9 }, stopAfterEpoch: 1 });
  const { error } = await place.fail(workers(5), { resumeFromEpoch: "latest" });
  assertStringIncludes(error.message, "it was saved with");
});

everywhere(
  "run: a new blob gets its initial value on a resume, one without is not set; both are said",
  async (world) => {
    await world.run(world.job({ exit: [] }), { stopAfterEpoch: 1 });
    const extra = blob("extra", { initial: () => 5 });
    const bare = blob<number>("bare");
    const grow = task("grow", { reads: { extra }, writes: { extra, bare } })
      .run(({ extra }) => ({ extra: extra + 1, bare: extra }));
    const given = world.job({ epoch: [...stepsOf(world.job()), grow], exit: [], until: epochs(3) });
    const options = { resumeFromEpoch: "latest", allowChange: true } as const;
    const { values, seen } = await world.run(given, options);
    assertEquals([values[world.node]?.["extra"], values[world.node]?.["bare"]], [7, 6]);
    assert(notices(seen).some((t) => t.includes("extra") && t.includes("initial value")));
    assert(notices(seen).some((t) => t.includes("bare") && t.includes("not set")));
  },
);

everywhere(
  "run: a blob whose type has changed is an error that names both types",
  async (world) => {
    await world.run(world.job({ exit: [] }), { stopAfterEpoch: 1 });
    const text = blob("total", { initial: () => "zero" });
    const shout = task("shout", { updates: {}, reads: { text }, writes: { text } })
      .run(({ text }) => ({ text: `${text}!` }));
    const changed = world.job({ epoch: [shout], init: [], exit: [] });
    const before = await world.epochs();
    const { error } = await world.fail(changed, { resumeFromEpoch: "latest" });
    assertEquals(error.name, "JobChangedError");
    for (const part of ['"total"', world.node, "number", "string"]) {
      assertStringIncludes(
        error.message,
        part,
      );
    }
    const coded = blob("total", {
      codec: codec({ encode: (n: { n: number }) => n.n, decode: (n: number) => ({ n }) }),
    });
    const use = task("use", { updates: { coded } }).run(() => {});
    const begin = task("begin", { writes: { coded } }).run(() => ({ coded: { n: 1 } }));
    const withCodec = world.job({ init: [begin], epoch: [use], exit: [] });
    assertEquals(
      (await world.fail(withCodec, { resumeFromEpoch: "latest" })).error.name,
      "JobChangedError",
    );
    assertEquals(await world.epochs(), before);
  },
);

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

everywhere("run: a start that saved nothing also says of what shape the job is", async (world) => {
  const count = param("count", 1, { integer: true });
  const given = job("shaped", { count }, ({ count }) => {
    const terms = Array.from({ length: count }, (_, index) => param(`term-${index}`, 1));
    const add = task("add", { reads: { terms, total }, writes: { total } })
      .run(({ terms, total }, { epoch }) => {
        if (dies) throw new Error("dies here");
        return { total: terms.reduce((sum, term) => sum + term, total * epoch) };
      });
    return {
      init: [on(world.node, add)],
      epoch: [on(world.node, add)],
      until: epochs(1),
      checkpoint: { to: "memory:unused" },
    };
  });
  let dies = true;
  const params = { count: 3, "term-2": 5 };
  await world.fail(given, { resumeFromEpoch: "auto", params });
  dies = false;
  const { values, seen } = await world.run(given, { resumeFromEpoch: "auto" });
  assertEquals(values[world.node]?.["total"], 14);
  assertEquals(notices(seen).filter((text) => text.includes("no longer")), []);
});
