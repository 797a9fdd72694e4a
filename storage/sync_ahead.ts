/**
 * Sets the disk to work on a large file while it is still being written.
 *
 * @module
 */

/** Syncs a file from time to time, so that the last sync finds little left to do. */
export interface AheadSync {
  /** Takes note of bytes that were written. */
  written(count: number): Promise<void>;
  /** Ends it; throws what one of its syncs has thrown, as a failed sync is told of only once. */
  end(): Promise<void>;
}

/**
 * Begins with a new file, which is opened once more with the first sync.
 *
 * It runs from its text too, so that it uses nothing from around it.
 *
 * @param setImmediate Runs something with the next turn of the event loop.
 */
export function syncAhead(path: string, setImmediate: (run: () => void) => unknown): AheadSync {
  const AHEAD_BYTES = 64 * 1024 * 1024;
  let file: Deno.FsFile | undefined;
  let unsyncedBytes = 0;
  let underWay: Promise<void> | undefined;
  let isGivenUp = false;
  let failure: { readonly error: unknown } | undefined;
  return {
    async written(count) {
      unsyncedBytes += count;
      if (unsyncedBytes < AHEAD_BYTES || underWay !== undefined || isGivenUp) return;
      unsyncedBytes = 0;
      try {
        file ??= Deno.openSync(path, { write: true });
      } catch {
        // It is a matter of speed only: too many files may be open.
        isGivenUp = true;
        return;
      }
      underWay = file.syncData()
        .catch((error) => void (failure ??= { error }))
        .then(() => void (underWay = undefined));
      // The call is handed over with a turn of the event loop, which a thread that writes never takes.
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
    async end() {
      await underWay;
      file?.close();
      file = undefined;
      if (failure !== undefined) throw failure.error;
    },
  };
}
