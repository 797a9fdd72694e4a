/**
 * How users name a saved epoch.
 *
 * @module
 */

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

/**
 * An epoch as a user names it, from text.
 *
 * @throws {RangeError} Where it is none.
 */
export function toEpochRef(text: string): EpochRef {
  const { epoch, attempt } = parseEpoch(text);
  if (epoch === undefined) return "latest";
  return attempt === undefined ? epoch : `${epoch}@a${attempt}`;
}
