/**
 * Whether what is opened at each start is still what it was.
 *
 * @module
 */
import {
  decodeValue,
  encodeValue,
  firstDifference,
  type LogEntry,
  type PieceEntry,
} from "../../storage/mod.ts";
import type { Events } from "../events.ts";

/** Compares a resource's stamp with the one that was saved, and keeps the new one. */
export function noteStamp(
  stamps: Map<string, unknown>,
  key: string,
  stamp: unknown,
  events: Events,
): void {
  const difference = stamps.has(key) ? firstDifference(stamps.get(key), stamp) : undefined;
  stamps.set(key, stamp);
  if (difference === undefined) return;
  const { path, left, right } = difference;
  const message = `resource ${key} is not what it was when the job used it last: its stamp ` +
    `${path === "" ? "" : `at ${path} `}was ${left}, and is ${right}: later epochs ` +
    `may come out otherwise; where that is not meant, stop the job, and bring the former one back`;
  events.emit({ type: "notice", level: "warning", message });
}

/** What a log says of a stamp, so that what tasks do after it is never used with another without a word. */
export function stampEntry(
  { phase, epoch }: Pick<PieceEntry, "phase" | "epoch">,
  resource: string,
  stamp: unknown,
): PieceEntry {
  const { type, parts } = encodeValue(stamp, { name: `the stamp of resource ${resource}` });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  const key = JSON.stringify(["stamp", resource]);
  return { kind: "piece", phase, epoch, id: "", key, code: "", value: { type, bytes } };
}

/** The stamps that entries of a log tell of, by `node/name`. */
export function stampsIn(entries: readonly LogEntry[]): ReadonlyMap<string, unknown> {
  const stamps = new Map<string, unknown>();
  for (const entry of entries) {
    if (entry.kind !== "piece" || entry.id !== "") continue;
    const [what, resource]: readonly unknown[] = JSON.parse(entry.key);
    if (what !== "stamp" || typeof resource !== "string") continue;
    stamps.set(resource, decodeValue(entry.value.type, entry.value.bytes.slice()));
  }
  return stamps;
}
