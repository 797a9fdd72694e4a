/**
 * What a job was when an attempt was started, as whoever runs it describes it: in texts of two names
 * and a field each. This layer keeps them, and does not read them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Fields, MAX_TEXT } from "./fields.ts";
import type { RecordMap, RecordValue } from "./record_cbor.ts";
import { encodeRecord } from "./record_writer.ts";
import { mapOf } from "./run_codec.ts";

/** Texts by a part of a job, a name in it, and a field. */
export type JobParts = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
>;

/** A job's description, as a record has it. */
export interface JobDescription {
  /** The SHA-256 of its parts as they are encoded, in hexadecimal: the same for the same job. */
  readonly sha256: string;
  /** Its parts; none where they are too large to be kept. */
  readonly parts: JobParts | undefined;
}

/** The largest encoded parts that are kept. */
const MAX_PARTS_BYTES = 4 * 1024 * 1024;
/** The most names in a map of a description. */
const MAX_NAMES = 100_000;

/** A description of parts, whose order does not matter. */
export function makeDescription(parts: JobParts): JobDescription {
  const bytes = encodeRecord(encodeParts(parts), Infinity);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { sha256, parts: bytes.byteLength > MAX_PARTS_BYTES ? undefined : parts };
}

/** A description as a record has it. */
export function encodeDescription({ sha256, parts }: JobDescription): RecordMap {
  const map = new Map<string, RecordValue>([["sha256", Uint8Array.fromHex(sha256)]]);
  if (parts !== undefined) map.set("parts", encodeParts(parts));
  return map;
}

/** Reads a description. */
export function parseDescription(fields: Fields): JobDescription {
  const sum = fields.bytes("sha256", 32);
  if (sum.byteLength !== 32) {
    throw fields.damaged("sha256", "32 bytes", `${sum.byteLength} bytes`);
  }
  const parts = fields.has("parts") ? parseParts(fields) : undefined;
  fields.end();
  return { sha256: sum.toHex(), parts };
}

function encodeParts(parts: JobParts): RecordMap {
  return mapOf(parts, (names) => mapOf(names, (fields) => mapOf(fields, (text) => text)));
}

function parseParts(fields: Fields): JobParts {
  return fields.record(
    "parts",
    MAX_NAMES,
    (parts, part) =>
      parts.record(
        part,
        MAX_NAMES,
        (names, name) => names.record(name, MAX_NAMES, (texts, text) => texts.text(text, MAX_TEXT)),
      ),
  );
}
