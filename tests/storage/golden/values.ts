/** What the golden store holds. */
export const GOLDEN: Readonly<Record<string, unknown>> = {
  large: Float32Array.from({ length: 1500 }, (_, index) => index / 2),
  tensor: { shape: [2, 3], data: new Float64Array([1, -0, NaN, Infinity, 5, 6]) },
  bytes: new Uint8Array([1, 2, 3]).buffer,
  view: new DataView(new Uint8Array([4, 5]).buffer),
  longs: new BigInt64Array([1n, -1n]),
  halves: new Float16Array([1.5, -0]),
  number: -0,
  integer: 2 ** 40,
  bigint: -(2n ** 70n),
  text: "tide\u{1f30a}",
  lone: "\ud800",
  map: new Map<unknown, unknown>([["a", new Set([1, "b"])], [2, new Date(1_700_000_000_123)]]),
  object: { b: [undefined, null, true], a: { nested: new Int16Array([1, -2]) } },
  nothing: undefined,
  empty: new Float32Array(),
};

/** The metrics of its first epoch. */
export const METRICS: Readonly<Record<string, number>> = {
  "main/number": NaN,
  "main/integer": 2 ** 40,
};
