/**
 * The envelope of every record: what it is, its format version, and a SHA-256 over all of it.
 *
 * @module
 */
import { hash } from "node:crypto";
import { DamagedError, UnsupportedVersionError } from "./errors.ts";
import {
  compareBytes,
  decodeRecord,
  joinBytes,
  MOST_SHOWN,
  type RecordMap,
  type RecordValue,
} from "./record_cbor.ts";
import { encodeRecord, encodeUnsummed } from "./record_writer.ts";
import { type UnsummedRecord, type UnsummedValue, withSums } from "./unsummed.ts";

/** The version of the format that this code writes, and the only one that it reads. */
export const FORMAT_VERSION = 1;

/** The kinds of record. */
export type RecordKind =
  | "job"
  | "attempt"
  | "parent"
  | "manifest"
  | "removal"
  | "pin"
  | "ask"
  | "hold"
  | "log"
  | "entries";

const PREFIX = "tidemark.";
const ARRAY_OF_FOUR = 0x84;
/** The head of a byte string of 32 bytes, and those bytes. */
export const SEAL_BYTES = 34;
const SEAL_HEAD = Uint8Array.of(0x58, 0x20);

/** Seals a record: an array of its kind, its version, its body, and the SHA-256 of the bytes before. */
export function seal(kind: RecordKind, body: RecordMap): Uint8Array<ArrayBuffer> {
  const sealed = encodeRecord([PREFIX + kind, FORMAT_VERSION, body]);
  sealed[0] = ARRAY_OF_FOUR;
  return joinBytes([sealed, SEAL_HEAD, sha256(sealed)]);
}

/** A record that is still to be sealed, as the sums of blocks are missing in its body. */
export function unsealed(
  kind: RecordKind,
  body: ReadonlyMap<string, UnsummedValue>,
): UnsummedRecord {
  const record = encodeUnsummed([PREFIX + kind, FORMAT_VERSION, body]);
  // The seal is a fourth item.
  record.bytes[0] = ARRAY_OF_FOUR;
  return record;
}

/** Seals such a record, with the sums of all blocks that are written with it. */
export function sealWith(
  record: UnsummedRecord,
  sums: readonly number[],
): Uint8Array<ArrayBuffer> {
  return withSums(record, sums, sha256);
}

/**
 * Opens a sealed record, and gives its body.
 *
 * @throws {DamagedError} Where it is not what was sealed, or of another kind.
 * @throws {UnsupportedVersionError} Where it is whole, and of another version.
 */
export function unseal(kind: RecordKind, object: string, bytes: Uint8Array): RecordMap {
  const end = bytes.byteLength - SEAL_BYTES;
  const expected = `a sealed ${PREFIX}${kind} record`;
  if (end < 1) throw new DamagedError(object, expected, `${bytes.byteLength} bytes`);
  const sealed = bytes.subarray(0, end);
  const head = bytes.subarray(end, end + SEAL_HEAD.byteLength);
  if (compareBytes(head, SEAL_HEAD) !== 0) {
    throw new DamagedError(object, expected, "no seal at its end");
  }
  const found = sha256(sealed);
  const written = bytes.subarray(end + SEAL_HEAD.byteLength);
  if (compareBytes(found, written) !== 0) {
    throw new DamagedError(object, `the SHA-256 ${hex(written)}`, hex(found));
  }
  return openWhole(kind, object, bytes, expected);
}

function openWhole(
  kind: RecordKind,
  object: string,
  bytes: Uint8Array,
  expected: string,
): RecordMap {
  // A later version may use more of CBOR than this reader knows, but not before its number.
  const version = versionOf(bytes);
  if (version !== undefined && version !== FORMAT_VERSION) {
    throw new UnsupportedVersionError(object, version, FORMAT_VERSION);
  }
  let record: RecordValue;
  try {
    record = decodeRecord(bytes);
  } catch (error) {
    throw new DamagedError(object, expected, messageOf(error), { cause: error });
  }
  if (!Array.isArray(record) || record.length !== 4) {
    throw new DamagedError(object, expected, "no array of four");
  }
  const [name, , body] = record as readonly RecordValue[];
  if (name !== PREFIX + kind) {
    const found = JSON.stringify(name)?.slice(0, MOST_SHOWN);
    throw new DamagedError(object, expected, `a ${found} record`);
  }
  if (!(body instanceof Map)) throw new DamagedError(object, expected, "a body that is no map");
  return body;
}

/** The version in a record's first bytes; `undefined` where they are no record's. */
function versionOf(bytes: Uint8Array): number | undefined {
  const kindHead = bytes[1] ?? 0;
  if (bytes[0] !== ARRAY_OF_FOUR || kindHead >> 5 !== 3 || (kindHead & 31) > 23) return undefined;
  const at = 2 + (kindHead & 31);
  const first = bytes[at] ?? 0xff;
  if (first < 24) return first;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (first === 24 && at + 1 < bytes.byteLength) return view.getUint8(at + 1);
  if (first === 25 && at + 2 < bytes.byteLength) return view.getUint16(at + 1);
  return undefined;
}

/** In one call, of which a text is what costs least: a hash that is fed makes a stream first. */
function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.fromHex(hash("sha256", bytes, "hex"));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
