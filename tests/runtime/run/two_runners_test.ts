// What another runner does while one starts, saves and tidies up.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { epochs, keepLast, param, set, task } from "../../../dsl/mod.ts";
import { CheckpointStore, FencedError } from "../../../storage/mod.ts";
import { errorOf, withoutWaiting } from "../helpers.ts";
import { FaultyStore, unknownOutcome } from "./faulty_store.ts";
import { seenEarlier } from "./seen_earlier.ts";
import { actions, everywhere, total, type World } from "./world.ts";

const rate = param("rate", 1);

/** A store whose second attempt waits to be taken. */
class LateStore extends FaultyStore {
  readonly reached = Promise.withResolvers<void>();
  readonly allowed = Promise.withResolvers<void>();

  override async put(...given: Parameters<FaultyStore["put"]>): Promise<void> {
    if (given[0] === "attempts/000002.cbor") {
      this.reached.resolve();
      await this.allowed.promise;
    }
    await super.put(...given);
  }
}

everywhere(
  "run: what the other runner saves between a look and the attempt is gone on from",
  async (world) => {
    const store = new LateStore(world.store());
    let second: ReturnType<World["run"]> | undefined;
    let isAllowed = false;
    const add = task("add", { reads: { total }, writes: { total } })
      .run(async ({ total }, { epoch, node }) => {
        if (node === world.node && epoch === 3 && second === undefined) {
          const checkpoints = world.manager({ store });
          second = world.run(given, { checkpoints, resumeFromEpoch: "latest", takeOver: true });
          await store.reached.promise;
        }
        if (node === world.node && epoch === 4 && !isAllowed) {
          isAllowed = true;
          store.allowed.resolve();
          await second;
        }
        return { total: total + epoch };
      });
    const given = world.job({ init: [], epoch: [add], exit: [], until: epochs(5) });
    assertInstanceOf(await errorOf(world.run(given)), FencedError);
    assert(second !== undefined);
    const { seen, values } = await second;
    assertEquals(seen.of("loaded").map((e) => `${e.epoch}@a${e.attempt}`), ["2@a1", "3@a1"]);
    assertEquals(actions(seen).filter((text) => text.startsWith("epoch")), ["epoch 4", "epoch 5"]);
    assertEquals(values[world.node]?.["total"], 15);
    assert(!(await world.epochs()).includes("3@a2"));
  },
);

everywhere("run: a fresh one that was overtaken as it started runs nothing", async (world) => {
  const store = new FaultyStore(world.store());
  let isTaken = false;
  store.after = async (op, name) => {
    if (isTaken || op !== "put" || name !== "attempts/000001.cbor") return;
    isTaken = true;
    await world.run(world.job(), { stopAfterEpoch: 1, takeOver: true });
  };
  const { error, seen } = await world.fail(world.job(), { checkpoints: world.manager({ store }) });
  assertInstanceOf(error, FencedError);
  assertEquals(actions(seen), []);
  assertEquals(await world.epochs(), ["0@a2", "1@a2"]);
});

everywhere(
  "run: one that hears while it sweeps that it was taken over stops there",
  async (world) => {
    const add = task("add", { reads: { total }, writes: { total } })
      .run(({ total }) => ({ total: total + 1 }));
    const given = world.job({ init: [], epoch: [add], exit: [] });
    await world.run(given, { stopAfterEpoch: 1 });
    const store = new FaultyStore(world.store());
    const left = `packs/a000001/e000002.${world.node}.${"0".repeat(32)}.pack`;
    await store.inner.write(left, [new Uint8Array(9)], { durability: "none" });
    let isTaken = false;
    store.after = async (op, name) => {
      const isSaved = store.done.some((text) => text.startsWith("put epochs/e000002"));
      if (isTaken || !isSaved || op !== "read" || name !== "attempts/000003.cbor") return;
      // The save has looked, and was not fenced.
      isTaken = true;
      const { engine } = world.manager();
      await engine.archive.open("world", []);
      await engine.attempts.begin({ seed: 0, params: {} });
    };
    const on = world.session();
    const options = { checkpoints: world.manager({ store }), resumeFromEpoch: "latest" } as const;
    assertInstanceOf(await errorOf(world.run(given, options, on)), FencedError);
    assertEquals(on.seen.of("save-committed").map((e) => e.epoch), [2]);
    assertEquals(on.seen.of("phase-started").map((e) => e.epoch), [2]);
    assertEquals(await store.inner.list("packs/a000001/"), [left]);
  },
);

everywhere(
  "run: one that takes over finds the newest epoch also where the first removes what it was about to load",
  async (world) => {
    const add = task("add", { reads: { total }, writes: { total } })
      .run(({ total }) => ({ total: total + 1 }));
    const plan = { keep: [keepLast(1)] } as const;
    const given = world.job({ init: [], epoch: [add], exit: [], plan });
    await world.run(given, { stopAfterEpoch: 1 });
    const store = new FaultyStore(world.store());
    let isDone = false;
    store.after = async (op, name) => {
      if (isDone || op !== "list" || name !== "removals/") return;
      isDone = true;
      for (const stopAfterEpoch of [2, 3]) {
        await world.run(given, { resumeFromEpoch: "auto", stopAfterEpoch, takeOver: true });
      }
    };
    const options = { checkpoints: world.manager({ store }), takeOver: true } as const;
    const { seen, values } = await world.run(given, { ...options, resumeFromEpoch: "auto" });
    assert(isDone);
    assertEquals(seen.of("loaded").map(({ epoch }) => epoch), [3]);
    assertEquals(values[world.node]?.["total"], 4);
  },
);

everywhere(
  "run: the line goes on from what was saved last, whatever its tasks have loaded since",
  async (world) => {
    const store = new FaultyStore(world.store());
    const checkpoints = world.manager({ store });
    const on = world.session();
    let isHit = false;
    store.fault = (op, name) => {
      if (isHit || op !== "put" || !name.startsWith("epochs/e000003")) return;
      isHit = true;
      throw unknownOutcome(op, name);
    };
    const look = task("look", { reads: { total } }).run(async (_, { epoch, node }) => {
      if (epoch === 3 && node === world.node) await on.session.run(checkpoints.load(1));
    });
    const count = task("count", { writes: { total } }).run((_, { epoch }) => ({ total: epoch }));
    const plan = { onSaveError: "retry" } as const;
    const given = world.job({ init: [], epoch: [look, count], exit: [], plan });
    await withoutWaiting(async () => void await world.run(given, { checkpoints }, on));
    const manifest = await checkpoints.engine.archive.readEpoch(3);
    assertEquals([manifest.attempt, manifest.parent?.epoch, manifest.parent?.attempt], [2, 2, 1]);
  },
);

everywhere("run: of an earlier run of the same manager no attempt is left", async (world) => {
  const checkpoints = world.manager();
  await world.run(world.job(), { checkpoints });
  const again = await world.run(world.job(), { checkpoints, resumeFromEpoch: "auto" });
  assertEquals(again.runner.result?.outcome, "already finished");
  assertEquals(again.seen.of("run-started")[0]?.attempt, 0);
});

everywhere(
  "run: what another began anew between a look and the attempt is gone on with as that was",
  async (world) => {
    const rates: number[] = [];
    let isDying = true;
    const work = task("work", { reads: { rate } }).run(({ rate }, { idempotencyKey }) => {
      rates.push(rate);
      if (isDying) throw new Error("dies here");
      branches.add(idempotencyKey.split(":")[1]);
    });
    const branches = new Set<string | undefined>();
    const given = world.job({ init: [work], epoch: [], exit: [], until: epochs(1) });
    await errorOf(world.run(given));
    await errorOf(world.run(given, { set: [set(rate, 2)] }));
    isDying = false;
    rates.length = 0;
    const store = seenEarlier(world.store(), "000001", 2);
    const { runner } = await world.run(given, {
      ...{ checkpoints: world.manager({ store }), resumeFromEpoch: "auto" },
    });
    assertEquals(runner.result?.outcome, "finished");
    assertEquals([new Set(rates), branches], [new Set([2]), new Set(["2"])]);
    const checkpoints = await CheckpointStore.open(world.store());
    const { attempts } = await checkpoints.history();
    const last = attempts.findLast(({ isStarted }) => isStarted)?.attempt ?? 0;
    assertEquals((await checkpoints.readAttempt(last))?.params, { rate: 2 });
  },
);
