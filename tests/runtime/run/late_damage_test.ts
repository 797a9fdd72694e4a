// Damage that a task is the first to read, under `load: "lazy"`.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { type CheckpointPlan, epochs, sequence, task, when } from "../../../dsl/mod.ts";
import {
  CheckpointNotFoundError,
  DamagedError,
  FencedError,
  leaveAsk,
  listAsks,
} from "../../../storage/mod.ts";
import { StoppedError, TaskError, UnresponsiveTaskError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { DamagedStartError } from "../../../runtime/run/damaged_start_error.ts";
import { recorded } from "../helpers.ts";
import { overriding } from "../../storage/sample.ts";
import { spoil } from "./spoil.ts";
import { actions, everywhere, notices, start, total, weights, type World } from "./world.ts";

/** A job that changes a large blob in the third epoch, and reads it again in the fifth. */
function seldom(world: World, plan: Partial<CheckpointPlan> = {}, onFifth: () => void = () => {}) {
  const change = task("change", { updates: { weights }, if: when(total, (total) => total === 3) })
    .run(({ weights }) => {
      weights[0] = 7;
    });
  const read = task("read", { reads: { weights }, if: when(total, (total) => total === 5) })
    .run(({ weights }) => {
      assertEquals(weights[0], 7);
    });
  const count = task("count", { reads: { total }, writes: { total } }).run(({ total }) => {
    if (total + 1 === 5) onFifth();
    return { total: total + 1 };
  });
  const epoch = [count, change, read];
  return world.job({
    init: [start],
    epoch,
    exit: [],
    until: epochs(6),
    plan: { load: "lazy", ...plan },
  });
}

/** A job whose last epoch but one, and what comes of it, is damaged where a task reads it late. */
async function spoiled(world: World) {
  await world.run(seldom(world), { stopAfterEpoch: 3 });
  await spoil(world, "packs/a000001/e000003");
  return (await (await world.beside()).run(seldom(world))).values;
}

everywhere(
  "late damage: the run starts again, and goes back over it and what was saved on it",
  async (world) => {
    const expected = await spoiled(world);
    const on = world.session();
    const { values, seen, runner } = await world.run(
      seldom(world),
      { resumeFromEpoch: "auto" },
      on,
    );
    assertEquals(values, expected);
    assertEquals(runner.result?.outcome, "finished");
    const said = notices(seen).filter((text) => text.includes("damaged"));
    assertStringIncludes(
      said[0] ?? "",
      'a task is the first to read what is damaged: "packs/a000001/e000003',
    );
    assertStringIncludes(said[1] ?? "", "4@a2 is damaged, so that the job goes back to 3@a1");
    assertStringIncludes(said[2] ?? "", "3@a1 is damaged, so that the job goes back to 2@a1");
    assertEquals(said.length, 3);
    const does = actions(seen).filter((action) => action.startsWith("epoch"));
    assertEquals(does, ["epoch 4", "epoch 5", "epoch 3", "epoch 4", "epoch 5", "epoch 6"]);
    assertEquals(seen.of("run-started").length, 2);
    assertEquals(seen.of("run-finished").length, 1);
    // What is damaged is left alone, and what is right is gone on from.
    const again = await world.run(seldom(world), { resumeFromEpoch: "auto" });
    assertEquals(again.runner.result?.outcome, "already finished");
  },
);

everywhere(
  "late damage: what was done of the epoch under grain task is as if it had been read at first",
  async (world) => {
    const expected = await spoiled(world);
    const { values } = await world.run(seldom(world, { grain: "task" }), {
      resumeFromEpoch: "auto",
    });
    assertEquals(values, expected);
  },
);

everywhere('late damage: under onDamaged "stop" what is advised helps', async (world) => {
  const expected = await spoiled(world);
  const stop = seldom(world, { onDamaged: "stop" });
  const { error, seen } = await world.fail(stop, { resumeFromEpoch: "auto" });
  assertInstanceOf(error, DamagedStartError);
  assertStringIncludes(error.message, "resume --from 3");
  // What was saved is, though the second start was refused before it had found anything.
  assertEquals(seen.of("run-finished").map(({ epoch }) => epoch), [4]);
  const further = await world.fail(stop, { resumeFromEpoch: 3 });
  assertInstanceOf(further.error, DamagedError);
  const { values } = await world.run(stop, { resumeFromEpoch: 2 });
  assertEquals(values, expected);
});

everywhere("late damage: an epoch that was named is not gone back from", async (world) => {
  await spoiled(world);
  const { error, seen } = await world.fail(seldom(world), { resumeFromEpoch: 3 });
  assertInstanceOf(error, DamagedError);
  assertStringIncludes(error.message, "packs/a000001/e000003");
  assert(notices(seen).every((text) => !text.includes("goes back")), notices(seen).join());
});

everywhere("late damage: a run that is told to stop does not start again", async (world) => {
  await spoiled(world);
  const stop = new AbortController();
  const job = seldom(world, {}, () => stop.abort(new StoppedError("a test")));
  const on = world.session();
  const runner = new JobRunner(job, { checkpoints: world.manager(), resumeFromEpoch: "auto" });
  const error: unknown = await runner.run(on.session, { signal: stop.signal }).catch((error) =>
    error
  );
  assertInstanceOf(error, Error);
  assertEquals(on.seen.of("run-started").length, 1);
  const { runner: next } = await world.run(seldom(world), { resumeFromEpoch: "auto" });
  assertEquals(next.result?.outcome, "finished");
});

everywhere(
  "late damage: a run that has taken the job over goes on so, while the one before has its lock",
  async (world) => {
    const expected = await spoiled(world);
    const hung = await world.store().hold!({
      ...{ purpose: "run", pid: 5, host: undefined, sinceMs: Date.now() },
    });
    assert("hold" in hung);
    const options = { resumeFromEpoch: "auto", takeOver: true } as const;
    const { values, seen } = await world.run(seldom(world), options);
    assertEquals(values, expected);
    assertEquals(seen.of("run-started").length, 2);
    const told = notices(seen).filter((text) => text.includes("was taken over from"));
    assertEquals(told.length, 1);
    await hung.hold.release();
    const after = await world.store().hold!({
      ...{ purpose: "run", pid: 5, host: undefined, sinceMs: Date.now() },
    });
    assert("hold" in after);
    await after.hold.release();
  },
);

/** Begins an attempt, as somebody does who takes the job over. */
async function takeOver(world: World): Promise<void> {
  const { engine } = world.manager();
  await engine.archive.open("world", []);
  await engine.attempts.begin({ seed: 0, params: {} });
}

/** The same job, with something that is done in its fifth epoch before the damage is read, once. */
function meddling(world: World, act: () => Promise<void>) {
  let isDone = false;
  const meddle = task("meddle", { if: when(total, (total) => total === 4) })
    .run(async (_, { node }) => {
      if (node !== world.node || isDone) return;
      isDone = true;
      await act();
    });
  const { build, ...rest } = seldom(world);
  const epochOf = (set: Parameters<typeof build>[0]) => {
    const { epoch: [first, ...others], ...groups } = build(set);
    if (first === undefined) throw new Error("no steps");
    return { ...groups, epoch: [sequence(...world.on(meddle), first, ...others)] as const };
  };
  return { ...rest, build: epochOf };
}

everywhere("late damage: whoever has taken the job over since keeps it", async (world) => {
  await spoiled(world);
  const given = meddling(world, () => takeOver(world));
  const { error, seen } = await world.fail(given, { resumeFromEpoch: "auto", allowChange: true });
  assertInstanceOf(error, FencedError);
  assertEquals([error.attempt, error.by], [2, 3]);
  assertEquals(notices(seen).filter((text) => text.includes("starts again")), []);
  assertEquals(seen.of("run-started").length, 1);
});

everywhere(
  "late damage: who reads what another has removed that took the job over is fenced by it",
  async (world) => {
    for (const isOver of [true, false]) {
      await using other = await world.beside();
      await other.run(seldom(other), { stopAfterEpoch: 3 });
      const given = meddling(other, async () => {
        if (isOver) await takeOver(other);
        const store = other.store();
        const packs = (await store.list("packs/a000001/")).filter((name) => /e000003/.test(name));
        await store.remove(["epochs/e000003.a000001.cbor", ...packs]);
      });
      const { error } = await other.fail(given, { resumeFromEpoch: "auto", allowChange: true });
      assertInstanceOf(error, isOver ? FencedError : TaskError);
      const gone = isOver ? (error.cause as Error).cause : error.cause;
      assertInstanceOf(gone, CheckpointNotFoundError);
      assertStringIncludes(error.message, isOver ? "what it was to read is removed" : "not in");
    }
  },
);

everywhere("late damage: also whoever does so while it reads all at once", async (world) => {
  await spoiled(world);
  const inner = world.store();
  let isTaken = false;
  const store = overriding(inner, {
    put: async (name, ...rest) => {
      if (name === "attempts/000003.cbor" && !isTaken) {
        isTaken = true;
        await takeOver(world);
      }
      await inner.put(name, ...rest);
    },
  });
  const { error, seen } = await world.fail(seldom(world), {
    ...{ resumeFromEpoch: "auto", checkpoints: world.manager({ store }) },
  });
  assertInstanceOf(error, FencedError);
  assertEquals([error.attempt, error.by], [2, 3]);
  assertEquals((await world.names("attempts/")).at(-1), "000003.cbor");
  assertEquals(seen.of("run-finished").map(({ epoch }) => epoch), [4]);
});

everywhere(
  "late damage: the run finds its place again where that changes while it starts",
  async (world) => {
    const expected = await spoiled(world);
    const inner = world.store();
    const store = overriding(inner, {
      put: async (name, ...rest) => {
        await inner.put(name, ...rest);
        // As somebody would who was told that it is damaged.
        if (name === "attempts/000003.cbor") await inner.remove(["epochs/e000004.a000002.cbor"]);
      },
    });
    const { values, seen } = await world.run(seldom(world), {
      ...{ resumeFromEpoch: "auto", checkpoints: world.manager({ store }) },
    });
    assertEquals(values, expected);
    assertEquals(seen.of("run-started").map(({ attempt }) => attempt), [2, 4]);
  },
);

everywhere("late damage: beside a task that does not end nothing starts again", async (world) => {
  await spoiled(world);
  const over = Promise.withResolvers<void>();
  const deaf = task("deaf", { if: when(total, (total) => total === 5) })
    .run(async () => await over.promise);
  const { build } = seldom(world);
  const given = {
    ...seldom(world),
    build: (set: Parameters<typeof build>[0]) => ({
      ...build(set),
      epoch: [...build(set).epoch, ...world.on(deaf)],
    }),
  };
  const on = recorded({ grace: "20ms" });
  const options = {
    checkpoints: world.manager(),
    resumeFromEpoch: "auto",
    allowChange: true,
  } as const;
  const error: unknown = await new JobRunner(given, options).run(on.session).catch((error) =>
    error
  );
  assertInstanceOf((error as Error).cause, UnresponsiveTaskError);
  assertEquals(notices(on.seen).filter((text) => text.includes("starts again")), []);
  assertEquals(on.seen.of("run-started").length, 1);
  assertEquals(on.seen.of("run-finished").map(({ epoch }) => epoch), [4]);
  over.resolve();
  await on.session[Symbol.asyncDispose]();
});

everywhere(
  "late damage: what the run was asked before it starts again it still does",
  async (world) => {
    await spoiled(world);
    const asked = {
      ...{ what: "prune", rules: [{ rule: "last", n: 1 }], sideLines: false, full: false } as const,
    };
    const given = meddling(world, async () => {
      const by = { attempt: 2, pid: 7, host: undefined, createdAtMs: 0 };
      await leaveAsk(world.store(), { asked, ...by });
    });
    const { seen } = await world.run(given, { resumeFromEpoch: "auto", allowChange: true });
    assertEquals(seen.of("run-started").map(({ attempt }) => attempt), [2, 3]);
    const told = notices(seen).filter((text) => text.includes("prune, which"));
    assertEquals([told.length, told[0]?.includes("asked for: removed 0@a1, 1@a1")], [1, true]);
    assertEquals(await listAsks(world.store()), []);
  },
);
