/**
 * A run's state in records.
 *
 * @module
 */
import { RecordBoundError } from "./errors.ts";
import { type Fields, MAX_KEY, MAX_TEXT } from "./fields.ts";
import { MAX_NUMBER } from "./layout.ts";
import type { RunState, SavedCursor, SavedDigests, SavedEnvironment } from "./manifest.ts";
import { joinBytes, type RecordMap, type RecordValue } from "./record_cbor.ts";
import { checkLength } from "./record_writer.ts";
import { encodeType, parseType } from "./ref_codec.ts";
import { decodeValue, encodeValue } from "./value/mod.ts";

/** The most params, conditions, cursors or stamps of a run. */
const MAX_NAMES = 100_000;
/** The most nodes of a job. */
export const MAX_NODES = 10_000;
/** The most migrations that a state has gone through. */
export const MAX_MIGRATED = 10_000;
const MAX_EMBEDDED_BYTES = 16 * 1024 * 1024;
const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** A param's value. */
export type SavedParam = number | string | boolean;

/** A run's state as a record has it. */
export function encodeRun(run: RunState): RecordMap {
  const map = new Map<string, RecordValue>([["seed", run.seed]]);
  if (run.stop !== undefined) map.set("stop", run.stop);
  map.set("branch", run.branch);
  map.set("params", encodeParams(run.params));
  map.set("stamps", mapOf(run.stamps, (value, name) => embed(value, `stamp ${name}`)));
  map.set("cursors", mapOf(run.cursors, (cursors) => mapOf(cursors, encodeCursor), MAX_NODES));
  if (run.derived !== undefined) map.set("derived", encodeDigests(run.derived));
  if (run.migrated !== undefined) map.set("migrated", encodeMigrated(run.migrated));
  map.set("elapsedMs", run.elapsedMs);
  map.set(
    "conditions",
    mapOf(run.conditions, (value, name) => embed(value, `condition ${name}`)),
  );
  map.set("environment", encodeEnvironment(run.environment));
  return map;
}

/** Reads a run's state. */
export function parseRun(fields: Fields): RunState {
  const stop = fields.has("stop") ? { stop: fields.text("stop") } : {};
  const run: RunState = {
    seed: fields.integer("seed", -MAX_SEED, MAX_SEED),
    branch: fields.integer("branch", 0, MAX_NUMBER),
    params: parseParams(fields),
    elapsedMs: fields.number("elapsedMs"),
    ...stop,
    ...parseDigests(fields),
    ...fields.has("migrated") ? { migrated: parseMigrated(fields) } : {},
    conditions: fields.record("conditions", MAX_NAMES, extract),
    cursors: fields.record(
      "cursors",
      MAX_NODES,
      (nodes, node) => nodes.record(node, MAX_NAMES, parseCursor),
    ),
    stamps: fields.record("stamps", MAX_NAMES, extract),
    environment: parseEnvironment(fields.fields("environment")),
  };
  fields.end();
  return run;
}

/** Params as a record has them. */
export function encodeParams(params: Readonly<Record<string, SavedParam>>): RecordMap {
  return mapOf(params, (value) => value);
}

/** Reads params. */
export function parseParams(fields: Fields): Record<string, SavedParam> {
  return fields.record("params", MAX_NAMES, (params, name) => {
    const value = params.value(name);
    if (typeof value === "string") return params.text(name, MAX_TEXT);
    if (typeof value === "number" || typeof value === "boolean") {
      return value;
    }
    throw params.damaged(name, "a number, text or boolean", "something else");
  });
}

/** An environment as a record has it. */
export function encodeEnvironment({ deno, arch, tidemark }: SavedEnvironment): RecordMap {
  for (const text of [deno, arch, tidemark]) checkLength(text, MAX_KEY);
  return new Map([["arch", arch], ["deno", deno], ["tidemark", tidemark]]);
}

/** Reads an environment. */
export function parseEnvironment(fields: Fields): SavedEnvironment {
  const environment = {
    deno: fields.text("deno", MAX_KEY),
    arch: fields.text("arch", MAX_KEY),
    tidemark: fields.text("tidemark", MAX_KEY),
  };
  fields.end();
  return environment;
}

/** A plain object as a map, each value encoded. */
export function mapOf<T, Encoded = RecordValue>(
  object: Readonly<Record<string, T>>,
  encode: (value: T, name: string) => Encoded,
  most: number = MAX_NAMES,
): ReadonlyMap<string, Encoded> {
  const names = Object.keys(object);
  checkCount("names", names.length, most);
  const map = new Map<string, Encoded>();
  for (const name of names) map.set(name, encode(object[name] as T, name));
  return map;
}

/** Throws where a record would have more of something than readers take. */
export function checkCount(unit: string, count: number, most: number): void {
  if (count > most) throw new RecordBoundError("a record", count, most, unit);
}

/** The digests of derived blobs as a record has them. */
export function encodeDigests(derived: SavedDigests): RecordMap {
  return mapOf(derived, (blobs) => mapOf(blobs, encodeDigest), MAX_NODES);
}

/** Reads the digests of derived blobs, where a record has them. */
export function parseDigests(fields: Fields): { readonly derived?: SavedDigests } {
  if (!fields.has("derived")) return {};
  const derived = fields.record(
    "derived",
    MAX_NODES,
    (nodes, node) => nodes.record(node, MAX_NAMES, parseDigest),
  );
  return { derived };
}

function encodeMigrated(names: readonly string[] | null): RecordValue {
  checkCount("migrations", names?.length ?? 0, MAX_MIGRATED);
  return names;
}

function parseMigrated(fields: Fields): readonly string[] | null {
  if (fields.value("migrated") === null) return null;
  return fields.array("migrated", MAX_MIGRATED).map((name, index) => {
    if (typeof name === "string") return name;
    throw fields.damaged(`migrated[${index}]`, "the name of a migration", typeof name);
  });
}

function encodeDigest(digest: string | null): RecordValue {
  return digest === null ? null : Uint8Array.fromHex(digest);
}

function parseDigest(blobs: Fields, name: string): string | null {
  const digest = blobs.value(name);
  if (digest === null) return null;
  if (digest instanceof Uint8Array && digest.byteLength === 32) return digest.toHex();
  throw blobs.damaged(name, "a digest of 32 bytes, or null", "something else");
}

function encodeCursor({ position, pass, length }: SavedCursor): RecordMap {
  return new Map([["pass", pass], ["length", length], ["position", position]]);
}

function parseCursor(cursors: Fields, name: string): SavedCursor {
  const fields = cursors.fields(name);
  const cursor = {
    position: fields.integer("position"),
    pass: fields.integer("pass"),
    length: fields.integer("length", -1),
  };
  fields.end();
  return cursor;
}

/** Any value that a blob may have, as its type and its bytes. */
function embed(value: unknown, name: string): RecordMap {
  const { type, parts, byteLength } = encodeValue(value, { name });
  if (byteLength > MAX_EMBEDDED_BYTES) {
    const mend = ": it is written with every save, so that a digest of it is to be given instead";
    throw new RecordBoundError(name, byteLength, MAX_EMBEDDED_BYTES, "bytes", mend);
  }
  return new Map<string, RecordValue>([["type", encodeType(type)], ["bytes", joinBytes(parts)]]);
}

function extract(values: Fields, name: string): unknown {
  const fields = values.fields(name);
  const type = parseType(fields.fields("type"));
  const bytes = fields.bytes("bytes", MAX_EMBEDDED_BYTES);
  fields.end();
  try {
    return decodeValue(type, bytes.slice(), { transfer: true });
  } catch (error) {
    throw fields.damaged("bytes", "an encoded value", String(error));
  }
}
