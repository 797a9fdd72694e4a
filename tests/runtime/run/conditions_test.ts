import { assert, assertEquals } from "@std/assert";
import {
  all,
  any,
  blob,
  type Condition,
  cursor,
  drained,
  elapsed,
  epochs,
  from,
  group,
  job,
  not,
  on,
  param,
  plateau,
  resource,
  set,
  task,
  when,
} from "../../../dsl/mod.ts";
import { StopConditions } from "../../../runtime/conditions.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf } from "../helpers.ts";
import { everywhere, notices, total, World } from "./world.ts";

const loss = blob<number>("loss");

/** A job whose loss follows a list, from epoch 1. */
function falling(world: World, losses: readonly number[], until: Condition, name = "falling") {
  const measure = task("measure", { reads: { total }, writes: { total, loss } })
    .run(({ total }, { epoch }) => ({ total: total + 1, loss: losses[epoch - 1] ?? 0 }));
  return world.job({ name, init: [], epoch: [measure], exit: [], until: [until, epochs(20)] });
}

const metric = (world: World): Parameters<typeof plateau>[0] =>
  world.nodes.length === 1 ? { min: loss } : { min: fromFirst(world) };

function fromFirst(world: World) {
  return from(world.node, loss);
}
const lossOf = (world: World) => world.nodes.length === 1 ? loss : fromFirst(world);

/** The epoch at which a job ends, uninterrupted and stopped after every epoch. */
async function endOf(world: World, losses: readonly number[], until: Condition): Promise<number> {
  const { epoch, values } = await world.run(falling(world, losses, until));
  await using other = await World.make(world.kind, world.nodes.length === 1 ? 1 : 3);
  for (let at = 1;; at++) {
    const part = await other.run(falling(other, losses, until), {
      resumeFromEpoch: "auto",
      stopAfterEpoch: at,
    });
    if (part.runner.result?.outcome === "stopped") continue;
    assertEquals(part.epoch, epoch, "stopped and gone on with, it ends elsewhere");
    assertEquals(part.values, values);
    return epoch;
  }
}

everywhere("conditions: when", async (world) => {
  const small = when(lossOf(world), (loss) => loss < 2);
  assertEquals(await endOf(world, [5, 3, 1, 0], small), 3);
});

everywhere(
  "conditions: a plateau remembers its best over a resume; NaN is no improvement",
  async (world) => {
    const losses = [5, 4, NaN, 4, 4, 1, 1];
    assertEquals(await endOf(world, losses, plateau(metric(world), { epochs: 3 })), 5);
  },
);

everywhere("conditions: a plateau that begins with NaN holds too", async (world) => {
  const never = [NaN, NaN, NaN, NaN, NaN];
  assertEquals(await endOf(world, never, plateau(metric(world), { epochs: 2 })), 3);
  const late = [NaN, NaN, 5, 5, 5, 5];
  assertEquals(await endOf(world, late, plateau(metric(world), { epochs: 2 })), 5);
});

everywhere("conditions: a plateau counts only what is better by minDelta", async (world) => {
  const losses = [5, 4.9, 4.8, 4.7, 0];
  assertEquals(await endOf(world, losses, plateau(metric(world), { epochs: 3, minDelta: 0.5 })), 4);
});

everywhere("conditions: any, all and not", async (world) => {
  const lossIs = (n: number) => when(lossOf(world), (loss) => loss === n);
  const until = all(any(lossIs(1), lossIs(2)), not(lossIs(2)));
  assertEquals(await endOf(world, [3, 2, 3, 1, 1], until), 4);
});

everywhere("conditions: elapsed sums the time of finished epochs along the line", async (world) => {
  const wait = task("wait").run(async () => {
    await new Promise((resolve) => void setTimeout(resolve, 12));
  });
  const given = world.job({
    init: [],
    epoch: [wait],
    exit: [],
    until: [elapsed("30ms"), epochs(50)],
  });
  let ended = 0;
  for (let at = 1; ended === 0 && at < 50; at++) {
    const part = await world.run(given, { resumeFromEpoch: "auto", stopAfterEpoch: at });
    if (part.runner.result?.outcome === "finished") ended = part.epoch;
  }
  assert(ended >= 1 && ended <= 3, `it ended at ${ended}`);
});

everywhere("conditions: a count may be a param, changed on a resume", async (world) => {
  const last = param("last", 2, { integer: true });
  const count = task("count", { reads: { total, last }, writes: { total } })
    .run(({ total }) => ({ total: total + 1 }));
  const given = world.job({ init: [], epoch: [count], exit: [], until: epochs(last) });
  assertEquals((await world.run(given)).epoch, 2);
  const more = await world.run(given, { set: [set(last, 3)], resumeFromEpoch: "latest" });
  assertEquals(more.epoch, 3);
});

everywhere("conditions: judged again on a resume, under the job as it is now", async (world) => {
  const until = (below: number) => when(lossOf(world), (loss) => loss < below);
  assertEquals((await world.run(falling(world, [5, 3, 1], until(4)))).epoch, 2);
  const more = await world.run(falling(world, [5, 3, 1], until(2)), { resumeFromEpoch: "latest" });
  assertEquals(more.epoch, 3);
  assert(notices(more.seen).some((text) => text.includes("had stopped because")));
});

everywhere("conditions: not judged at epoch 0, also on a resume from it", async (world) => {
  const always = when(world.nodes.length === 1 ? total : from(world.node, total), () => true);
  const given = world.job({ until: always });
  assertEquals((await world.run(given)).epoch, 1);
  assertEquals((await world.run(given, { resumeFromEpoch: 0 })).epoch, 1);
});

Deno.test("conditions: what is not watched is not remembered", () => {
  assertEquals(new StopConditions([epochs(3)]).state, {});
});

Deno.test("conditions: drained waits for a node that begins to read only later", async () => {
  const list = blob("list", { initial: () => [1, 2, 3, 4] });
  const count = blob("count", { initial: () => 0 });
  const eaten = blob("eaten", { initial: () => 0 });
  const take = cursor("take", { over: list, take: 4 });
  const tick = task("tick", { writes: { count } }).run((_, { epoch }) => ({ count: epoch }));
  const eat = task("eat", { reads: { take, eaten }, writes: { eaten } })
    .run(({ take, eaten }) => ({ eaten: eaten + take.items.length }));
  const late = group({ if: when(from("main", count), (count) => count >= 3) }, eat);
  const eating = job("eating", {
    epoch: [tick, on("a", eat), on("b", late)],
    until: [drained(take), epochs(9)],
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  await using session = new LocalSession();
  assertEquals(await new JobRunner(eating).run(session), 3);
  assertEquals(await session.fetch(eaten, { node: "b" }), 4);
});

everywhere(
  "conditions: a drained list that has grown is read again only from before",
  async (world) => {
    const items = [1, 2, 3, 4];
    const list = resource("list", { open: () => [...items] });
    const two = cursor("two", { over: list, take: 2 });
    const eat = task("eat", { reads: { two, total }, writes: { total } })
      .run(({ two, total }) => ({ total: two.items.reduce((sum, item) => sum + item, total) }));
    const given = world.job({ init: [], epoch: [eat], exit: [], until: [drained(two), epochs(9)] });
    assertEquals((await world.run(given)).epoch, 2);
    items.push(5, 6, 7);
    const again = await world.run(given, { resumeFromEpoch: "auto" });
    assertEquals([again.epoch, again.runner.result?.outcome], [2, "already finished"]);
    const { epoch, values } = await world.run(given, { resumeFromEpoch: 1 });
    assertEquals([epoch, values[world.node]?.["total"]], [4, 28]);
  },
);

everywhere("until: when that cannot be judged names the condition and the epoch", async (world) => {
  const rare = blob<number>("rare");
  const measure = task("measure", {
    if: when(total, () => false),
    reads: { total },
    writes: { rare },
  }).run(() => ({ rare: 1 }));
  const read = world.nodes.length === 1 ? rare : from(world.node, rare);
  const until = [when(read, (rare) => rare > 0), epochs(3)] as const;
  const unset = world.job({ name: "unset", init: [], epoch: [measure], exit: [], until });
  const error = await errorOf(world.run(unset));
  assertEquals([error.name, (error.cause as Error).name], ["ConditionError", "BlobNotSetError"]);
  assert(error.message.startsWith('Cannot judge until: when(rare) after epoch 1: Blob "rare" of'));
});
