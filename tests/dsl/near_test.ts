import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { editDistance, nearNames } from "../../dsl/near.ts";

Deno.test("edit distances", () => {
  assertEquals(editDistance("", ""), 0);
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("kitten", "sitting"), 3);
  fc.assert(fc.property(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (a, b) => {
    const distance = editDistance(a, b);
    assertEquals(distance, editDistance(b, a));
    assertEquals(distance === 0, a === b);
    assertEquals(distance <= Math.max(a.length, b.length), true);
  }));
});

Deno.test("the nearest names come first", () => {
  const names = ["worker_10", "worker_1", "main", "worker_2"];
  assertEquals(nearNames("worker_3", names, 2), ["worker_1", "worker_2"]);
  assertEquals(nearNames("mian", names, 1), ["main"]);
  assertEquals(nearNames("x", [], 3), []);
  assertEquals(nearNames("a".repeat(10_000), ["a".repeat(5_000)]).length, 1);
});
