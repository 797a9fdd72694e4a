/**
 * What can be wrong with a value, or with its bytes.
 *
 * @module
 */

/** A value that could not be given back exactly. */
export class UnsupportedValueError extends Error {
  /** The class's name. */
  override readonly name: string = "UnsupportedValueError";

  /** Names the place inside the value, and what is there. */
  constructor(
    /** The place, as in `weights.layers[0]`. */
    readonly path: string,
    /** What is there. */
    readonly found: string,
    mend: string = "use plain values, or give the blob a codec",
    /** The blob whose value it is: the first part of the path. */
    readonly blob: string = path,
  ) {
    super(`Cannot save ${path}: it is ${found}, which would not come back the same: ${mend}`);
  }
}

/** Memory or an object that is in two places, and would come back as two. */
export class AliasedValueError extends Error {
  /** The class's name. */
  override readonly name: string = "AliasedValueError";

  /** Names both places. */
  constructor(
    /** One place: a blob's name, and the path inside it. */
    readonly path: string,
    /** The other. */
    readonly other: string,
    what: string,
  ) {
    super(
      `Cannot save ${path}: it shares ${what} with ${other}, and would come back as two: copy one of them`,
    );
  }
}

/** Bytes that are no encoded value. */
export class ValueFormatError extends Error {
  /** The class's name. */
  override readonly name: string = "ValueFormatError";

  /** Says where, and what was expected. */
  constructor(
    /** The offset in bytes. */
    readonly offset: number,
    /** What was expected there. */
    readonly expected: string,
    /** What is there. */
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot read a value at byte ${offset}: expected ${expected}, found ${found}`, options);
  }
}
