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

/** Who has a hold, as far as it can be known. */
export interface Holder extends Partial<HoldRequest> {
  /** How long ago its heart last beat, in milliseconds; `undefined` where nobody can tell. */
  readonly beatAgoMs: number | undefined;
}

/** A hold that was taken. */
export interface Hold {
  /** Lets go of it. */
  release(): Promise<void>;
}

/** What comes of asking for a hold: it, who has it, or why there is none. */
export type HoldResult =
  | { readonly hold: Hold }
  | { readonly holder: Holder }
  | { readonly impossible: string };

/** Seals what a holder says of itself. */
export function encodeHolder(
  { purpose, pid, host, sinceMs }: HoldRequest,
): Uint8Array<ArrayBuffer> {
  return seal(
    "hold",
    new Map<string, RecordValue>([
      ["purpose", purpose.slice(0, MAX_PURPOSE)],
      ["pid", pid],
      ["host", host === undefined ? null : host.slice(0, 256)],
      ["sinceMs", sinceMs],
    ]),
  );
}

/** Opens it; `undefined` where it says nothing, as one that is just being written. */
export function decodeHolder(object: string, bytes: Uint8Array): HoldRequest | undefined {
  try {
    const fields = new Fields(object, "", unseal("hold", object, bytes));
    const purpose = fields.text("purpose", MAX_PURPOSE);
    const pid = fields.integer("pid");
    const host = fields.value("host") === null ? undefined : fields.text("host", 256);
    const sinceMs = fields.number("sinceMs");
    fields.end();
    return { purpose, pid, host, sinceMs };
  } catch (error) {
    if (error instanceof DamagedError || error instanceof UnsupportedVersionError) return undefined;
    throw error;
  }
}
