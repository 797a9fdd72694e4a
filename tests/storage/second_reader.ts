// A reader of Tidemark's checkpoints that was written from FORMAT.md, over nothing but cbor2.
import { decode, Tag } from "cbor2";

const ARRAYS = {
  ...{
    64: Uint8Array,
    68: Uint8ClampedArray,
    69: Uint16Array,
    70: Uint32Array,
    71: BigUint64Array,
  },
  ...{ 72: Int8Array, 77: Int16Array, 78: Int32Array, 79: BigInt64Array },
  ...{ 84: Float16Array, 85: Float32Array, 86: Float64Array },
};
type ArrayTag = keyof typeof ARRAYS;

interface Blob {
  absent?: true;
  type: { kind: string; tag: ArrayTag; shape?: number[] };
  bytes: number;
  inline?: Uint8Array;
  blocks: [number, number, number, number][];
}

const array = (tag: ArrayTag, bytes: Uint8Array) => new ARRAYS[tag](bytes.slice().buffer);
const tensor = (shape: unknown, data: unknown) => ({ shape, data });

/** The value of a CBOR item that cbor2 has decoded as far as it goes. */
function plain(item: unknown): unknown {
  if (item instanceof Uint8Array) return item.slice().buffer;
  if (Array.isArray(item)) return item.map(plain);
  if (item instanceof Map) return new Map([...item].map(([key, of]) => [plain(key), plain(of)]));
  if (!(item instanceof Tag)) {
    const isObject = item !== null && Object.getPrototypeOf(item ?? 0) === Object.prototype;
    if (!isObject) return item;
    return Object.fromEntries(Object.entries(item as object).map(([key, of]) => [key, plain(of)]));
  }
  const { tag, contents } = item;
  if (tag === 40) return tensor(...(contents as unknown[]).map(plain) as [unknown, unknown]);
  if (tag === 44252) return new DataView((contents as Uint8Array).slice().buffer);
  return array(Number(tag) as ArrayTag, contents as Uint8Array);
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
  const read = ({ absent, type, bytes, inline, blocks }: Blob) => {
    if (absent) return "absent";
    const all = inline ?? new Uint8Array(bytes);
    (blocks ?? []).forEach(([pack, offset, length], index) =>
      all.set(files[pack]!.subarray(offset, offset + length), index * 262_144)
    );
    if (type.kind === "cbor") return plain(decode(all, { tags: undefined }));
    if (type.kind === "bytes") return all.slice().buffer;
    return type.shape ? tensor(type.shape, array(type.tag, all)) : array(type.tag, all);
  };
  const each = <A, B>(of: Record<string, A>, to: (a: A) => B) =>
    Object.fromEntries(Object.entries(of).map(([name, a]) => [name, to(a)]));
  return each(nodes, (blobs) => each(blobs, read));
}
