// Values of every kind that can be saved.
import fc from "fast-check";

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    -0,
    0,
    NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
    5e-324,
    23,
    24,
    255,
    256,
    65_536,
  ),
);

const dates = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(new Date(8.64e15), new Date(-8.64e15), new Date(8.64e15 - 1), new Date(1)),
).map((date) => new Date(date.getTime()));

const strings = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 300 }),
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 6 })
    .map((codes) => String.fromCharCode(...codes)), // halves of pairs among them
);

const leaves = fc.oneof(
  numbers,
  strings,
  dates,
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, undefined, 0n, -1n, 2n ** 64n, -(2n ** 64n), ""),
);

/** Typed arrays of every kind, some of them views on a part of their buffer. */
export const arrays: fc.Arbitrary<ArrayBufferView | ArrayBuffer> = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(12), fc.boolean())
  .map(([bytes, kind, isPart]) => {
    const whole = new Uint8Array(8 * Math.ceil(bytes.length / 8) + 16);
    whole.set(bytes, 8);
    const { buffer } = isPart ? whole : whole.slice(8, whole.length - 8);
    const at = isPart ? 8 : 0;
    const size = 8 * Math.floor(bytes.length / 8);
    switch (kind) {
      case 0:
        return new Int8Array(buffer, at, size);
      case 1:
        return new Uint8Array(buffer, at, size);
      case 2:
        return new Uint8ClampedArray(buffer, at, size);
      case 3:
        return new Int16Array(buffer, at, size / 2);
      case 4:
        return new Uint16Array(buffer, at, size / 2);
      case 5:
        return new Int32Array(buffer, at, size / 4);
      case 6:
        return new Uint32Array(buffer, at, size / 4);
      case 7:
        return new Float16Array(buffer, at, size / 2);
      case 8:
        return new Float32Array(buffer, at, size / 4);
      case 9:
        return new Float64Array(buffer, at, size / 8);
      case 10:
        return new BigInt64Array(buffer, at, size / 8);
      case 11:
        return new DataView(buffer, at, size);
      default:
        return whole.slice().buffer;
    }
  });

const tensors = fc.tuple(fc.nat(4), fc.nat(4))
  .map(([rows, columns]) => ({ shape: [rows, columns], data: new Float32Array(rows * columns) }));

/** Values of every kind, nested. */
export const values: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom("__proto__", "constructor", "0", "then", "shape"),
  );
  const entries = (of: fc.Arbitrary<unknown>): fc.Arbitrary<[unknown, unknown][]> =>
    fc.array(fc.tuple(of, tie("value")), { maxLength: 4 });
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaves,
      arrays,
      tensors,
      fc.array(tie("value"), { maxLength: 5 }),
      entries(key).map((pairs) => {
        const object: Record<string, unknown> = {};
        for (const [name, value] of pairs) {
          Object.defineProperty(object, name as string, {
            ...{ value, enumerable: true, writable: true, configurable: true },
          });
        }
        return object;
      }),
      entries(fc.oneof(leaves, tie("value"))).map((pairs) => new Map(pairs)),
      fc.array(fc.oneof(leaves, tie("value")), { maxLength: 4 }).map((items) => new Set(items)),
    ),
  };
}).value;

/** One array of an encoded value's parts. */
export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}
