import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  blob,
  cursor,
  type CursorRef,
  drained,
  epochs,
  job,
  replicate,
  resource,
  task,
} from "../../../dsl/mod.ts";
import { JobRunner } from "../../../runtime/run/job_runner.ts";
import { type CursorPositions, Cursors } from "../../../runtime/session/cursors.ts";
import { LocalSession } from "../../../runtime/session/local_session.ts";
import { errorOf } from "../helpers.ts";

const letters = blob<string[]>("letters", { initial: () => [..."abcdefg"], immutable: true });
const plain = cursor("plain", { over: letters, take: 3 });
const source = { job: "j", seed: 1 };
const LIST = [..."abcdefg"];

/** The slices of `count` epochs. */
function slices(
  ref: CursorRef<string>,
  count: number,
  cursors: Cursors = new Cursors(source),
  list: readonly string[] = LIST,
): string[][] {
  return Array.from({ length: count }, () => {
    const { items } = cursors.slice(ref, "n", list, 3);
    cursors.advance();
    return items as string[];
  });
}

/** Through what a checkpoint would keep. */
function reloaded(cursors: Cursors, seed = 1): Cursors {
  return new Cursors({ job: "j", seed }, structuredClone(cursors.save()) as CursorPositions);
}

Deno.test("cursors: take the next items in order, then a shorter slice, then none", () => {
  assertEquals(slices(plain, 5), [["a", "b", "c"], ["d", "e", "f"], ["g"], [], []]);
});

Deno.test("cursors: a slice says where it stands", () => {
  const cursors = new Cursors(source);
  const bounds = [];
  for (let i = 0; i < 4; i++) {
    const { start, end } = cursors.slice(plain, "n", LIST, 3);
    bounds.push([start, end]);
    cursors.advance();
  }
  assertEquals(bounds, [[0, 3], [3, 6], [6, 7], [7, 7]]);
});

Deno.test("cursors: shuffled, a pass takes each item once, in an order that depends on the seed", () => {
  const shuffled = cursor("shuffled", { over: letters, take: 3, shuffle: true });
  const taken = slices(shuffled, 3).flat();
  assertEquals([...taken].sort(), LIST);
  assert(taken.join("") !== LIST.join(""));
  assertEquals(slices(shuffled, 3).flat(), taken);
  assert(slices(shuffled, 3, new Cursors({ job: "j", seed: 2 })).flat().join() !== taken.join());
});

Deno.test("cursors: wrapping starts again at the next epoch, shuffled in a new order", () => {
  const wrap = cursor("wrap", { over: letters, take: 3, wrap: true });
  assertEquals(slices(wrap, 5), [["a", "b", "c"], ["d", "e", "f"], ["g"], ["a", "b", "c"], [
    "d",
    "e",
    "f",
  ]]);
  const both = cursor("both", { over: letters, take: 3, wrap: true, shuffle: true });
  const taken = slices(both, 6).flat();
  const first = taken.slice(0, 7);
  const second = taken.slice(7);
  assertEquals([...second].sort(), LIST);
  assert(first.join() !== second.join());
});

Deno.test("cursors: a reload at any epoch goes on as if nothing had happened", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 0, max: 9 }),
      fc.nat(40),
      (shuffle, wrap, cut, length) => {
        const ref = cursor("c", { over: letters, take: 3, shuffle, wrap });
        const list = Array.from({ length }, String);
        const whole = slices(ref, 10, new Cursors(source), list);
        const before = new Cursors(source);
        const parts = slices(ref, cut, before, list);
        assertEquals([...parts, ...slices(ref, 10 - cut, reloaded(before), list)], whole);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("cursors: advance only when told, the same slice for all readers until then", () => {
  const cursors = new Cursors(source);
  const first = cursors.slice(plain, "n", LIST, 3);
  assertEquals(cursors.slice(plain, "n", LIST, 3), first);
  cursors.rewind();
  cursors.advance();
  assertEquals(cursors.slice(plain, "n", LIST, 3), first);
});

Deno.test("cursors: drained once all nodes that read it have come to the end", () => {
  const cursors = new Cursors(source);
  assertEquals(cursors.isDrained(plain, ["a", "b"]), false);
  for (const [node, list] of [["a", LIST.slice(0, 3)], ["b", LIST]] as const) {
    cursors.slice(plain, node, list, 3);
  }
  cursors.advance();
  assertEquals(cursors.isDrained(plain, ["a", "b"]), false);
  assertEquals(cursors.isDrained(plain, ["a"]), true);
  for (let i = 0; i < 2; i++) {
    cursors.slice(plain, "b", LIST, 3);
    cursors.advance();
  }
  assertEquals(cursors.isDrained(plain, ["a", "b"]), true);
  assertEquals(reloaded(cursors).isDrained(plain, ["a", "b"]), true);
  assertEquals(cursors.isDrained(plain, ["a", "b", "late"]), false, "it was not read there yet");
  assertEquals(cursors.isDrained(plain, []), false);
});

Deno.test("cursors: over an empty list are drained after one look", () => {
  const cursors = new Cursors(source);
  assertEquals(cursors.slice(plain, "n", [], 3).items, []);
  cursors.advance();
  assertEquals(cursors.isDrained(plain, ["n"]), true);
});

Deno.test("cursors: a list that has grown is gone on with", () => {
  const cursors = new Cursors(source);
  slices(plain, 3, cursors);
  assertEquals(slices(plain, 1, cursors, [...LIST, "h", "i"]), [["h", "i"]]);
  assertEquals(slices(plain, 1, cursors, []), [[]]);
});

for (const shuffle of [false, true]) {
  Deno.test(`cursors: a job stopped at each epoch takes what an uninterrupted one takes (shuffle: ${shuffle})`, async () => {
    const data = resource("data", { open: () => Uint32Array.from({ length: 10 }, (_, i) => i) });
    const next = cursor("next", { over: data, take: 3, shuffle });
    const taken = blob("taken", { initial: () => [] as number[][] });
    const take = task("take", { reads: { next }, updates: { taken } })
      .run(({ next, taken }) => void taken.push([...next.items]));
    const make = () =>
      job("taking", {
        epoch: [replicate(["a", "b"], take)],
        until: drained(next),
        checkpoint: { to: `memory:${crypto.randomUUID()}` },
      });
    await using session = new LocalSession();
    assertEquals(await new JobRunner(make()).run(session), 4);
    const whole = [];
    for (const node of ["a", "b"]) whole.push(await session.fetch(taken, { node }));
    assertEquals(whole[0]?.flat().sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assertEquals(whole[0]?.join("|") === whole[1]?.join("|"), !shuffle);
    const cut = make();
    for (let epoch = 1; epoch <= 4; epoch++) {
      await using fresh = new LocalSession();
      await new JobRunner(cut, { resumeFromEpoch: "auto", stopAfterEpoch: epoch }).run(fresh);
      if (epoch < 4) continue;
      for (const [i, node] of ["a", "b"].entries()) {
        assertEquals(await fresh.fetch(taken, { node }), whole[i]);
      }
    }
  });
}

Deno.test("cursors: what a failed epoch took is taken again", async () => {
  const next = cursor("next", { over: letters, take: 2 });
  const last = blob<string[]>("last");
  let fails = true;
  const take = task("take", { reads: { next }, writes: { last } }).run(({ next }, { epoch }) => {
    if (epoch === 2 && fails) throw new Error("once");
    return { last: [...next.items] };
  });
  const taking = job("retaken", {
    epoch: [take],
    until: epochs(2),
    checkpoint: { to: `memory:${crypto.randomUUID()}` },
  });
  await using session = new LocalSession();
  await errorOf(new JobRunner(taking).run(session));
  fails = false;
  await new JobRunner(taking, { resumeFromEpoch: "latest" }).run(session);
  assertEquals(await session.fetch(last), ["c", "d"]);
});

Deno.test("cursors: what has no length is named", async () => {
  const data = resource("data", { open: () => ({}) as unknown as number[] });
  const next = cursor("next", { over: data, take: 2 });
  await using session = new LocalSession();
  const error = await errorOf(session.run(task("t", { reads: { next } }).run(() => {})));
  assertStringIncludes(error.message, 'Cursor "next" takes from "data", which has no length');
});
