import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { philox } from "../../../runtime/rng/philox.ts";
import { makeRng, type StreamId } from "../../../runtime/rng/rng.ts";

const ID: StreamId = {
  ...{ seed: 1, job: "job", phase: "epoch", epoch: 3, task: "train", node: "main", name: "order" },
};

function hex(words: Uint32Array): string {
  return [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");
}

// The known answers that the authors' Random123 publishes for philox4x32-10.
Deno.test("philox: the published test vectors", () => {
  const block = (counter: number[], key: number[]): string =>
    hex(philox(Uint32Array.from(counter), Uint32Array.from(key), new Uint32Array(4)));
  const ones = 0xffffffff;
  assertEquals(block([0, 0, 0, 0], [0, 0]), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assertEquals(
    block([ones, ones, ones, ones], [ones, ones]),
    "408f276d 41c83b0e a20bc7c6 6d5451fd",
  );
  assertEquals(
    block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

Deno.test("philox: equals the definition in exact arithmetic", () => {
  const word = fc.nat(0xffffffff);
  fc.assert(fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
    const found = philox(Uint32Array.from(counter), Uint32Array.from(key), new Uint32Array(4));
    assertEquals([...found], slowPhilox(counter, key));
  }));
});

/** The same with BigInt, straight from the paper. */
function slowPhilox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n] = counter.map(BigInt);
  let [k0 = 0n, k1 = 0n] = key.map(BigInt);
  const low = (value: bigint): bigint => value & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, low(p1), (p0 >> 32n) ^ c3 ^ k1, low(p0)];
    k0 = low(k0 + 0x9e3779b9n);
    k1 = low(k1 + 0xbb67ae85n);
  }
  return [c0, c1, c2, c3].map(Number);
}

Deno.test("rng: a stream's numbers never change between versions", () => {
  const rng = makeRng(ID);
  const numbers = [rng(), rng(), rng.normal(), rng.int(1000), rng.int(2 ** 40)];
  assertEquals(numbers, GOLDEN);
  assertEquals(makeRng(ID).shuffle([0, 1, 2, 3, 4, 5, 6, 7]), GOLDEN_ORDER);
});

Deno.test("rng: the same id gives the same numbers, and any other one others", () => {
  const first = (id: StreamId): number[] => {
    const rng = makeRng(id);
    return [rng(), rng()];
  };
  assertEquals(first(ID), first({ ...ID }));
  const others: StreamId[] = [
    { ...ID, seed: 2 },
    { ...ID, job: "jo" },
    { ...ID, phase: "exit" },
    { ...ID, epoch: 4 },
    { ...ID, task: "trai" },
    { ...ID, node: "worker_0" },
    { ...ID, name: "norder" },
    { ...ID, task: "train,", node: "" },
  ];
  for (const other of others) assertNotEquals(first(other), first(ID));
});

Deno.test("rng: numbers are spread evenly, and normal ones normally", () => {
  const rng = makeRng(ID);
  const count = 100_000;
  let sum = 0;
  let normalSum = 0;
  let squares = 0;
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < count; i++) {
    const value = rng();
    assert(value >= 0 && value < 1);
    sum += value;
    const normal = rng.normal();
    normalSum += normal;
    squares += normal ** 2;
    const bucket = rng.int(10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  assert(Math.abs(sum / count - 0.5) < 0.005);
  assert(Math.abs(normalSum / count) < 0.02);
  assert(Math.abs(squares / count - 1) < 0.02);
  const chiSquare = buckets.reduce((all, n) => all + (n - count / 10) ** 2 / (count / 10), 0);
  assert(chiSquare < 27.9, `${chiSquare}`); // 0.1 % of fair dice are worse
});

Deno.test("rng: int keeps below its bound, whatever that is, and refuses others", () => {
  const rng = makeRng(ID);
  fc.assert(fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (below) => {
    const value = rng.int(below);
    assert(Number.isSafeInteger(value) && value >= 0 && value < below);
  }));
  for (const below of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => rng.int(below), RangeError, String(below));
  }
});

Deno.test("rng: shuffle keeps all items, in place", () => {
  fc.assert(fc.property(fc.array(fc.integer()), (items) => {
    const copy = [...items];
    const shuffled = makeRng(ID).shuffle(copy);
    assert(shuffled === copy);
    assertEquals([...shuffled].sort((a, b) => a - b), [...items].sort((a, b) => a - b));
  }));
});

const GOLDEN: readonly number[] = [
  0.9289860632884605,
  0.0043226479200252355,
  0.3447404395779514,
  275,
  921140192109,
];
const GOLDEN_ORDER: readonly number[] = [1, 5, 2, 3, 4, 7, 0, 6];
