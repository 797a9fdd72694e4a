// Values (FORMAT.md, section 5), and the part of CBOR that records use.
import { type MtAiValue, SequenceEvents } from "cbor2";

/** Something is missing, short, or other than its sum or the format says. */
export class Damage extends Error {}
/** A map of names, without a prototype. */
export type Named<T> = Record<string, T>;
/** Bytes. */
export type Bytes = Uint8Array<ArrayBuffer>;
/** How a blob's bytes are to be read. */
export type Type = { kind: string; tag?: number; shape?: number[]; is?: string };

/** Throws `Damage`, if that does not hold. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Damage(what);
}

// CBOR: a record has neither tags nor `undefined`, and maps with sorted text keys.
class Pairs {
  constructor(readonly all: [unknown, unknown][]) {}
}
class Tagged {
  constructor(readonly tag: number, readonly content: unknown) {}
}

/** The one item that the bytes are. */
export function parse(bytes: Bytes, in_record: boolean): unknown {
  const stream = new SequenceEvents(bytes, { requirePreferred: true, maxDepth: 4000 });
  const tokens = stream[Symbol.iterator]();
  function item(depth: number): unknown {
    must(depth <= (in_record ? 12 : 1500), "nested too deep");
    const [major, info, value, offset] = tokens.next().value as MtAiValue;
    const count = Number(value);
    must(info !== 31, "an indefinite length");
    if (major < 2) must(Number.isSafeInteger(value), "an integer of more than 53 bits");
    if (major === 2) return (value as Bytes).slice();
    if (major > 3 && major < 6) must(count <= bytes.length, "more items than bytes");
    if (major === 4) return Array.from({ length: count }, () => item(depth + 1));
    if (major === 5) {
      const all = Array.from({ length: count }, () => [item(depth + 1), item(depth + 1)]);
      return in_record ? sorted(all) : new Pairs(all as [unknown, unknown][]);
    }
    if (major === 6) must(!in_record, "a tag in a record");
    if (major === 6) return new Tagged(count, item(depth + 1));
    if (major === 7 && info !== 27) {
      must(info >= 20 && info <= (in_record ? 22 : 23), "a short float");
    }
    if (major === 7 && info === 27) {
      must(!Number.isSafeInteger(value) || Object.is(value, -0), "a float that is an integer");
      const nan = new DataView(bytes.buffer, bytes.byteOffset + offset + 1).getBigUint64(0);
      must(!Number.isNaN(value) || nan === 0x7ff8n << 48n, "another NaN");
    }
    return value;
  }
  return refused_as_damage(() => {
    const root = item(0);
    must(tokens.next().done === true, "more than one item");
    return root;
  });
}

function refused_as_damage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Damage ? error : new Damage(`it cannot be read: ${error}`);
  }
}

function sorted(pairs: unknown[][]): Named<unknown> {
  const map: Named<unknown> = Object.create(null);
  let last = "";
  for (const [key, value] of pairs) {
    must(typeof key === "string", "a key that is no text");
    const utf8 = new TextEncoder().encode(key);
    const order = utf8.length.toString().padStart(9, "0") + utf8.toHex(); // as the encoded heads sort
    must(order > last, "keys out of order");
    [last, map[key]] = [order, value];
  }
  return map;
}

// Values: what an item stands for. Whatever has another encoding, too, is refused.
type Elements = {
  BYTES_PER_ELEMENT: number;
  new (bytes: ArrayBuffer): ArrayBufferView & { length: number };
};
const arrays: ReadonlyMap<unknown, Elements> = new Map<unknown, Elements>([
  [64, Uint8Array],
  [68, Uint8ClampedArray],
  [69, Uint16Array],
  [70, Uint32Array],
  [71, BigUint64Array],
  [72, Int8Array],
  [77, Int16Array],
  [78, Int32Array],
  [79, BigInt64Array],
  [84, Float16Array],
  [85, Float32Array],
  [86, Float64Array],
]);

function elements(tag: number, bytes: unknown) {
  const kind = arrays.get(tag);
  must(kind !== undefined && bytes instanceof Uint8Array, "an unknown tag");
  must(bytes.length % kind.BYTES_PER_ELEMENT === 0, "a part of an element");
  return new kind(bytes.slice().buffer);
}

const size_of = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

function tensor(shape: unknown, tag: number, bytes: unknown) {
  const data = elements(tag, bytes);
  must(is_shape(shape) && size_of(shape) === data.length, "a wrong shape");
  return { shape, data };
}

function value_of(item: unknown, depth = 0): unknown {
  const inner = (x: unknown) => value_of(x, depth + 1);
  const is_object = item instanceof Tagged
    ? ![2, 3, 273].includes(item.tag)
    : Object(item) === item;
  must(depth < 500 || !is_object, "nested too deep");
  if (item instanceof Uint8Array) return item.slice().buffer;
  if (Array.isArray(item)) return item.map(inner);
  if (item instanceof Pairs) return object_of(item.all, inner);
  if (!(item instanceof Tagged)) return item;
  const { tag, content } = item;
  if (tag === 273) return text(item);
  if (tag === 2 || tag === 3) {
    must(content instanceof Uint8Array && content[0] !== 0, "a bigint with zeros");
    const magnitude = BigInt("0x0" + content.toHex());
    return tag === 2 ? magnitude : -1n - magnitude;
  }
  if (tag === 258 && Array.isArray(content)) {
    return counted(new Set(content.map(inner)), content);
  }
  if (tag === 259 && content instanceof Pairs) {
    const keys = content.all.map(([key]) => key);
    return counted(new Map(content.all.map(([k, v]) => [inner(k), inner(v)])), keys);
  }
  if (tag === 1 || tag === 1001) return date(tag, content);
  if (tag === 44252 && content instanceof Uint8Array) return new DataView(content.slice().buffer);
  if (tag !== 40) return elements(tag, content);
  must(Array.isArray(content) && content.length === 2, "a wrong tensor");
  const [shape, array] = content;
  must(array instanceof Tagged, "a wrong tensor");
  return tensor(shape, array.tag, array.content);
}

function object_of(pairs: [unknown, unknown][], inner: (item: unknown) => unknown): object {
  const keys = pairs.map(([key]) => text(key));
  const object: Named<unknown> = {};
  for (const [i, [, item]] of pairs.entries()) {
    const property = { value: inner(item), writable: true, enumerable: true, configurable: true };
    Object.defineProperty(object, keys[i]!, property);
  }
  const own = Object.keys(object);
  must(
    own.length === keys.length && own.every((key, i) => key === keys[i]),
    "keys twice or in no object's order",
  );
  const { shape, data } = object as { shape: unknown; data: { length: number } };
  const is_tensor = own.join() === "shape,data" && is_shape(shape) && ArrayBuffer.isView(data) &&
    !(data instanceof DataView) && size_of(shape) === data.length;
  must(!is_tensor, "a tensor without its tag");
  return object;
}

function counted<T extends { size: number }>(made: T, items: unknown[]): T {
  must(
    made.size === items.length && !items.some((key) => Object.is(key, -0)),
    "an entry twice, or -0",
  );
  return made;
}

function text(item: unknown): string {
  if (!(item instanceof Tagged)) must(typeof item === "string", "a key that is no text");
  if (typeof item === "string") return item;
  const { tag, content } = item as Tagged;
  must(tag === 273 && content instanceof Uint8Array, "a key that is no text");
  const parts = content.toHex().match(/../g)?.join(" ").split(/(ed [ab]. ..)/) ?? [];
  const read = parts.map((part, i) => {
    const [, b = 0, c = 0] = part.split(" ").map((hex) => parseInt(hex, 16));
    if (i % 2 === 1) return String.fromCharCode(0xd000 | (b & 63) << 6 | c & 63);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.fromHex(part.replaceAll(" ", "")),
    );
  }).join("");
  must(
    !read.isWellFormed() && [...read].filter((c) => !c.isWellFormed()).length === parts.length >> 1,
    "a pair",
  );
  return read;
}

function date(tag: number, content: unknown): Date {
  const pairs = tag === 1 ? [[1, content], [-3, 0]] : content instanceof Pairs ? content.all : [];
  const [[one, seconds] = [], [three, rest] = []] = pairs;
  must(pairs.length === 2 && one === 1 && three === -3, "a wrong Date");
  must(typeof seconds === "number" && typeof rest === "number", "a wrong Date");
  const ms = tag === 1 ? Math.round(seconds * 1000) : seconds * 1000 + rest;
  const is_exact = Object.is(Math.round(ms / 1000 * 1000), ms);
  must(Object.is(new Date(ms).getTime(), ms), "a wrong Date");
  const is_short = is_exact && Object.is(ms / 1000, seconds);
  const is_long = !is_exact && Number.isSafeInteger(seconds) && Number.isSafeInteger(rest) &&
    rest >= 0 && rest < 1000;
  must(tag === 1 ? is_short : is_long, "another form of a Date");
  return new Date(ms);
}

function name_of(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return Object.getPrototypeOf(value) === Object.prototype ? "object" : value.constructor.name;
}

/** Whether that is the shape of a tensor. */
export function is_shape(x: unknown): x is number[] {
  return Array.isArray(x) && x.length <= 32 &&
    x.every((side) => Number.isSafeInteger(side) && side >= 0 && !Object.is(side, -0));
}

/** The value that the bytes of a blob are. */
export function decode({ kind, tag, shape, is }: Type, bytes: Bytes): unknown {
  if (kind === "bytes") return bytes.slice().buffer;
  if (kind === "array") return shape ? tensor(shape, tag!, bytes) : elements(tag!, bytes);
  const value = refused_as_damage(() => value_of(parse(bytes, false)));
  must(name_of(value) === is, `a value that is no ${is}: ${name_of(value)}`);
  return value;
}
