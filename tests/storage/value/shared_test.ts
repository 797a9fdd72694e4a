import { assertEquals } from "@std/assert";
import { findShared } from "../../../storage/value/mod.ts";

function shared(one: unknown, other: unknown) {
  return findShared(["one", one], ["other", other]);
}

Deno.test("shared: an object or view is found at any depth of both values", () => {
  for (const object of [[1], { a: 1 }, new Map(), new Date(), new Uint8Array(4)]) {
    assertEquals(shared(object, object), ["one", "other"]);
    assertEquals(shared({ a: [object] }, object), ["one.a[0]", "other"]);
    assertEquals(shared(object, new Map([["k", object]])), ["one", 'other.get("k")']);
    assertEquals(shared(new Set([object]), { b: { c: object } }), ["one[item 0]", "other.b.c"]);
  }
});

Deno.test("shared: bytes of one buffer are, parts that do not overlap and equal values are not", () => {
  const { buffer } = new Float64Array(8);
  const part = (from: number, count: number) => new Float64Array(buffer, 8 * from, count);
  assertEquals(shared([part(0, 4)], { v: part(3, 2) }), ["one[0]", "other.v"]);
  assertEquals(shared(buffer, { v: part(3, 2) }), ["one", "other.v"]);
  assertEquals(shared(part(3, 2), [buffer]), ["one", "other[0]"]);
  assertEquals(shared([part(7, 1), part(0, 4)], [new DataView(buffer, 8, 8)]), [
    "one[1]",
    "other[0]",
  ]);
  for (const [one, other] of [[part(0, 4), part(4, 4)], [{ a: [1] }, { a: [1] }], ["a", "a"]]) {
    assertEquals(shared(one, other), undefined);
  }
});
