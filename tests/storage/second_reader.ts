// A reader of Tidemark's checkpoints that was written from FORMAT.md, over nothing but cbor2.
import { decode, Tag } from "cbor2";

type Type = { kind: string; tag: number; shape?: number[] };
type Blocks = [pack: number, offset: number, length: number, crc32: number][];
type Blob = { absent?: true; type: Type; bytes: number; inline?: Uint8Array; blocks?: Blocks };

const ARRAYS: Record<number, new (buffer: ArrayBuffer) => unknown> = {
  ...{ 64: Uint8Array, 68: Uint8ClampedArray, 69: Uint16Array, 70: Uint32Array, 72: Int8Array },
  ...{ 71: BigUint64Array, 77: Int16Array, 78: Int32Array, 79: BigInt64Array, 84: Float16Array },
  ...{ 85: Float32Array, 86: Float64Array, 44252: DataView },
};
const each = <A, B>(of: Record<string, A>, to: (a: A) => B) =>
  Object.fromEntries(Object.entries(of).map(([name, a]) => [name, to(a)]));

/** The value of a CBOR item: a map without a tag is an object, bytes without one a buffer. */
function plain(item: unknown): unknown {
  if (item instanceof Uint8Array) return item.slice().buffer;
  if (Array.isArray(item)) return item.map(plain);
  if (item instanceof Map) {
    return Object.fromEntries([...item].map(([k, v]) => [plain(k), plain(v)]));
  }
  return item instanceof Tag ? tagged(Number(item.tag), item.contents as never) : item;
}

function tagged(tag: number, of: never): unknown {
  if (ARRAYS[tag]) return new ARRAYS[tag](plain(of) as ArrayBuffer);
  const entries = () =>
    [...of as Map<never, never>].map(([k, v]) => [plain(k), plain(v)] as number[]);
  if (tag === 1) return new Date(Math.round(of * 1000));
  if (tag === 1001) {
    return new Date(entries().reduce((ms, [k, v]) => ms + (k === 1 ? 1e3 * v! : v!), 0));
  }
  if (tag === 2) return BigInt(`0x0${(of as Uint8Array).toHex()}`);
  if (tag === 3) return -1n - BigInt(`0x0${(of as Uint8Array).toHex()}`);
  if (tag === 40) return { shape: of[0], data: plain(of[1]) };
  if (tag === 258) return new Set(plain(of) as unknown[]);
  if (tag === 259) return new Map(entries() as never);
  if (tag === 273) return wtf8([...of as Uint8Array]);
  throw new Error(`tag ${tag}`);
}

/** WTF-8: each character's bits without the marks of its first byte and of those that follow. */
function wtf8([first, ...rest]: number[]): string {
  if (first === undefined) return "";
  const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  const bits = rest.slice(0, more).reduce(
    (all, byte) => all << 6 | byte & 63,
    first & 0x7f >> more,
  );
  return String.fromCodePoint(more === 0 ? first : bits) + wtf8(rest.slice(more));
}

/** All blobs of a manifest, by node and name. */
export async function readCheckpoint(folder: string, manifest: string) {
  const sealed = await Deno.readFile(`${folder}/${manifest}`);
  const [kind, version, body, seal] = decode(sealed) as [string, number, never, Uint8Array];
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed.slice(0, -34)));
  if (kind !== "tidemark.manifest" || version !== 1 || `${sum}` !== `${seal}`) {
    throw new Error(kind);
  }
  const { packs, nodes } = body as { packs: string[]; nodes: Record<string, Record<string, Blob>> };
  const files = await Promise.all(packs.map((pack) => Deno.readFile(`${folder}/${pack}`)));
  const read = ({ absent, type, bytes, inline, blocks = [] }: Blob) => {
    if (absent) return "absent";
    const all = inline ?? new Uint8Array(bytes);
    blocks.forEach(([pack, at, n], i) => all.set(files[pack]!.subarray(at, at + n), i * 262_144));
    if (type.kind === "cbor") {
      return plain(decode(all, { ignoreGlobalTags: true, preferMap: true }));
    }
    if (type.kind === "bytes") return all.slice().buffer;
    const data = new ARRAYS[type.tag]!(all.slice().buffer);
    return type.shape ? { shape: type.shape, data } : data;
  };
  return each(nodes, (blobs) => each(blobs, read));
}
