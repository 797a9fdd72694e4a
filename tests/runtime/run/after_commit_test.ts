// What fails behind a commit does not undo it, and what must follow a commit does not come before it.
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { epochs, keepLast, task } from "../../../dsl/mod.ts";
import { MetadataHandlerError } from "../../../runtime/checkpoint/errors.ts";
import { SaveError } from "../../../runtime/errors.ts";
import { FencedError, StoreError } from "../../../storage/mod.ts";
import { errorOf } from "../helpers.ts";
import { FaultyStore, unknownOutcome } from "./faulty_store.ts";
import { everywhere, notices, total, type World } from "./world.ts";

const add = task("add", { reads: { total }, writes: { total } })
  .run(({ total }) => ({ total: total + 1 }));

function broken(op: string, name: string): never {
  throw new StoreError(op, name, "the disk is broken");
}

function adding(world: World, plan: object, exit: boolean = false) {
  const say = task("say", { reads: { total } }).run(({ total }, { log }) => log(`end ${total}`));
  return world.job({ init: [], epoch: [add], exit: exit ? [say] : [], until: epochs(3), plan });
}

for (const policy of ["fail", "warn", "retry", "pause"] as const) {
  everywhere(
    `a metadata handler that fails does not make a save fail (${policy})`,
    async (world) => {
      let isDown = true;
      const checkpoints = world.manager({
        metadata: {
          setCommittedEpoch: (epoch) => {
            if (isDown && epoch === 2) throw new Error("the catalogue is down");
          },
        },
      });
      const on = world.session();
      const given = adding(world, { onSaveError: policy });
      const error = await errorOf(world.run(given, { checkpoints }, on));
      assertInstanceOf(error, MetadataHandlerError);
      assertStringIncludes(error.message, "Epoch 2 is committed");
      assertEquals(on.seen.of("save-committed").map((e) => `${e.epoch}@a${e.attempt}`), [
        "0@a1",
        "1@a1",
        "2@a1",
      ]);
      assertEquals(on.seen.of("save-failed"), []);
      assertEquals(on.seen.of("run-finished")[0]?.epoch, 2);
      isDown = false;
      const again = await world.run(given, { resumeFromEpoch: "auto" });
      assertEquals([again.runner.result?.ran, again.epoch], [1, 3]);
    },
  );
}

everywhere("what cannot be removed is said, and tried again at the next save", async (world) => {
  const store = new FaultyStore(world.store());
  const checkpoints = world.manager({ store });
  let isFailing = true;
  store.fault = (op, name) => {
    if (isFailing && op === "remove" && name.startsWith("epochs/")) broken(op, name);
  };
  const on = world.session();
  on.session.events.observe((event) => {
    if (event.type === "phase-started" && event.epoch === 3) isFailing = false;
  });
  await world.run(adding(world, { keep: [keepLast(1)] }), { checkpoints }, on);
  const said = notices(on.seen).filter((text) => text.includes("could not be removed"));
  assertEquals(said.length, 2);
  assertEquals(on.seen.of("save-committed").filter((e) => e.phase === "epoch").length, 4);
  assertEquals(await world.epochs(), ["3@a1"]);
});

everywhere(
  "a runner that has lost its attempt does not take the job back from another",
  async (world) => {
    const store = new FaultyStore(world.store());
    const given = adding(world, { onSaveError: "retry" });
    let taken: Promise<unknown> | undefined;
    store.after = (op, name) => {
      if (op !== "put" || !name.startsWith("epochs/e000002.a000001") || taken !== undefined) return;
      taken = world.run(given, { resumeFromEpoch: "latest", takeOver: true });
      throw unknownOutcome(op, name);
    };
    const checkpoints = world.manager({ store });
    // The retry comes when the other has long begun.
    const error = await errorOf(world.run(given, { checkpoints }));
    assertInstanceOf(error, FencedError);
    await taken;
    const { seen, runner } = await world.run(given, { resumeFromEpoch: "auto" });
    assertEquals([runner.result?.outcome, seen.of("loaded").at(-1)?.attempt], [
      "already finished",
      2,
    ]);
    assertEquals((await world.names("attempts/")).length, 4);
  },
);

everywhere(
  "what comes after the last epoch waits until that is saved, whatever the plan says",
  async (world) => {
    const store = new FaultyStore(world.store());
    let left = 1;
    store.fault = (op, name) => {
      if (op === "put" && name.startsWith("epochs/e000003") && left-- > 0) broken(op, name);
    };
    const given = adding(world, { onSaveError: "warn" }, true);
    const one = await world.run(given, { checkpoints: world.manager({ store }) });
    assertEquals((await world.epochs()).at(-1), "3@a1");
    assertEquals(one.seen.of("save-failed").map((e) => [e.epoch, e.next]), [[3, "warn"]]);
    assertEquals(one.seen.of("log").map((e) => e.message), world.nodes.map(() => "end 3"));

    await using other = await world.beside();
    const faulty = new FaultyStore(other.store());
    faulty.fault = (op, name) => {
      if (op === "put" && name.startsWith("epochs/e000003")) broken(op, name);
    };
    const on = other.session();
    const error = await errorOf(
      other.run(adding(other, { onSaveError: "warn" }, true), {
        checkpoints: other.manager({ store: faulty }),
      }, on),
    );
    assertInstanceOf(error, SaveError);
    assertEquals(on.seen.of("log"), []);
    assertEquals(await other.names("phases/"), []);
  },
);

everywhere(
  "a start that saved nothing is gone on with: its seed, params and branch",
  async (world) => {
    const keys: string[] = [];
    let dies = "";
    const call = task("call", { reads: { total }, writes: { total } })
      .run(({ total }, { idempotencyKey, rng, node, epoch }) => {
        if (node === world.node) keys.push(idempotencyKey);
        if (dies === String(epoch)) throw new Error("dies here");
        return { total: total + rng("x")() };
      });
    const given = world.job({ init: [call], epoch: [call], exit: [], until: epochs(3) });
    dies = "0";
    assert(await errorOf(world.run(given, { resumeFromEpoch: "auto", seed: 7 })));
    dies = "";
    const on = world.session();
    const { values } = await world.run(given, { resumeFromEpoch: "auto" }, on);
    assertEquals(keys[0], keys[1]);
    assertEquals(on.seen.of("run-started")[0]?.seed, 7);
    await using whole = await world.beside();
    const once = whole.job({ init: [call], epoch: [call], exit: [], until: epochs(3) });
    const uninterrupted = await whole.run(once, { seed: 7 });
    assertEquals(values, uninterrupted.values);

    // A branch that a person has begun goes on under its own keys.
    dies = "3";
    assert(await errorOf(world.run(given, { resumeFromEpoch: 2, seed: 9 })));
    const [first] = keys.slice(-1);
    dies = "";
    keys.length = 0;
    const again = world.session();
    await world.run(given, { resumeFromEpoch: "auto" }, again);
    assertEquals(keys, [first]);
    assertEquals(again.seen.of("run-started")[0]?.seed, 9);
    // A fresh start takes nothing over.
    const fresh = world.session();
    await world.run(given, {}, fresh);
    assertEquals(fresh.seen.of("run-started")[0]?.seed, 0);
  },
);
