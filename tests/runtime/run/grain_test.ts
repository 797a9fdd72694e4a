// What a resume in the midst of an epoch does again, and what it does not.
import { assert, assertEquals } from "@std/assert";
import { blob, cursor, optional, previous, repeat, task, when } from "../../../dsl/mod.ts";
import { listLogObjects } from "../../../storage/mod.ts";
import { everywhere, notices, start, total, valuesOf, weights, type World } from "./world.ts";

const half = blob<Float64Array>("half");
const items = blob("items", { initial: () => Array.from({ length: 20 }, (_, i) => i) });
const seen = blob<number[]>("seen", { initial: () => [] });
const noise = blob<number>("noise", { scratch: true });
const note = blob<string>("note");
const sums = blob<number[]>("sums");
const next = cursor("next", { over: items, take: 3 });

/** Lets a job die as often as wanted, each time a little later, and counts what it does. */
class Deaths {
  readonly calls: string[] = [];
  #left: number;

  constructor(dieAt: number) {
    this.#left = dieAt;
  }

  /** Something that a task or piece does. */
  call(what: string): void {
    if (--this.#left === 0) throw new Error("dies here");
    this.calls.push(what);
  }

  again(dieAt: number): void {
    this.#left = dieAt;
  }
}

/** A job of many kinds of task, each of which says what it does. */
function jobOf(world: World, deaths: Deaths, plan: object = { grain: "task" }) {
  const call = (name: string, context: { readonly epoch: number; readonly node: string }): void =>
    deaths.call(`${name}@${context.node} ${context.epoch}`);
  const shake = task("shake", { writes: { noise } }).run((_, context) => ({
    noise: context.rng("n")(),
  }));
  const train = task("train", {
    reads: { noise, before: previous(total, 0) },
    updates: { weights },
    writes: { total },
  }).run(({ noise, before, weights }, context) => {
    call("train", context);
    weights[context.epoch % 100] = noise + context.rng("x")();
    return { total: before + context.epoch };
  });
  const take = task("take", { reads: { next, seen }, writes: { seen } })
    .run(({ next, seen }, context) => {
      call("take", context);
      return { seen: [...seen, ...next.items] };
    });
  const halve = task("halve", { reads: { weights }, writes: { half } })
    .run(({ weights }, context) => {
      call("halve", context);
      return { half: weights.map((weight) => weight / 2) };
    });
  const grow = task("grow", { updates: { half } }).run(({ half }, context) => {
    call("grow", context);
    half[0] = (half[0] ?? 0) + context.rng("g")();
  });
  const pay = task("pay", { reads: { seen }, writes: { sums } }).run(async ({ seen }, context) => {
    const base = await context.step("base", ({ rng }) => {
      call("base", context);
      return rng("b")();
    });
    const parts = await context.map("parts", seen, (item, { key, rng }) => {
      call(`part ${key}`, context);
      return item * rng("p")();
    }, { key: (_, index) => String(index) });
    call("pay", context);
    return { sums: [base, ...parts] };
  });
  const late = task("late", {
    reads: { old: optional(note) },
    writes: { note },
    if: when(total, (total) => total >= 3),
  }).run(({ old = "" }, context) => {
    call("late", context);
    return { note: `${old}${context.epoch}` };
  });
  return world.job({
    init: [start],
    epoch: [shake, train, take, halve, repeat(3, grow), pay, late],
    plan,
  });
}

const ENDED = /: (\d+) tasks? ha/;

everywhere(
  "grain task: a resume runs only what is missing, wherever it was ended",
  async (world) => {
    const whole = new Deaths(Infinity);
    const { values } = await world.run(jobOf(world, whole));
    const count = whole.calls.length;
    let died = 0;
    for (let at = 1; at <= count; at += world.kind === "file" ? 23 : 7) {
      await using own = await world.beside();
      const deaths = new Deaths(at);
      const first = own.session();
      const failed = await own.run(jobOf(own, deaths), {}, first).then(() => false, () => true);
      assert(failed);
      died++;
      const before = new Set(deaths.calls);
      deaths.again(Infinity);
      const again = await own.run(jobOf(own, deaths), { resumeFromEpoch: "auto" });
      assertEquals(again.values, values, `died at ${at}`);
      // Each call was made once, but for those in flight on the other nodes.
      const twice = deaths.calls.length - count;
      assert(twice >= 0 && twice < own.nodes.length, `${twice} calls made twice, died at ${at}`);
      assertEquals(new Set(deaths.calls).size, new Set(whole.calls).size);
      const reused = again.seen.of("task-reused").length;
      const told = notices(again.seen).flatMap((text) => ENDED.exec(text)?.[1] ?? []);
      assertEquals(told.map(Number).reduce((sum, n) => sum + n, 0), reused);
      assert(before.size > 0 || at === 1);
    }
    assert(died > 1);
  },
);

everywhere(
  "grain task: a job that dies at every call still ends, and makes each call once",
  async (world) => {
    const whole = new Deaths(Infinity);
    const { values } = await world.run(jobOf(world, whole));
    await using own = await world.beside();
    const deaths = new Deaths(2);
    let starts = 0;
    for (;; starts++) {
      assert(starts < 500);
      const on = own.session();
      const isDone = await own.run(jobOf(own, deaths), { resumeFromEpoch: "auto" }, on)
        .then(() => true, () => false);
      if (isDone) {
        assertEquals(valuesOf(on.session), values);
        break;
      }
      deaths.again(world.kind === "file" ? 12 : 3);
    }
    assert(starts > 5);
    const twice = deaths.calls.length - whole.calls.length;
    assert(twice >= 0 && twice <= starts * (own.nodes.length - 1), `${twice} calls made twice`);
    // Nothing is left of what led to saved states.
    assertEquals(await listLogObjects(own.store()), []);
  },
);

everywhere("grain epoch: all of an unfinished epoch runs again, pieces too", async (world) => {
  const deaths = new Deaths(40);
  const given = jobOf(world, deaths, {});
  await world.run(given).then(() => assert(false), () => {});
  const isOfEpoch = (call: string) => call.endsWith(` ${epoch}`);
  const epoch = Number(deaths.calls.at(-1)?.split(" ").at(-1));
  const before = deaths.calls.filter(isOfEpoch);
  deaths.again(Infinity);
  await world.run(given, { resumeFromEpoch: "auto" });
  const all = deaths.calls.filter(isOfEpoch);
  assert(before.length > 0 && all.length > before.length);
  for (const call of before) assert(all.filter((other) => other === call).length > 1, call);
});
