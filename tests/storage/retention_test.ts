import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type CheckpointFacts,
  formatRef,
  judgeRetention,
  type KeepRule,
  type ManifestRef,
} from "../../storage/mod.ts";

const ref = (epoch: number, attempt = 1, phase: ManifestRef["phase"] = "epoch"): ManifestRef => ({
  ...{ epoch, attempt, phase },
});

type Known = Readonly<Record<number, Partial<CheckpointFacts> | "damaged">>;

function kept(rules: readonly KeepRule[], epochs: readonly number[], known: Known = {}): number[] {
  const { verdicts } = judgeRetention(rules, {
    line: epochs.map((epoch) => ref(epoch)),
    sides: [],
    facts: ({ epoch }) => {
      const facts = known[epoch];
      if (facts === "damaged") return facts;
      return { createdAtMs: 0, metrics: {}, manifestBytes: 0, packs: [], ...facts };
    },
    nowMs: 1000,
  });
  return verdicts.filter(({ keep }) => keep).map(({ ref: { epoch } }) => epoch);
}

const loss = (...values: readonly number[]): Known =>
  Object.fromEntries(values.map((value, epoch) => [epoch, { metrics: { "main/loss": value } }]));
const best = (n: number, direction: "min" | "max" = "min"): KeepRule => ({
  ...{ rule: "best", metric: "main/loss", direction, n },
});

Deno.test("each rule keeps what it says, and the newest always stays", () => {
  const epochs = [0, 1, 2, 3, 4, 5, 6];
  assertEquals(kept([{ rule: "last", n: 3 }], epochs), [4, 5, 6]);
  assertEquals(kept([{ rule: "every", n: 2 }], epochs), [2, 4, 6]);
  assertEquals(kept([{ rule: "every", n: 4 }], epochs), [4, 6]);
  const ages = { 3: { createdAtMs: 900 }, 4: { createdAtMs: 950 } };
  assertEquals(kept([{ rule: "younger", ms: 100 }], epochs, ages), [4, 6]);
  const hours = Object.fromEntries([0, 10, 25, 26, 40, 55, 56].map((createdAtMs, epoch) => [
    epoch,
    { createdAtMs },
  ]));
  assertEquals(kept([{ rule: "interval", ms: 15 }], epochs, hours), [0, 2, 4, 5, 6]);
  // A clock that was an hour ahead at first keeps nothing from being kept.
  const setBack = Object.fromEntries([1000, 1010, 25, 26, 40, 55, 56].map((createdAtMs, epoch) => [
    epoch,
    { createdAtMs },
  ]));
  assertEquals(kept([{ rule: "interval", ms: 15 }], epochs, setBack), [0, 2, 4, 5, 6]);
  assertEquals(kept([{ rule: "every", n: 5 }, { rule: "last", n: 2 }], epochs), [5, 6]);
  assertEquals(kept([], epochs), epochs);
});

Deno.test("what a finished job has recorded behind an epoch goes once the job has gone on from that", () => {
  const line = [ref(1), ref(2, 2), ref(2, 2, "exit")];
  const sides = [[ref(1, 1, "exit")], [ref(1, 3), ref(1, 3, "exit")]]
    .map((refs) => ({ attempt: refs[0]?.attempt ?? 0, from: undefined, nearest: undefined, refs }));
  const judged = (rules: readonly KeepRule[], pinned: readonly ManifestRef[] = []) => {
    const input = { line, sides, facts: () => undefined, nowMs: 0, pinned };
    return judgeRetention(rules, input).verdicts.filter(({ keep }) => keep)
      .map(({ ref }) => formatRef(ref));
  };
  const last: KeepRule = { rule: "last", n: 1 };
  assertEquals(judged([last]), ["2@a2", "2@a2 (exit)", "1@a3", "1@a3 (exit)"]);
  assertEquals(judged([]).length, 6);
});

Deno.test("best goes by the number, never by NaN, and of equals the newest is better", () => {
  assertEquals(kept([best(1)], [0, 1, 2, 3], loss(2, 1, 3, 4)), [1, 3]);
  assertEquals(kept([best(1, "max")], [0, 1, 2, 3], loss(2, 9, 3, 4)), [1, 3]);
  assertEquals(kept([best(1)], [0, 1, 2, 3], loss(NaN, 1, 1, 5)), [2, 3]);
  assertEquals(kept([best(2)], [0, 1, 2, 3], loss(NaN, NaN, 7, NaN)), [2, 3]);
  assertEquals(kept([best(1)], [0, 1, 2], loss(-Infinity, 1, 2)), [0, 2]);
});

Deno.test("a rule that cannot be met says so", () => {
  const input = { line: [ref(0), ref(1)], sides: [], facts: () => undefined, nowMs: 0 };
  const { unmet } = judgeRetention([best(1)], input);
  assertEquals(unmet, ["no checkpoint has a number in main/loss, so that none is best by it"]);
  assertEquals(judgeRetention([best(1)], { ...input, line: [] }).unmet, []);
});

Deno.test("damaged checkpoints stay, and do not count", () => {
  assertEquals(kept([{ rule: "last", n: 2 }], [0, 1, 2, 3], { 3: "damaged", 1: "damaged" }), [
    0,
    1,
    2,
    3,
  ]);
  assertEquals(kept([{ rule: "last", n: 1 }], [0, 1, 2, 3], { 3: "damaged" }), [2, 3]);
});

Deno.test("phases stay and go with their epoch, and each line is judged by itself", () => {
  const line = [ref(0), ref(1), ref(2), ref(2, 1, "upload"), ref(2, 2, "download")];
  const side = [ref(1, 3), ref(2, 3), ref(2, 3, "exit"), ref(3, 3)];
  const { verdicts } = judgeRetention([{ rule: "last", n: 1 }], {
    ...{ line, facts: () => undefined, nowMs: 0 },
    sides: [{ attempt: 3, from: ref(0), nearest: ref(0), refs: side }],
    inUse: [ref(0)],
  });
  assertEquals(verdicts.filter(({ keep }) => keep).map(({ ref }) => formatRef(ref)), [
    ...["0@a1", "2@a1", "2@a1 (upload)", "2@a2 (download)"],
    "3@a3",
  ]);
  assertEquals(verdicts[0]?.reasons, ["in use"]);
  assertEquals(verdicts[2]?.reasons, ["among the last 1", "the newest"]);
});

Deno.test("pinned epochs stay, with the phases after them", () => {
  const line = [ref(0), ref(1), ref(1, 1, "upload"), ref(2)];
  const input = { line, sides: [], facts: () => undefined, nowMs: 0 };
  const { verdicts } = judgeRetention([{ rule: "last", n: 1 }], { ...input, pinned: [ref(1)] });
  assertEquals(verdicts.map(({ keep }) => keep), [false, true, true, true]);
  assertEquals(verdicts[1]?.reasons, ["pinned"]);
});

Deno.test("a size keeps the newest that fit, and counts a pack once", () => {
  const facts = (packs: readonly string[]) => ({
    ...{ createdAtMs: 0, metrics: {}, manifestBytes: 10, packs },
  });
  const packs = [["a"], ["a", "b"], ["b"], ["b", "c"]];
  const judged = (bytes: number) =>
    judgeRetention([{ rule: "size", bytes }], {
      ...{ line: [ref(0), ref(1), ref(2), ref(3)], sides: [], nowMs: 0 },
      facts: ({ epoch }) => facts(packs[epoch] ?? []),
      packBytes: (pack) => pack === "a" ? 1000 : 100,
    });
  const stay = (bytes: number) => judged(bytes).verdicts.map(({ keep }) => keep);
  assertEquals(stay(219), [false, false, false, true]);
  assertEquals(judged(209).unmet.length, 1);
  assertEquals(judged(210).unmet, []);
  assertEquals(stay(220), [false, false, true, true]);
  assertEquals(stay(1229), [false, false, true, true]);
  assertEquals(stay(1230), [false, true, true, true]);
  assertEquals(stay(1240), [true, true, true, true]);
});

Deno.test("a size is that of all lines together, the current one first", () => {
  const sides = [[ref(1, 2), ref(2, 2)], [ref(1, 1)]]
    .map((refs) => ({ attempt: refs[0]?.attempt ?? 0, from: undefined, nearest: undefined, refs }));
  const stay = (bytes: number): readonly string[] =>
    judgeRetention([{ rule: "size", bytes }], {
      ...{ line: [ref(1, 3), ref(2, 3)], sides, nowMs: 0, packBytes: () => 100 },
      facts: ({ epoch, attempt }) => ({
        ...{ createdAtMs: 0, metrics: {}, manifestBytes: 0, packs: [`${epoch}@${attempt}`] },
      }),
    }).verdicts.filter(({ keep }) => keep).map(({ ref }) => formatRef(ref));
  assertEquals(stay(100), ["2@a3"]);
  assertEquals(stay(250), ["1@a3", "2@a3"]);
  assertEquals(stay(300), ["1@a3", "2@a3", "2@a2"]);
  assertEquals(stay(500), ["1@a3", "2@a3", "1@a2", "2@a2", "1@a1"]);
  // What does not fit ends it: nothing older takes its place.
  assertEquals(stay(50), ["2@a3"]);
});

Deno.test("rules with impossible numbers are refused", () => {
  for (const n of [0, -1, 1.5, NaN]) {
    assertThrows(() => kept([{ rule: "last", n }], [0]), RangeError);
  }
  assertThrows(() => kept([{ rule: "younger", ms: NaN }], [0]), RangeError);
});

Deno.test("what is kept is the union of what the rules keep, and never nothing (property)", () => {
  const rules = fc.array(
    fc.oneof(
      fc.record({ rule: fc.constant("last" as const), n: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ rule: fc.constant("every" as const), n: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ rule: fc.constant("younger" as const), ms: fc.nat(1500) }),
      fc.integer({ min: 1, max: 4 }).map((n) => best(n)),
    ),
    { minLength: 1, maxLength: 4 },
  );
  const facts = fc.array(
    fc.record({
      createdAtMs: fc.nat(1000),
      value: fc.oneof(fc.constant(NaN), fc.integer({ min: 0, max: 5 })),
      isDamaged: fc.boolean(),
    }),
    { minLength: 1, maxLength: 15 },
  );
  fc.assert(fc.property(rules, facts, (rules, facts) => {
    const epochs = facts.map((_, epoch) => epoch);
    const known: Known = Object.fromEntries(
      facts.map(({ createdAtMs, value, isDamaged }, epoch) => [
        epoch,
        isDamaged ? "damaged" : { createdAtMs, metrics: { "main/loss": value } },
      ]),
    );
    const together = kept(rules, epochs, known);
    const union = new Set(rules.flatMap((rule) => kept([rule], epochs, known)));
    assertEquals(together, [...union].sort((a, b) => a - b));
    const good = epochs.filter((epoch) => known[epoch] !== "damaged");
    const last = good.at(-1);
    assert(last === undefined || together.includes(last));
    for (const rule of rules) {
      if (rule.rule !== "last") continue;
      const count = together.filter((epoch) => good.includes(epoch)).length;
      assert(count >= Math.min(rule.n, good.length));
    }
  }));
});

Deno.test("an epoch whose time nobody can tell stays, and begins no stretch", () => {
  const times = [0, undefined, 5, 20];
  const { verdicts } = judgeRetention([{ rule: "interval", ms: 15 }], {
    line: times.map((_, epoch) => ref(epoch)),
    sides: [],
    facts: ({ epoch }) => {
      const createdAtMs = times[epoch];
      if (createdAtMs === undefined) return undefined;
      return { createdAtMs, metrics: {}, manifestBytes: 0, packs: [] };
    },
    nowMs: 1000,
  });
  assertEquals(verdicts.map(({ keep }) => keep), [true, true, false, true]);
});
