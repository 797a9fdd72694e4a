import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { assign, combine, shift } from "../../examples/k_means/points.ts";

const coordinates = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 40 })
  .map((list) => Float64Array.from(list.slice(0, list.length - list.length % 2)));

Deno.test("k-means: nodes that share the points find what one would", () => {
  fc.assert(fc.property(coordinates, coordinates, fc.nat(20), (points, centres, at) => {
    const cut = 2 * Math.min(at, points.length / 2);
    const parts = [assign(points.subarray(0, cut), centres), assign(points.subarray(cut), centres)];
    assertEquals(combine(parts, centres), combine([assign(points, centres)], centres));
  }));
});

Deno.test("k-means: a step never makes the clusters wider", () => {
  fc.assert(fc.property(coordinates, coordinates, (points, centres) => {
    const before = assign(points, centres);
    const after = assign(points, combine([before], centres));
    assert(after.inertia <= before.inertia + 1e-9);
  }));
});

Deno.test("k-means: a centre without points stays, and shifts are measured", () => {
  const centres = Float64Array.of(0, 0, 100, 100);
  const moved = combine([assign(Float64Array.of(2, 3), centres)], centres);
  assertEquals([...moved], [2, 3, 100, 100]);
  assertEquals(shift(centres, moved), 3);
});
