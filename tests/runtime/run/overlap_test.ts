import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  blob,
  type CheckpointPlan,
  epochs,
  job,
  keepBest,
  resource,
  saved,
  type Step,
  task,
} from "../../../dsl/mod.ts";
import { CheckpointManager } from "../../../runtime/checkpoint/manager.ts";
import { SaveError } from "../../../runtime/errors.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { FencedError, StoreError } from "../../../storage/mod.ts";
import { errorOf, recorded } from "../helpers.ts";
import { SlowStore } from "./slow_store.ts";

const large = blob("large", { initial: () => new Float64Array(5000) });
const small = blob("small", { initial: () => [0] });
const score = blob("score", { initial: () => 0 });

/** Changes all of it in place, so that what is saved meanwhile must be a copy. */
const change = task("change", { updates: { large, small }, writes: { score } })
  .run(({ large, small }, { epoch }) => {
    large.fill(epoch);
    small[0] = epoch;
    return { score: epoch };
  });

function jobOf(epoch: readonly Step[], count: number, plan: Partial<CheckpointPlan> = {}) {
  return job("overlap", {
    epoch,
    until: epochs(count),
    checkpoint: { to: "memory:unused", ...plan },
  });
}

/** A task at the end of each epoch that lets saves through at the end of one. */
function opening(store: SlowStore, at: number, seen: number[] = []): Step {
  return task("open", { reads: { score } }).run((_, { epoch }) => {
    seen.push(store.waiting.length);
    if (epoch === at) store.letThrough();
  });
}

Deno.test("an epoch is saved as it was, though the next one changes the same memory meanwhile", async () => {
  const store = new SlowStore();
  const checkpoints = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  const { session, seen } = recorded();
  const opened = new JobRunner(jobOf([change, opening(store, 1)], 3), { checkpoints });
  await using _ = session;
  assertEquals(await opened.run(session), 3);
  const order = seen.events.flatMap((event) =>
    event.type === "phase-finished" && event.phase === "epoch"
      ? [`ran ${event.epoch}`]
      : event.type === "save-committed"
      ? [`saved ${event.epoch}`]
      : []
  );
  assertEquals(order.slice(0, 2), ["ran 1", "saved 0"]);
  for (const epoch of [0, 1, 2, 3]) {
    await using other = new LocalSession();
    await other.run(
      new CheckpointManager("overlap", "memory", { store, waitBytes: 0 }).load(epoch),
    );
    assertEquals(await other.fetch(large), new Float64Array(5000).fill(epoch));
    assertEquals([await other.fetch(small), await other.fetch(score)], [[epoch], epoch]);
  }
});

Deno.test("at most one save is under way, and none with snapshot none while tasks run", async () => {
  const store = new SlowStore();
  const counts: number[] = [];
  const checkpoints = () => new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  await using session = new LocalSession();
  const first = jobOf([change, opening(store, 1, counts)], 4);
  await new JobRunner(first, { checkpoints: checkpoints() }).run(session);
  assertEquals(counts[0], 1);
  assert(counts.every((count) => count <= 1));

  const { session: other, seen } = recorded();
  await using _ = other;
  const whole = jobOf([change], 3, { snapshot: "none" });
  await new JobRunner(whole, { checkpoints: checkpoints() }).run(other);
  const order = seen.events.map((event) => event.type)
    .filter((type) => type === "phase-started" || type === "save-committed");
  assertEquals(order.length, 10);
  assertEquals(order, order.map((_, at) => at % 2 === 0 ? "phase-started" : "save-committed"));
});

Deno.test("a save that fails while an epoch runs stops the run at the next boundary", async () => {
  const store = new SlowStore();
  const ran: number[] = [];
  store.fault = (op) => {
    if (op === "write" && ran.length > 0) throw new StoreError("write", "packs/x", "tired");
  };
  const note = task("note", { reads: { score } }).run((_, { epoch }) => {
    ran.push(epoch);
    store.letThrough();
  });
  const checkpoints = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  await using session = new LocalSession();
  const runner = new JobRunner(jobOf([change, note], 5), { checkpoints });
  const error = await errorOf(runner.run(session));
  assertInstanceOf(error, SaveError);
  assertEquals([error.epoch, ran], [0, [1]]);
  assertStringIncludes(error.message, "tired");
});

Deno.test("a run that fails ends the save under way first; the epoch before is there", async () => {
  const store = new SlowStore();
  const fail = task("fail", { reads: { score } }).run(() => {
    setTimeout(() => store.letThrough());
    throw new Error("broken");
  });
  const checkpoints = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  const { session, seen } = recorded();
  await using _ = session;
  const error = await errorOf(
    new JobRunner(jobOf([change, fail], 5), { checkpoints }).run(session),
  );
  assertStringIncludes(error.message, "broken");
  assertEquals(seen.of("save-committed").map(({ epoch }) => epoch), [0]);
  assertEquals(await session.run(checkpoints.checkDbExists(0)), true);
});

Deno.test("what is read of saved epochs has waited for the one under way", async () => {
  const store = new SlowStore();
  const best = saved(large, { max: score });
  const seen: number[] = [];
  const look = task("look", { reads: { best } }).run(({ best }) => void seen.push(best[0] ?? -1));
  const start = task("start", { reads: { score } }).run((_, { epoch }) => {
    if (epoch === 1) setTimeout(() => store.letThrough(), 5);
  });
  const checkpoints = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  await using session = new LocalSession();
  const looking = jobOf([start, look, change], 4, { keep: [keepBest({ max: score })] });
  await new JobRunner(looking, { checkpoints }).run(session);
  assertEquals(seen, [0, 1, 2, 3]);
});

Deno.test("a run that was taken over hears of it at the next boundary, and not later", async () => {
  const store = new SlowStore();
  store.letThrough();
  const ran: number[] = [];
  const rival = task("rival", { reads: { score } }).run(async (_, { epoch }) => {
    ran.push(epoch);
    if (epoch !== 2) return;
    const other = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
    await using session = new LocalSession();
    const taking = new JobRunner(jobOf([change], 9), {
      ...{ checkpoints: other, resumeFromEpoch: "latest", stopAfterEpoch: 2, takeOver: true },
      allowChange: true,
    });
    await taking.run(session);
  });
  const checkpoints = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  await using session = new LocalSession();
  const error = await errorOf(
    new JobRunner(jobOf([change, rival], 9), { checkpoints }).run(session),
  );
  assertInstanceOf(error, FencedError);
  assert(ran.length <= 3, `it ran ${ran.length} epochs`);
});

Deno.test("a stamp that changes while an epoch is saved is saved as it was", async () => {
  const store = new SlowStore();
  const stamp = { version: 1 };
  const data = resource("data", { open: () => [1], stamp: () => stamp });
  const read = task("read", { reads: { data, score } }).run(async (_, { epoch }) => {
    await store.arrived();
    stamp.version = epoch;
    if (epoch === 1) store.letGo();
    else store.letThrough();
  });
  const checkpoints = new CheckpointManager("overlap", "memory", { store, waitBytes: 0 });
  await using session = new LocalSession();
  await new JobRunner(jobOf([change, read], 2), { checkpoints }).run(session);
  const stamps = async (epoch: number) =>
    (await checkpoints.engine.archive.readEpoch(epoch)).run.stamps["main/data"];
  assertEquals([await stamps(1), await stamps(2)], [{ version: 1 }, { version: 2 }]);
});
