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
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(13), fc.boolean())
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
        return new BigUint64Array(buffer, at, size / 8);
      case 12:
        return new DataView(buffer, at, size);
      default:
        return whole.slice().buffer;
    }
  });

const tensors = fc.tuple(fc.array(fc.nat(4), { maxLength: 3 }), fc.boolean())
  .map(([shape, isFloat]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return { shape, data: isFloat ? new Float32Array(length).fill(0.5) : new Int8Array(length) };
  });

const longOnes = fc.oneof(
  fc.integer({ min: 2_000, max: 9_000 }).map((length) => new Uint8Array(length).fill(7)),
  fc.integer({ min: 20, max: 9_000 }).map((length) => "a".repeat(length)),
  fc.integer({ min: 20, max: 9_000 }).map((length) => "é".repeat(length)),
  fc.integer({ min: 20, max: 9_000 }).map((length) => "\ud800x".repeat(length)),
);

function objectOf(pairs: readonly [unknown, unknown][]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of pairs) {
    const property = { value, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(object, name as string, property);
  }
  return object;
}

/** Values of every kind, nested. */
export const values: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom("__proto__", "constructor", "0", "10", "9", "01", "then", "shape", "data"),
    fc.constantFrom("4294967294", "4294967295", "-1", "\udc00"),
  );
  const entries = (of: fc.Arbitrary<unknown>): fc.Arbitrary<[unknown, unknown][]> =>
    fc.array(fc.tuple(of, tie("value")), { maxLength: 4 });
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { arbitrary: leaves, weight: 5 },
      { arbitrary: arrays, weight: 2 },
      tensors,
      { arbitrary: longOnes, weight: 1 },
      { arbitrary: fc.array(tie("value"), { maxLength: 5 }), weight: 3 },
      { arbitrary: entries(key).map(objectOf), weight: 4 },
      {
        arbitrary: entries(fc.oneof(leaves, tie("value"))).map((pairs) => new Map(pairs)),
        weight: 3,
      },
      {
        arbitrary: fc.array(fc.oneof(leaves, tie("value")), { maxLength: 4 })
          .map((items) => new Set(items)),
        weight: 2,
      },
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
