import { assert, assertEquals, assertThrows } from "@std/assert";
import { AliasedValueError, Aliases, encodeValue } from "../../../storage/value/mod.ts";

function places(run: () => unknown): [string, string] {
  const { path, other } = assertThrows(run, AliasedValueError);
  return [path, other];
}

Deno.test("value: one object in two places of a value is refused, with both", () => {
  const inside = (make: (shared: unknown) => unknown, shared: unknown) =>
    places(() => encodeValue(make(shared), { name: "blob" }));
  for (const shared of [[1], { a: 1 }, new Map(), new Set(), new Date()]) {
    assertEquals(inside((x) => ({ a: x, b: { c: x } }), shared), ["blob.b.c", "blob.a"]);
    assertEquals(inside((x) => ({ b: { c: x }, a: x }), shared), ["blob.a", "blob.b.c"]);
    assertEquals(inside((x) => new Map([[x, 1], ["k", x]]), shared), [
      'blob.get("k")',
      "blob[key 0]",
    ]);
    assertEquals(inside((x) => [new Set([x]), x], shared), ["blob[1]", "blob[0][item 0]"]);
  }
});

Deno.test("value: a cycle is refused as an object in two places", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  assertEquals(places(() => encodeValue(cycle, { name: "blob" })), ["blob.self", "blob"]);
  const map = new Map<string, unknown>();
  map.set("list", [map]);
  assertEquals(places(() => encodeValue(map, { name: "blob" })), ['blob.get("list")[0]', "blob"]);
});

Deno.test("value: objects shared over and over are refused at once", () => {
  let value: unknown = {};
  for (let i = 0; i < 60; i++) value = [value, value];
  places(() => encodeValue(value));
});

Deno.test("value: views on one buffer are refused, whatever they are", () => {
  const { buffer } = new Float32Array(8);
  const views: (() => unknown)[] = [
    () => new Float32Array(buffer, 0, 4),
    () => new Float32Array(buffer, 16),
    () => new DataView(buffer),
    () => buffer,
    () => ({ shape: [2, 2], data: new Float32Array(buffer, 0, 4) }),
  ];
  for (const one of views) {
    for (const other of views) {
      const [path, first] = places(() => encodeValue([one(), other()], { name: "net" }));
      assert(path.startsWith("net[1]") && first.startsWith("net[0]"), `${path} ${first}`);
    }
  }
});

Deno.test("value: empty buffers and primitives may be anywhere", () => {
  const empty = new ArrayBuffer(0);
  encodeValue([new Uint8Array(empty), new Float32Array(empty), empty]);
  encodeValue(["text", "text", 1n, 1n, null, null]);
});

Deno.test("value: memory shared by two blobs is refused, unless it has moved", () => {
  const all = new Float32Array(8);
  const current: Record<string, unknown> = { a: { w: all }, b: all.subarray(2) };
  const aliases = new Aliases((name) => current[name]);
  encodeValue(current["a"], { name: "a", aliases });
  const encodeB = () => encodeValue(current["b"], { name: "b", aliases });
  assertEquals(places(encodeB), ["b", "a.w"]);
  // And when the first is looked at again, it is refused again, from the other side.
  assertEquals(places(() => encodeValue(current["a"], { name: "a", aliases })), ["a.w", "b"]);
  current["a"] = {};
  encodeB();
  encodeB();
});

Deno.test("value: objects shared by two blobs are refused", () => {
  const shared = new Map([["x", 1]]);
  const current: Record<string, unknown> = { a: [shared], b: { of: shared } };
  const aliases = new Aliases((name) => current[name]);
  encodeValue(current["a"], { name: "a", aliases });
  assertEquals(
    places(() => encodeValue(current["b"], { name: "b", aliases })),
    ["b.of", "a[0]"],
  );
});

Deno.test("value: what a blob got from a checkpoint is known, once it is noted", () => {
  const loaded = { w: new Float32Array(8), list: [1] };
  const aliases = new Aliases((name) => name === "a" ? loaded : undefined);
  aliases.note("a", loaded);
  const b = { part: loaded.w.subarray(1) };
  assertEquals(places(() => encodeValue(b, { name: "b", aliases })), ["b.part", "a.w"]);
  assertEquals(
    places(() => encodeValue([loaded.list], { name: "b", aliases })),
    ["b[0]", "a.list"],
  );
  encodeValue(loaded, { name: "a", aliases });
});

Deno.test("value: blobs that change places between saves are looked through once a save", () => {
  const rows = (of: number) => Array.from({ length: 20_000 }, (_, i) => [of, i]);
  const current: Record<string, unknown> = { a: rows(1), b: rows(2) };
  let looks = 0;
  const aliases = new Aliases((name) => {
    looks++;
    return current[name];
  });
  const saveBoth = () => {
    for (const name of ["a", "b"]) encodeValue(current[name], { name, aliases });
  };
  saveBoth();
  [current["a"], current["b"]] = [current["b"], current["a"]];
  saveBoth();
  assertEquals(looks, 2);
});

Deno.test("value: a look into the other blob runs none of its code, and survives what it is", () => {
  const shared = new Uint8Array(4);
  const odd: Record<string, unknown> = { fn: () => 1, url: new URL("https://example.org") };
  Object.defineProperty(odd, "now", {
    get: () => {
      throw new Error("was called");
    },
    enumerable: true,
  });
  odd["self"] = odd;
  odd["last"] = shared;
  const aliases = new Aliases(() => odd);
  aliases.note("a", odd);
  assertEquals(places(() => encodeValue({ shared }, { name: "b", aliases })), [
    "b.shared",
    "a.last",
  ]);
});
