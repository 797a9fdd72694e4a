/**
 * Manifest refs and value types in records.
 *
 * @module
 */
import type { Fields } from "./fields.ts";
import { type ManifestRef, MAX_NUMBER, PHASES } from "./layout.ts";
import { isInteger, type RecordMap, type RecordValue } from "./record_cbor.ts";
import type { ValueType } from "./value/mod.ts";

/** What a value that is kept as CBOR may be. */
const CBOR_KINDS = [
  ...["null", "undefined", "boolean", "number", "string", "bigint"] as const,
  ...["object", "Array", "Map", "Set", "Date", "DataView"] as const,
] as const;
const MAX_DIMENSIONS = 32;
const MAX_TAG = 0xffff_ffff;

/** A ref as a record has it. */
export function encodeRef({ epoch, attempt, phase }: ManifestRef): RecordMap {
  return new Map<string, RecordValue>([["epoch", epoch], ["phase", phase], ["attempt", attempt]]);
}

/** Reads a ref's fields. */
export function parseRef(fields: Fields): ManifestRef {
  const ref = {
    epoch: fields.integer("epoch", 0, MAX_NUMBER),
    attempt: fields.integer("attempt", 1, MAX_NUMBER),
    phase: fields.choice("phase", PHASES),
  };
  fields.end();
  return ref;
}

/** What a blob's bytes stand for, as a record has it. */
export function encodeType(type: ValueType): RecordMap {
  const map = new Map<string, RecordValue>();
  if (type.kind === "cbor") map.set("is", type.is);
  if (type.kind === "array") map.set("tag", type.tag);
  map.set("kind", type.kind);
  if (type.kind === "array" && type.shape !== undefined) map.set("shape", [...type.shape]);
  return map;
}

/** Reads what a blob's bytes stand for. */
export function parseType(fields: Fields): ValueType {
  const kind = fields.choice("kind", ["array", "bytes", "cbor"]);
  const type: ValueType = kind === "bytes"
    ? { kind }
    : kind === "cbor"
    ? { kind, is: fields.choice("is", CBOR_KINDS) }
    : arrayType(fields);
  fields.end();
  return type;
}

function arrayType(fields: Fields): ValueType {
  const tag = fields.integer("tag", 0, MAX_TAG) as Extract<ValueType, { kind: "array" }>["tag"];
  if (!fields.has("shape")) return { kind: "array", tag };
  const shape = fields.array("shape", MAX_DIMENSIONS).map((size) => {
    if (typeof size === "number" && isInteger(size) && size >= 0) return size;
    throw fields.damaged("shape", "whole numbers", String(size));
  });
  return { kind: "array", tag, shape };
}
