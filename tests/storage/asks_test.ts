import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Ask,
  DamagedError,
  dropAsks,
  type KeepRule,
  leaveAsk,
  listAsks,
  readAsk,
  RecordBoundError,
  type Store,
  UnsupportedVersionError,
} from "../../storage/mod.ts";
import { decodeAsk, encodeAsk, MAX_ASK_BYTES, MAX_RULES } from "../../storage/asks.ts";
import { listAll } from "../../storage/listing.ts";
import { overriding, testBoth } from "./sample.ts";

const NAME = `asks/${"0".repeat(32)}.cbor`;
const REPAIR: Ask = {
  asked: { what: "repair" },
  attempt: 3,
  pid: 7,
  host: "näme",
  createdAtMs: 1.5,
};

const positive = fc.integer({ min: 1, max: 1_000_000 });
const amount = fc.double({ min: 0, noNaN: true });
const rule: fc.Arbitrary<KeepRule> = fc.oneof(
  fc.record({ rule: fc.constantFrom("last", "every"), n: positive }),
  fc.record({
    rule: fc.constant("best"),
    metric: fc.string({ maxLength: 256 }),
    direction: fc.constantFrom("max", "min"),
    n: positive,
  }),
  fc.record({ rule: fc.constantFrom("younger", "interval"), ms: amount }),
  fc.record({ rule: fc.constant("size"), bytes: amount }),
);
const ask: fc.Arbitrary<Ask> = fc.record({
  asked: fc.oneof(
    fc.constant({ what: "repair" } as const),
    fc.record({
      what: fc.constant("prune"),
      rules: fc.array(rule, { maxLength: MAX_RULES }),
      sideLines: fc.boolean(),
      full: fc.boolean(),
    }),
  ),
  attempt: fc.nat(),
  pid: fc.nat(),
  host: fc.option(fc.string({ maxLength: 256 }), { nil: undefined }),
  createdAtMs: fc.double({ noNaN: true }),
});

Deno.test("an ask is read as it was written", () => {
  fc.assert(fc.property(ask, (given) => {
    // Negative zero is a number like others; `younger` than -0 is than 0.
    assertEquals(decodeAsk(NAME, encodeAsk(given)), given);
  }));
});

Deno.test("an ask with any bit flipped is damaged", () => {
  const rules: KeepRule[] = [{ rule: "last", n: 2 }];
  const bytes = encodeAsk({
    ...REPAIR,
    asked: { what: "prune", rules, sideLines: true, full: false },
  });
  for (let bit = 0; bit < 8 * bytes.byteLength; bit++) {
    const spoilt = bytes.slice();
    spoilt[bit >> 3]! ^= 1 << (bit & 7);
    assertThrows(() => decodeAsk(NAME, spoilt), DamagedError, NAME);
  }
});

Deno.test("what a reader of asks would refuse is not written", () => {
  const rules = Array.from({ length: MAX_RULES + 1 }, (): KeepRule => ({ rule: "last", n: 1 }));
  const asked = { what: "prune", rules, sideLines: false, full: false } as const;
  assertThrows(() => encodeAsk({ ...REPAIR, asked }), RecordBoundError, `may have ${MAX_RULES}`);
  const most = { ...asked, rules: rules.slice(1) };
  assertEquals(decodeAsk(NAME, encodeAsk({ ...REPAIR, asked: most })).asked, most);
});

testBoth("asks are left, listed, read and dropped, by anyone", async ({ store, reopen }) => {
  assertEquals(await listAsks(store), []);
  const first = await leaveAsk(store, REPAIR);
  const second = await leaveAsk(reopen(), { ...REPAIR, host: undefined });
  assertEquals(await listAsks(store), [first, second].sort());
  const { asks, foreign } = await listAll(store, {});
  assertEquals([asks, foreign], [[first, second].sort(), []]);
  assertEquals(await readAsk(store, first), REPAIR);
  await dropAsks(reopen(), [first, second]);
  assertEquals([await listAsks(store), await readAsk(store, first)], [[], undefined]);
});

testBoth("a large ask is not read, and one of another version is refused", async ({ store }) => {
  await store.put(NAME, new Uint8Array(MAX_ASK_BYTES + 1));
  const read = store.bytesRead;
  await assertRejects(() => readAsk(store, NAME), DamagedError, `at most ${MAX_ASK_BYTES}`);
  assertEquals(store.bytesRead, read);
  await store.put("asks/other.cbor", new Uint8Array(3));
  assertEquals((await listAll(store, {})).foreign, ["asks/other.cbor"]);
  assertEquals(await listAsks(store), [NAME]);
  await dropAsks(store, [NAME]);
  const next = encodeAsk(REPAIR);
  const at = next.indexOf(1, 10);
  assertEquals(at, 14);
  next[at] = 2;
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", next.slice(0, -34)));
  next.set(sum, next.byteLength - 32);
  await store.put(NAME, next);
  await assertRejects(() => readAsk(store, NAME), UnsupportedVersionError);
});

testBoth("where nobody has ever asked, a quick look is enough", async ({ store }) => {
  const seen: string[] = [];
  const watched: Store = overriding(store, {
    list: (...args) => (seen.push(args[0]), store.list(...args)),
  });
  assertEquals(await listAsks(watched), []);
  assertEquals(seen, store.glance === undefined ? ["asks/"] : []);
  const name = await leaveAsk(watched, REPAIR);
  assertEquals(await listAsks(watched), [name]);
  assert(seen.includes("asks/"));
});
