/**
 * Who holds a job, so that two runners do not work on it at once.
 *
 * Safety does not depend on it: an attempt that is fenced acknowledges nothing, held or not. A hold
 * spares two people the surprise.
 *
 * @module
 */
import { DamagedError, UnsupportedVersionError } from "./errors.ts";
import { Fields } from "./fields.ts";
import type { RecordValue } from "./record_cbor.ts";
import { seal, unseal } from "./seal.ts";

/** The largest record of a holder that is read. */
export const MAX_HOLDER_BYTES = 4096;
const MAX_PURPOSE = 64;
/** The most dead holders that a record tells of, and the longest name of a state. */
export const MAX_DIED = 50;
const MAX_STATE = 256;

/** Who asks for a hold. */
export interface HoldRequest {
  /** What for, in a word or two, as in `"run"`. */
  readonly purpose: string;
  /** The process. */
  readonly pid: number;
  /** The machine's name, where this process may know it. */
  readonly host: string | undefined;
  /** Since when it works on the job, which may be before it gets the hold, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** What a holder reads before it has an attempt, which would tell of it. */
export interface HeldLoading {
  /** The state's name, as in `5@a3`. */
  readonly state: string;
  /** When those in a row right before it that died while they read it had begun, oldest first, in milliseconds since 1970. */
  readonly diedMs: readonly number[];
}

/** What a holder says of itself. */
export interface HeldRecord extends HoldRequest {
  /** What it reads, while it does and has no attempt yet. */
  readonly loading?: HeldLoading;
}

/** Who has a hold, as far as it can be known. */
export interface Holder extends Partial<HeldRecord> {
  /** How long ago its heart last beat, in milliseconds; `undefined` where nobody can tell. */
  readonly beatAgoMs: number | undefined;
}

/** A hold that was taken. */
export interface Hold {
  /** What the one before was reading when it died, which counts itself; nothing where it was not, or did not die. */
  readonly diedLoading?: HeldLoading | undefined;
  /** Notes what it reads, so that whoever comes next knows of it should it die meanwhile; given by holds that outlive a process. */
  noteLoading?(loading: HeldLoading | undefined): Promise<void>;
  /** Lets go of it. */
  release(): Promise<void>;
}

/** What comes of asking for a hold: it, who has it, or why there is none. */
export type HoldResult =
  | { readonly hold: Hold }
  | { readonly holder: Holder }
  | { readonly impossible: string };

/** What a holder that is dead was reading, counting itself; nothing where it was not. */
export function diedLoading({ sinceMs, loading }: HeldRecord): HeldLoading | undefined {
  if (loading === undefined) return undefined;
  return { ...loading, diedMs: [...loading.diedMs, sinceMs].slice(-MAX_DIED) };
}

/** Seals what a holder says of itself. */
export function encodeHolder(
  { purpose, pid, host, sinceMs }: HoldRequest,
  loading?: HeldLoading,
): Uint8Array<ArrayBuffer> {
  return seal(
    "hold",
    new Map<string, RecordValue>([
      ["purpose", purpose.slice(0, MAX_PURPOSE)],
      ["pid", pid],
      ["host", host === undefined ? null : host.slice(0, 256)],
      ["sinceMs", sinceMs],
      ...loading === undefined ? [] : [["loading", loadingRecord(loading)] as const],
    ]),
  );
}

/** Opens it; `undefined` where it says nothing, as one that is just being written. */
export function decodeHolder(object: string, bytes: Uint8Array): HeldRecord | undefined {
  try {
    const fields = new Fields(object, "", unseal("hold", object, bytes));
    const purpose = fields.text("purpose", MAX_PURPOSE);
    const pid = fields.integer("pid");
    const host = fields.value("host") === null ? undefined : fields.text("host", 256);
    const sinceMs = fields.number("sinceMs");
    const loading = fields.has("loading") ? parseLoading(fields.fields("loading")) : undefined;
    fields.end();
    return { purpose, pid, host, sinceMs, ...loading === undefined ? {} : { loading } };
  } catch (error) {
    if (error instanceof DamagedError || error instanceof UnsupportedVersionError) return undefined;
    throw error;
  }
}

function loadingRecord({ state, diedMs }: HeldLoading): RecordValue {
  return new Map<string, RecordValue>([
    ["state", state.slice(0, MAX_STATE)],
    ["diedMs", diedMs.slice(-MAX_DIED)],
  ]);
}

function parseLoading(fields: Fields): HeldLoading {
  const state = fields.text("state", MAX_STATE);
  const diedMs = fields.array("diedMs", MAX_DIED).map((ms) => {
    if (typeof ms !== "number") throw fields.damaged("diedMs", "numbers", typeof ms);
    return ms;
  });
  fields.end();
  return { state, diedMs };
}
