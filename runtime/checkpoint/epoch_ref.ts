/**
 * How users name a saved epoch.
 *
 * @module
 */
import type { ManifestRef } from "../../storage/mod.ts";

/** A saved epoch: its number on the current line, the newest one, or one of a given attempt. */
export type EpochRef = number | "latest" | `${number}@a${number}`;

/** A parsed {@linkcode EpochRef}. */
export interface ParsedEpoch {
  /** The epoch; none for the newest. */
  readonly epoch: number | undefined;
  /** The attempt; none for the current line. */
  readonly attempt: number | undefined;
}

/**
 * Parses how a user names an epoch.
 *
 * @throws {RangeError} Where it is none.
 */
export function parseEpoch(ref: EpochRef | string): ParsedEpoch {
  if (ref === "latest") return { epoch: undefined, attempt: undefined };
  const match = /^(\d{1,9})(?:@a(\d{1,9}))?$/.exec(String(ref));
  if (match === null) {
    throw new RangeError(
      `Cannot parse epoch "${ref}": write its number, "latest", or an attempt's as in "4@a3"`,
    );
  }
  return {
    epoch: Number(match[1]),
    attempt: match[2] === undefined ? undefined : Number(match[2]),
  };
}

/** Whether two references name the same manifest. */
export function sameRef(a: ManifestRef | undefined, b: ManifestRef | undefined): boolean {
  return a?.epoch === b?.epoch && a?.attempt === b?.attempt && a?.phase === b?.phase;
}

/** A saved epoch, or phase after it, as messages name it. */
export function refName({ epoch, attempt, phase }: ManifestRef): string {
  return phase === "epoch" ? `epoch ${epoch}@a${attempt}` : `${phase} after epoch ${epoch}@a${attempt}`;
}
