/**
 * Task logs as bytes: a CBOR sequence of byte strings, each of which is a sealed record.
 *
 * @module
 */
import { Fields } from "./fields.ts";
import { MAX_NUMBER, PHASES } from "./layout.ts";
import { encodeBlob, parseBlob } from "./manifest_codec.ts";
import { encodeHead, joinBytes, type RecordMap, type RecordValue } from "./record_cbor.ts";
import { checkLength } from "./record_writer.ts";
import { encodeRef, encodeType, parseRef, parseType } from "./ref_codec.ts";
import {
  checkCount,
  encodeDigests,
  encodeParams,
  mapOf,
  MAX_MIGRATED,
  parseDigests,
  parseParams,
} from "./run_codec.ts";
import { seal, unseal } from "./seal.ts";
import type {
  AppliedMigration,
  CursorTaken,
  LogEntry,
  LoggedPhase,
  LogHead,
  LogSource,
} from "./task_entry.ts";
import { parseLogName } from "./task_log_names.ts";

/** The largest record of a log. */
export const MAX_LOG_RECORD_BYTES = 256 * 1024 * 1024;
/** The most bytes of logs that are read for one start, and so the most that are written after a state. */
export const MAX_LOG_BYTES = 2 * 1024 ** 3 - 1;
/** What a task has written lies in the log itself up to this size, and in a pack of the log beyond it. */
export const LOG_INLINE_BYTES = 256 * 1024;
const MAX_ENTRIES = 1_000_000;
const MAX_SOURCES = 100_000;
const MAX_ID = 1024;
/** The longest digest of code. */
const MAX_CODE = 64;
const MAX_OUTPUTS = 100_000;
const LOGGED_PHASES: readonly LoggedPhase[] = ["init", ...PHASES];

/** One item of a log: the head of a byte string, and a sealed record. */
function framed(record: Uint8Array): Uint8Array<ArrayBuffer> {
  return joinBytes([encodeHead(2, record.byteLength), record]);
}

/** The first item of a log. */
export function encodeLogHead(head: LogHead): Uint8Array<ArrayBuffer> {
  checkCount("sources", head.sources.length, MAX_SOURCES);
  checkCount("migrations", head.migrated?.length ?? 0, MAX_MIGRATED);
  return framed(seal(
    "log",
    new Map<string, RecordValue>([
      ["attempt", head.attempt],
      ["after", head.after === undefined ? null : encodeRef(head.after)],
      ["branch", head.branch],
      ["seed", head.seed],
      ["params", encodeParams(head.params)],
      ["sources", head.sources.map(({ name, bytes }): RecordValue => [name, bytes])],
      ...head.derived === undefined ? [] : [["derived", encodeDigests(head.derived)] as const],
      ...head.migrated === undefined
        ? []
        : [["migrated", head.migrated.map(({ name, code }) => [name, code])] as const],
    ]),
  ));
}

/** Reads the first item's record. */
export function decodeLogHead(object: string, bytes: Uint8Array): LogHead {
  const fields = new Fields(object, "", unseal("log", object, bytes));
  const head: LogHead = {
    attempt: fields.integer("attempt", 1, MAX_NUMBER),
    after: fields.value("after") === null ? undefined : parseRef(fields.fields("after")),
    branch: fields.integer("branch", 0, MAX_NUMBER),
    seed: fields.integer("seed", -Number.MAX_SAFE_INTEGER),
    params: parseParams(fields),
    ...parseDigests(fields),
    ...fields.has("migrated")
      ? { migrated: fields.array("migrated", MAX_MIGRATED).map((one) => parseApplied(fields, one)) }
      : {},
    sources: fields.array("sources", MAX_SOURCES).map((source) => parseSource(fields, source)),
  };
  fields.end();
  return head;
}

function parseApplied(fields: Fields, applied: RecordValue): AppliedMigration {
  const [name, code] = Array.isArray(applied) ? applied as readonly RecordValue[] : [];
  const isOne = typeof name === "string" && typeof code === "string" && code.length <= 64;
  if (isOne) return { name, code };
  throw fields.damaged("migrated", "names of migrations and digests", "something else");
}

function parseSource(fields: Fields, source: RecordValue): LogSource {
  const [name, bytes] = Array.isArray(source) ? source as readonly RecordValue[] : [];
  const isOne = typeof name === "string" && parseLogName(name)?.isPack === false &&
    typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 0;
  if (isOne) return { name, bytes };
  throw fields.damaged("sources", "names of logs and sizes", "something else");
}

/** A further item: entries, and the packs in which their blobs lie. */
export function encodeEntries(
  entries: readonly LogEntry[],
  packs: readonly string[],
): Uint8Array<ArrayBuffer> {
  checkCount("packs", packs.length, MAX_ENTRIES);
  checkCount("entries", entries.length, MAX_ENTRIES);
  const indices = new Map(packs.map((pack, index) => [pack, index]));
  return framed(seal(
    "entries",
    new Map<string, RecordValue>([
      ["packs", packs],
      ["entries", entries.map((entry) => encodeEntry(entry, indices))],
    ]),
  ));
}

function encodeEntry(entry: LogEntry, packs: ReadonlyMap<string, number>): RecordMap {
  const { kind, phase, epoch, id } = entry;
  checkLength(id, MAX_ID);
  if ("code" in entry) checkLength(entry.code, MAX_CODE);
  if ("cursors" in entry) checkCount("cursors", entry.cursors.length, MAX_OUTPUTS);
  if (entry.kind === "piece") {
    const { key, code, value: { type, bytes } } = entry;
    checkCount("bytes", bytes.byteLength, MAX_LOG_RECORD_BYTES);
    // In the order in which they are written, as a step is one of these alone: to order them takes longer.
    return new Map<string, RecordValue>([
      ["id", id],
      ["key", key],
      ["code", code],
      ["kind", kind],
      ["type", encodeType(type)],
      ["bytes", bytes],
      ["epoch", epoch],
      ["phase", phase],
    ]);
  }
  const map = new Map<string, RecordValue>([
    ["id", id],
    ["kind", kind],
    ["epoch", epoch],
    ["phase", phase],
  ]);
  switch (entry.kind) {
    case "task":
      map.set("code", entry.code);
      if (entry.outputs !== undefined) {
        map.set("outputs", mapOf(entry.outputs, (blob) => encodeBlob(blob, packs)));
      }
      map.set("cursors", entry.cursors.map(encodeTaken));
      break;
    case "gate":
      map.set("code", entry.code);
      map.set("isOpen", entry.isOpen);
      map.set("cursors", entry.cursors.map(encodeTaken));
      break;
    case "time":
      map.set("key", entry.key);
      map.set("ms", entry.ms);
      break;
  }
  return map;
}

/** Reads a further item's record. The bytes of values are views on its own. */
export function decodeEntries(object: string, bytes: Uint8Array): readonly LogEntry[] {
  const fields = new Fields(object, "", unseal("entries", object, bytes));
  const packs = fields.array("packs", MAX_ENTRIES).map((name) => {
    if (typeof name === "string" && parseLogName(name)?.isPack === true) return name;
    throw fields.damaged("packs", "names of packs", "something else");
  });
  const entries = fields.array("entries", MAX_ENTRIES).map((entry, index) =>
    parseEntry(new Fields(object, `entries[${index}]`, entry), packs)
  );
  fields.end();
  return entries;
}

function parseEntry(fields: Fields, packs: readonly string[]): LogEntry {
  const kind = fields.choice("kind", ["task", "gate", "piece", "time", "void"]);
  const site = {
    phase: fields.choice("phase", LOGGED_PHASES),
    epoch: fields.integer("epoch", 0, MAX_NUMBER),
    id: fields.text("id", MAX_ID),
  };
  let entry: LogEntry;
  switch (kind) {
    case "task":
      entry = {
        ...{ kind, ...site, code: fields.text("code", MAX_CODE) },
        outputs: fields.has("outputs")
          ? fields.record(
            "outputs",
            MAX_OUTPUTS,
            (blobs, blob) => parseBlob(blobs.fields(blob), packs, LOG_INLINE_BYTES),
          )
          : undefined,
        cursors: fields.array("cursors", MAX_OUTPUTS).map((taken) => parseTaken(fields, taken)),
      };
      break;
    case "gate":
      entry = {
        ...{ kind, ...site, code: fields.text("code", MAX_CODE), isOpen: fields.boolean("isOpen") },
        cursors: fields.array("cursors", MAX_OUTPUTS).map((taken) => parseTaken(fields, taken)),
      };
      break;
    case "piece":
      entry = {
        ...{ kind, ...site, key: fields.text("key"), code: fields.text("code", MAX_CODE) },
        value: {
          type: parseType(fields.fields("type")),
          bytes: fields.bytes("bytes", MAX_LOG_RECORD_BYTES),
        },
      };
      break;
    case "void":
      entry = { kind, ...site };
      break;
    case "time":
      entry = { kind, ...site, key: fields.text("key"), ms: fields.number("ms") };
      break;
  }
  fields.end();
  return entry;
}

function encodeTaken({ cursor, take, length }: CursorTaken): RecordValue {
  return [cursor, take, length];
}

function parseTaken(fields: Fields, taken: RecordValue): CursorTaken {
  const [cursor, take, length] = Array.isArray(taken) ? taken as readonly RecordValue[] : [];
  const isOne = typeof cursor === "string" && isCount(take) && isCount(length);
  if (isOne) return { cursor, take, length };
  throw fields.damaged("cursors", "what was taken from cursors", "something else");
}

function isCount(value: RecordValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
