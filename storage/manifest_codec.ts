/**
 * Manifests as sealed records.
 *
 * @module
 */
import { DamagedError, RecordBoundError } from "./errors.ts";
import { Fields } from "./fields.ts";
import { isSameRef, manifestName, type ManifestRef, mayName } from "./layout.ts";
import {
  type BlobEntry,
  BLOCK_BYTES,
  type BlockRef,
  INLINE_BYTES,
  type Manifest,
  MAX_MANIFEST_BYTES,
} from "./manifest.ts";
import { findOverlap } from "./overlap.ts";
import { isInteger, type RecordMap, type RecordValue } from "./record_cbor.ts";
import { encodeRef, encodeType, parseRef, parseType } from "./ref_codec.ts";
import { checkCount, encodeRun, mapOf, MAX_NODES, parseRun } from "./run_codec.ts";
import { FORMAT_VERSION, SEAL_BYTES, sealWith, unseal, unsealed } from "./seal.ts";
import { Items, SumHole, type UnsummedRecord, type UnsummedValue } from "./unsummed.ts";

const MAX_BLOBS = 1_000_000;
const MAX_BLOCKS = 4_000_000;
const MAX_PACKS = 1_000_000;
const MAX_CRC32 = 0xffff_ffff;

/** The most bytes that a CRC-32 takes. */
const SUM_BYTES = 5;

/**
 * Seals a manifest.
 *
 * @throws {RecordBoundError} Where it would be too large, or a text or name in it is too long.
 */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  return sealWith(unsealedManifest(manifest), []);
}

/**
 * A manifest that is still to be sealed.
 *
 * @param written The blocks whose sums are missing, with their index among them.
 * @throws {RecordBoundError} Where it would be too large, or a text or name in it is too long.
 */
export function unsealedManifest(
  manifest: Manifest,
  written: ReadonlyMap<BlockRef, number> = new Map(),
): UnsummedRecord {
  checkCount("packs", manifest.packs.length, MAX_PACKS);
  const packs = new Map(manifest.packs.map((pack, index) => [pack, index]));
  const encode = (blob: BlobEntry) => encodeBlob(blob, packs, written);
  // In the order in which they are written, as elsewhere: to order them takes longer.
  const body = new Map<string, UnsummedValue>([
    ["job", manifest.job ?? null],
    ["ref", encodeRef(manifest)],
    ["run", encodeRun(manifest.run)],
    [
      "nodes",
      mapOf<Record<string, BlobEntry>, UnsummedValue>(
        manifest.nodes,
        (blobs) => mapOf(blobs, encode, MAX_BLOBS),
        MAX_NODES,
      ),
    ],
    ["packs", manifest.packs],
    ["parent", manifest.parent === undefined ? null : encodeRef(manifest.parent)],
    ["metrics", mapOf(manifest.metrics, (value) => value, MAX_BLOBS)],
    ["createdAtMs", manifest.createdAtMs],
  ]);
  const record = unsealed("manifest", body);
  const byteLength = record.bytes.byteLength + record.holes.length * SUM_BYTES + SEAL_BYTES;
  if (byteLength > MAX_MANIFEST_BYTES) {
    const mend = ". Save fewer or smaller blobs";
    throw new RecordBoundError("the manifest", byteLength, MAX_MANIFEST_BYTES, "bytes", mend);
  }
  return record;
}

/** A blob's entry as records have it; blocks name their packs by index. */
export function encodeBlob(entry: BlobEntry, packs: ReadonlyMap<string, number>): RecordMap;
/** The same, without the sums of blocks that are still to be written. */
export function encodeBlob(
  entry: BlobEntry,
  packs: ReadonlyMap<string, number>,
  written: ReadonlyMap<BlockRef, number>,
): ReadonlyMap<string, UnsummedValue>;
export function encodeBlob(
  entry: BlobEntry,
  packs: ReadonlyMap<string, number>,
  written?: ReadonlyMap<BlockRef, number>,
): ReadonlyMap<string, UnsummedValue> {
  if ("absent" in entry) return new Map([["absent", true]]);
  const map = new Map<string, UnsummedValue>([
    ["type", encodeType(entry.type)],
    ["bytes", entry.bytes],
    ["codec", entry.codec],
  ]);
  if (entry.inline !== undefined) map.set("inline", entry.inline);
  if (entry.blocks !== undefined) {
    map.set("blocks", encodeBlocks(entry.blocks, packs, written));
  }
  return map;
}

function encodeBlocks(
  blocks: readonly BlockRef[],
  packs: ReadonlyMap<string, number>,
  written: ReadonlyMap<BlockRef, number> | undefined,
): UnsummedValue {
  checkCount("blocks", blocks.length, MAX_BLOCKS);
  const item: [number, number, number, UnsummedValue] = [0, 0, 0, 0];
  return new Items(blocks.length, (index) => {
    const block = blocks[index];
    if (block === undefined) throw new RangeError(`there is no block ${index}`);
    const hole = written?.get(block);
    item[0] = packs.get(block.pack) ?? -1;
    item[1] = block.offset;
    item[2] = block.length;
    item[3] = hole === undefined ? block.crc32 : new SumHole(hole);
    return item;
  });
}

/**
 * Opens and checks a manifest that was found under the name of `ref`.
 *
 * @throws {DamagedError} Where it is not what was once written there.
 * @throws {UnsupportedVersionError} Where it is of another version.
 */
export function decodeManifest(ref: ManifestRef, bytes: Uint8Array): Manifest {
  const object = manifestName(ref);
  const fields = new Fields(object, "", unseal("manifest", object, bytes));
  const named = parseRef(fields.fields("ref"));
  if (!isSameRef(named, ref)) {
    throw new DamagedError(object, "its own manifest", `that of ${manifestName(named)}`);
  }
  const job = fields.value("job") === null ? undefined : fields.text("job", 256);
  const parent = fields.value("parent") === null ? undefined : parseRef(fields.fields("parent"));
  const packs = parsePacks(fields, ref);
  const manifest: Manifest = {
    ...ref,
    version: FORMAT_VERSION,
    job,
    parent,
    createdAtMs: fields.number("createdAtMs"),
    run: parseRun(fields.fields("run")),
    metrics: fields.record("metrics", MAX_BLOBS, (metrics, name) => metrics.number(name)),
    packs,
    nodes: fields.record(
      "nodes",
      MAX_NODES,
      (nodes, node) =>
        nodes.record(node, MAX_BLOBS, (blobs, blob) => parseBlob(blobs.fields(blob), packs)),
    ),
  };
  fields.end();
  const twice = findOverlap(manifest.nodes);
  if (twice !== undefined) {
    const found = `two that share byte ${twice.offset} of ${twice.pack}`;
    throw new DamagedError(object, "blocks of which each has bytes of its own", found);
  }
  return manifest;
}

/** The names of packs, none of which can lead out of the packs' folder. */
function parsePacks(fields: Fields, ref: ManifestRef): readonly string[] {
  return fields.array("packs", MAX_PACKS).map((name) => {
    if (typeof name === "string" && mayName(ref, name)) return name;
    throw fields.damaged("packs", "names of packs", JSON.stringify(name)?.slice(0, 300) ?? "none");
  });
}

/** Reads a blob's entry, of at most `mostInline` bytes in the record itself. */
export function parseBlob(
  fields: Fields,
  packs: readonly string[],
  mostInline: number = INLINE_BYTES,
): BlobEntry {
  if (fields.has("absent")) {
    if (!fields.boolean("absent")) throw fields.damaged("absent", "true", "false");
    fields.end();
    return { absent: true };
  }
  const bytes = fields.integer("bytes");
  const common = { type: parseType(fields.fields("type")), codec: fields.boolean("codec"), bytes };
  const where = fields.has("inline")
    ? { inline: parseInline(fields, bytes, mostInline) }
    : { blocks: parseBlocks(fields, bytes, packs) };
  fields.end();
  return { ...common, ...where };
}

function parseInline(fields: Fields, bytes: number, most: number): Uint8Array {
  const inline = fields.bytes("inline", most);
  if (inline.byteLength === bytes) return inline.slice();
  throw fields.damaged("inline", `${bytes} bytes`, `${inline.byteLength}`);
}

/** Every block but the last is a whole one, so that their number follows from the blob's size. */
function parseBlocks(fields: Fields, bytes: number, packs: readonly string[]): BlockRef[] {
  const blocks = fields.array("blocks", MAX_BLOCKS);
  if (blocks.length !== Math.ceil(bytes / BLOCK_BYTES)) {
    throw fields.damaged("blocks", `blocks of ${bytes} bytes`, `${blocks.length}`);
  }
  return blocks.map((block, index) => {
    const expected = Math.min(BLOCK_BYTES, bytes - index * BLOCK_BYTES);
    const [at, offset, length, crc32] = numbers(fields, block);
    const pack = packs[at];
    if (pack === undefined || length !== expected || crc32 > MAX_CRC32) {
      throw fields.damaged("blocks", `a block of ${expected} bytes`, `[${String(block)}]`);
    }
    return { pack, offset, length, crc32 };
  });
}

function numbers(fields: Fields, block: RecordValue): [number, number, number, number] {
  const isBlock = Array.isArray(block) && block.length === 4 &&
    block.every((number) => typeof number === "number" && isInteger(number) && number >= 0);
  if (isBlock) return block as unknown as [number, number, number, number];
  throw fields.damaged("blocks", "four whole numbers for each block", "something else");
}
