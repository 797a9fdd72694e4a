/**
 * What can go wrong with the checkpoints of a run.
 *
 * @module
 */

/** A metadata handler failed when it was told of a save, which is committed all the same; `cause` is its error. */
export class MetadataHandlerError extends Error {
  /** The class's name. */
  override readonly name: string = "MetadataHandlerError";

  /** Says which epoch it was told of. */
  constructor(
    /** The epoch, which is saved. */
    readonly epoch: number,
    place: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `Epoch ${epoch} is committed at ${place}, but the metadata handler that was to be told of it ` +
        `failed (${why}): mend the handler, and run the job again to go on`,
      { cause },
    );
  }
}

/** The checkpoint manager was asked for what `init` would have found. */
export class NotInitializedError extends Error {
  /** The class's name. */
  override readonly name: string = "NotInitializedError";
}

/** A saved blob does not have the type that the job declares. */
export class BlobTypeError extends Error {
  /** The class's name. */
  override readonly name: string = "BlobTypeError";

  /** Names the blob, and both types. */
  constructor(blob: string, node: string, epoch: number, saved: string, declared: string) {
    super(
      `Blob "${blob}" of node "${node}" was saved in epoch ${epoch} as ${saved}, but the job declares ${declared}: ` +
        `give the new type another name, or start anew with --fresh (which deletes nothing)`,
    );
  }
}

/** The metadata handler says that checkpoints cannot be reached now. */
export class CheckpointsUnavailableError extends Error {
  /** The class's name. */
  override readonly name: string = "CheckpointsUnavailableError";
}
