// A reader of Tidemark's checkpoints that was written from FORMAT.md, over nothing but cbor2.
import { decode, Tag } from "cbor2";

interface Blob {
  absent?: true;
  type: { kind: string; tag: number; shape?: number[] };
  bytes: number;
  inline?: Uint8Array;
  blocks: [number, number, number, number][];
}

/** A typed array from its tag and bytes: cbor2 knows these tags but one. */
function array(tag: number, bytes: Uint8Array): unknown {
  if (tag === 84) return new Float16Array(bytes.slice().buffer);
  const item = new Uint8Array(7 + bytes.length);
  item.set([0xd8, tag, 0x5a]);
  new DataView(item.buffer).setUint32(3, bytes.length);
  item.set(bytes, 7);
  return decode(item);
}

/** The value of a CBOR item: cbor2 itself knows sets, dates and typed arrays. */
function plain(item: unknown): unknown {
  if (item instanceof Uint8Array) return item.slice().buffer;
  if (Array.isArray(item)) return item.map(plain);
  if (item instanceof Map) return new Map([...item].map(([key, of]) => [plain(key), plain(of)]));
  if (!(item instanceof Tag)) {
    return item?.constructor === Object ? each(item as Record<string, unknown>, plain) : item;
  }
  const contents = item.contents as never;
  if (item.tag === 40) return { shape: contents[0], data: contents[1] };
  return item.tag === 259 ? plain(contents) : new DataView(plain(contents) as ArrayBuffer);
}

const each = <A, B>(of: Record<string, A>, to: (a: A) => B) =>
  Object.fromEntries(Object.entries(of).map(([name, a]) => [name, to(a)]));

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
    if (type.kind === "cbor") return plain(decode(all));
    if (type.kind === "bytes") return all.slice().buffer;
    const data = array(type.tag, all);
    return type.shape ? { shape: type.shape, data } : data;
  };
  return each(nodes, (blobs) => each(blobs, read));
}
