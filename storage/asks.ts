/**
 * Asks: what somebody wants whoever holds the job to remove.
 *
 * @module
 */
import { DamagedError, RecordBoundError, UnsupportedVersionError } from "./errors.ts";
import { Fields, MAX_KEY } from "./fields.ts";
import { FOLDERS, isAskName, newAskName } from "./layout.ts";
import { putNew } from "./put_new.ts";
import type { RecordMap, RecordValue } from "./record_cbor.ts";
import { readRecord } from "./record_reader.ts";
import type { KeepRule } from "./retention.ts";
import { seal, unseal } from "./seal.ts";
import { covers, type Store, type StoreOptions, type WriteOptions } from "./store.ts";

/** What can be asked. */
export type Asked =
  /** That what rules do not keep is removed, and all beside the current line with `sideLines`. */
  | {
    readonly what: "prune";
    /** The rules. */
    readonly rules: readonly KeepRule[];
    /** Whether what lies beside the current line goes too. */
    readonly sideLines: boolean;
    /** Whether every byte of what stays is read first. */
    readonly full: boolean;
  }
  /** That what nobody needs is removed. */
  | { readonly what: "repair" };

/** What was asked, when, and by whom. */
export interface Ask {
  /** What. */
  readonly asked: Asked;
  /** The attempt that is asked: what it would remove, another may go on from, or be told to keep. */
  readonly attempt: number;
  /**
   * Since when whoever is asked has the hold, where he had not begun that attempt yet: another may begin
   * it. In milliseconds since 1970, by his clock.
   */
  readonly heldSinceMs?: number | undefined;
  /** The process that asked. */
  readonly pid: number;
  /** Its machine's name, where it may know that. */
  readonly host: string | undefined;
  /** When, in milliseconds since 1970. */
  readonly createdAtMs: number;
}

/** An ask that nobody has done yet. */
export interface WaitingAsk {
  /** Its name. */
  readonly name: string;
  /** What is asked, by whom. */
  readonly ask?: Ask;
  /** Why it cannot be read, in words, where that is so. */
  readonly problem?: string;
}

/** The largest ask that is read. */
export const MAX_ASK_BYTES = 64 * 1024;
/** The most rules that one has. */
export const MAX_RULES = 100;

/**
 * Whether there may be asks; no, where a quick look shows that nobody has ever asked.
 */
export function mayHaveAsks(store: Store): boolean {
  return store.glance?.(FOLDERS.asks.slice(0, -1)) ?? true;
}

/** The names of the asks that wait, of which any may be damaged, or done meanwhile. */
export async function listAsks(
  store: Store,
  options: StoreOptions = {},
): Promise<readonly string[]> {
  if (!mayHaveAsks(store)) return [];
  return (await store.list(FOLDERS.asks, options)).filter(isAskName);
}

/**
 * Asks whoever holds the job; gives the name of the ask, which is there until that is done.
 *
 * @throws {RecordBoundError} Where there are more rules than a reader takes.
 * @throws {StoreError} Where it cannot be written.
 */
export async function leaveAsk(
  store: Store,
  ask: Ask,
  options: StoreOptions = {},
): Promise<string> {
  const name = newAskName();
  const { durability: promised } = await store.promises(options);
  // It speaks to live processes: what a power cut takes, a person asks for again.
  const durability = covers(promised, "process") ? "process" : "none";
  await putNew(store, name, encodeAsk(ask), { ...options, durability });
  return name;
}

/**
 * Reads an ask; `undefined` where it is not there any more.
 *
 * @throws {DamagedError} Where it is not what was written.
 * @throws {UnsupportedVersionError} Where it is of a version that this one does not know.
 * @throws {StoreError} Where reading fails, which is no damage.
 */
export async function readAsk(
  store: Store,
  name: string,
  options: StoreOptions = {},
): Promise<Ask | undefined> {
  const bytes = await readRecord(store, name, MAX_ASK_BYTES, options);
  return bytes === undefined ? undefined : decodeAsk(name, bytes);
}

/** Reads asks, as far as they can be read: by one that cannot nobody loses anything. */
export async function waitingAsks(
  store: Store,
  names: readonly string[],
  options: StoreOptions = {},
): Promise<readonly WaitingAsk[]> {
  const waiting: WaitingAsk[] = [];
  for (const name of names) {
    try {
      const ask = await readAsk(store, name, options);
      if (ask !== undefined) waiting.push({ name, ask });
    } catch (error) {
      const isOfIt = error instanceof DamagedError || error instanceof UnsupportedVersionError;
      if (!isOfIt) throw error;
      waiting.push({ name, problem: error.message });
    }
  }
  return waiting;
}

/** Removes asks that are done, or that nobody wants done any more. */
export async function dropAsks(
  store: Store,
  names: readonly string[],
  options: WriteOptions = {},
): Promise<void> {
  if (names.length > 0) await store.remove(names, options);
}

/** Seals an ask. */
export function encodeAsk(
  { asked, attempt, heldSinceMs, pid, host, createdAtMs }: Ask,
): Uint8Array<ArrayBuffer> {
  const bytes = seal(
    "ask",
    new Map<string, RecordValue>([
      ["what", asked.what],
      ...asked.what === "prune" ? pruneFields(asked) : [],
      ["attempt", attempt],
      ...heldSinceMs === undefined ? [] : [["heldSinceMs", heldSinceMs] as const],
      ["pid", pid],
      ["host", host === undefined ? null : host.slice(0, MAX_KEY)],
      ["createdAtMs", createdAtMs],
    ]),
  );
  if (bytes.byteLength <= MAX_ASK_BYTES) return bytes;
  throw new RecordBoundError("an ask", bytes.byteLength, MAX_ASK_BYTES);
}

function pruneFields(
  { rules, sideLines, full }: Extract<Asked, { what: "prune" }>,
): readonly (readonly [string, RecordValue])[] {
  if (rules.length > MAX_RULES) {
    throw new RecordBoundError("an ask", rules.length, MAX_RULES, "rules");
  }
  const maps = rules.map((rule): RecordMap => new Map(Object.entries(rule)));
  return [["rules", maps], ["sideLines", sideLines], ["full", full]];
}

/** Opens an ask. */
export function decodeAsk(name: string, bytes: Uint8Array): Ask {
  const fields = new Fields(name, "", unseal("ask", name, bytes));
  const what = fields.choice("what", ["prune", "repair"]);
  const asked: Asked = what === "repair" ? { what } : {
    what,
    rules: fields.array("rules", MAX_RULES).map((rule, index) =>
      parseRule(new Fields(name, `rules[${index}]`, rule))
    ),
    sideLines: fields.boolean("sideLines"),
    full: fields.boolean("full"),
  };
  const attempt = fields.integer("attempt");
  const held = fields.has("heldSinceMs") ? { heldSinceMs: fields.number("heldSinceMs") } : {};
  const pid = fields.integer("pid");
  const host = fields.value("host") === null ? undefined : fields.text("host", MAX_KEY);
  const createdAtMs = fields.number("createdAtMs");
  fields.end();
  return { asked, attempt, ...held, pid, host, createdAtMs };
}

const RULES = ["last", "every", "best", "younger", "interval", "size"] as const;

function parseRule(fields: Fields): KeepRule {
  const rule = readRule(fields);
  fields.end();
  return rule;
}

function readRule(fields: Fields): KeepRule {
  const rule = fields.choice("rule", RULES);
  switch (rule) {
    case "last":
    case "every":
      return { rule, n: fields.integer("n", 1) };
    case "best": {
      const metric = fields.text("metric", MAX_KEY);
      const direction = fields.choice("direction", ["max", "min"]);
      return { rule, metric, direction, n: fields.integer("n", 1) };
    }
    case "younger":
    case "interval":
      return { rule, ms: amount(fields, "ms") };
    case "size":
      return { rule, bytes: amount(fields, "bytes") };
  }
}

/** A number that is none less than 0. */
function amount(fields: Fields, name: string): number {
  const value = fields.number(name);
  if (value >= 0) return value;
  throw fields.damaged(name, "a number from 0", String(value));
}
